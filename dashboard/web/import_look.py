"""What can be seen in a draft's file: its first rows, samples of each column, how many rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.errors import FileRefused
from dashboard.formats.found import Found, Preview
from dashboard.formats.hints import Hint, column_hints
from dashboard.formats.inspecting import count_rows, preview
from dashboard.formats.reading_choices import Reading
from dashboard.importers.previews import add_preview, soon_counted
from dashboard.jobs.context import JobContext
from dashboard.jobs.preparing import StoredForms
from dashboard.models.preview import FilePreview
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import User
from dashboard.storage.store import Store

# Rows that suggestions and formats are judged by; the page shows the first of them.
SAMPLED_ROWS, SHOWN_ROWS, SHOWN_COLUMNS = 2_000, 20, 30
CELL_CHARACTERS, SAMPLE_CHARACTERS = 80, 40
SAMPLES, JUDGED = 4, 50
# Files whose looks this process keeps: people go back and forth between the steps.
KEPT_LOOKS = 32


@dataclass(frozen=True, slots=True)
class Look:
    """`rows` and `samples` are cut to what a page shows; `total` is None while it is not known.

    A file that cannot be read has only `refusal`, the message for the person.
    """

    found: Found | None = None
    rows: Sequence[Sequence[str | None]] = ()
    numbers: Sequence[int] = ()
    ragged: Sequence[int] = ()
    total: int | None = None
    sampled: int = 0
    samples: Mapping[str, Sequence[str]] = field(default_factory=dict)
    hints: Mapping[str, Hint] = field(default_factory=dict)
    refusal: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        return self.found.columns if self.found else ()

    def shown_samples(self, column: str) -> list[str]:
        """The first different cells."""
        return [cut(text, SAMPLE_CHARACTERS) for text in self.samples.get(column, ())[:SAMPLES]]


def look_at(context: JobContext, stored: StoredFile, reading: Reading) -> Look:
    """Reads a part of the file, outside any transaction. Raises NotFound when it is gone."""
    return looked(context.store, stored.key, stored.name, stored.bytes, reading)


@lru_cache(maxsize=KEPT_LOOKS)
def looked(store: Store, key: str, name: str, size: int, reading: Reading) -> Look:
    """A stored file never changes, so what was seen once is still true."""
    try:
        with StoredForms(store, key, name).local_path() as path:
            seen = preview(path, name, reading, rows=SAMPLED_ROWS)
            total = seen.total_rows
            if total is None and soon_counted(seen, size):
                total = count_rows(path, name, reading)
    except FileRefused as error:
        return Look(refusal=error.message)
    return summary(seen, total)


def summary(seen: Preview, total: int | None) -> Look:
    shown = [
        tuple(None if cell is None else cut(cell, CELL_CHARACTERS) for cell in row[:SHOWN_COLUMNS])
        for row in seen.rows[:SHOWN_ROWS]
    ]
    return Look(
        seen.found,
        shown,
        tuple(seen.numbers[:SHOWN_ROWS]),
        tuple(seen.ragged),
        total,
        len(seen.rows),
        {name: different(seen.rows, place) for place, name in enumerate(seen.found.columns)},
        column_hints(seen.rows, seen.found.columns),
    )


def different(rows: Sequence[Sequence[str | None]], place: int) -> list[str]:
    """The first filled cells of a column, none twice."""
    cells = dict[str, None]()
    for row in rows:
        cell = row[place] if place < len(row) else None
        if cell:
            cells[cut(cell, CELL_CHARACTERS)] = None
            if len(cells) == JUDGED:
                break
    return list(cells)


def cut(text: str, most: int) -> str:
    text = text.replace("\0", "\u2400")
    return text if len(text) <= most else f"{text[: most - 1]}…"


def have_counted(
    context: JobContext, tx: Session, stored: StoredFile, reading: Reading, user: User | None
) -> None:
    """Let a worker count the rows of a file that is too large to count while a person waits."""
    look = look_at(context, stored, reading)
    if look.found is None or look.total is not None or preview_of(tx, stored, reading):
        return
    seen = Preview(look.found, [list(row) for row in look.rows], list(look.numbers), None)
    add_preview(context, tx, stored, reading, seen, user)


def rows_of(session: Session, stored: StoredFile, reading: Reading, look: Look) -> int | None:
    """The rows of the file, as far as anybody has counted them."""
    if look.total is not None:
        return look.total
    counted = preview_of(session, stored, reading)
    return counted.total_rows if counted else None


def preview_of(session: Session, stored: StoredFile, reading: Reading) -> FilePreview | None:
    wanted = reading.to_options()
    query = select(FilePreview).where(FilePreview.file_id == stored.id)
    return next((row for row in session.scalars(query) if row.reading == wanted), None)
