"""A real source small enough to reason about: rows in a list, as a test puts them there.

What a sync asks of a source can all be seen here: a cursor (`n`, the rows' first cell), rows read
again (`lag`), files taken once (`marks`), troubles on the way.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboard.errors import JobEngineError
from dashboard.formats.table_form import make_batch
from dashboard.sync.source import Ask, Page

Row = Sequence[str | None]


class SourceDown(JobEngineError):
    """The source does not answer."""

    code = "source_down"


@dataclass
class Shelf:
    """What a source holds now; tests change it between runs."""

    columns: list[str] = field(default_factory=lambda: ["n", "text"])
    rows: list[Row] = field(default_factory=list)
    files: dict[str, list[Row]] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    down_after: int | None = None
    note: str = ""
    # Ends in a row that has no full set of cells.
    torn: bool = False
    # Called while a page is read.
    meanwhile: Callable[[], None] | None = None
    asked: list[Ask] = field(default_factory=list)


SHELF = Shelf()


@dataclass(frozen=True)
class ListedSource:
    """`cursor` names the first column; without one everything is read. Pages of `page` rows."""

    cursor: str | None = None
    lag: int = 0
    page: int = 2
    covers_late: bool = False
    secret_names: tuple[str, ...] = ()

    whole = True

    @property
    def rereads(self) -> bool:
        return self.lag > 0

    def describe(self) -> str:
        return "a list of the tests"

    def read(self, ask: Ask) -> Iterator[Page]:
        SHELF.asked.append(ask)
        after = int((ask.cursor or {}).get("n", 0)) - self.lag if self.cursor else None
        rows = [row for row in SHELF.rows if after is None or int(row[0] or 0) > after]
        last = {"n": int(rows[-1][0] or 0)} if rows and self.cursor else ask.cursor
        for number, start in enumerate(range(0, len(rows), self.page)):
            if SHELF.down_after == number:
                raise SourceDown("The list does not answer. Try again later.")
            if SHELF.meanwhile:
                SHELF.meanwhile()
            part = rows[start : start + self.page]
            at_end = start + self.page >= len(rows)
            here = {"n": int(part[-1][0] or 0)} if self.cursor else None
            yield Page("list", batch(part, start), cursor=last if at_end else self._early(here))
        if not rows:
            yield Page("list", batch([], 0), cursor=last, note=SHELF.note)
        if SHELF.torn:
            torn = JobEngineError("The row has 1 cell.", code="wrong_cell_count")
            yield Page("list", batch([], 0), base=len(rows), refused=torn)

    def _early(self, here: dict[str, int] | None) -> dict[str, int] | None:
        return None if self.covers_late else here


@dataclass(frozen=True)
class FilesSource:
    """Every file of the shelf once; a file of `broken` cannot be read."""

    page: int = 2
    secret_names: tuple[str, ...] = ()

    whole = False
    rereads = False

    def describe(self) -> str:
        return "a shelf of the tests"

    def read(self, ask: Ask) -> Iterator[Page]:
        SHELF.asked.append(ask)
        marks = {name: f"{name}:{len(rows)}" for name, rows in SHELF.files.items()}
        taken, base = ask.taken(list(marks.values())), 0
        for name, rows in SHELF.files.items():
            if marks[name] in taken:
                continue
            if name in SHELF.broken:
                refused = JobEngineError(SHELF.broken[name], code="file_refused")
                # One that may not be read is tried again by every run.
                mark = None if name.startswith("secret") else marks[name]
                yield Page(name, batch([], 0), base=base, mark=mark, refused=refused)
                base += 1
                continue
            for start in range(0, len(rows), self.page):
                part = batch(rows[start : start + self.page], base + start)
                end = start + self.page >= len(rows)
                yield Page(name, part, base=base, mark=marks[name] if end else None)
            if not rows:
                yield Page(name, batch([], base), base=base, mark=marks[name])
            base += len(rows)


def batch(rows: Sequence[Row], base: int) -> Any:
    """Row numbers from base + 1."""
    cells = [[row[place] for row in rows] for place in range(len(SHELF.columns))]
    return make_batch(SHELF.columns, cells, range(base + 1, base + 1 + len(rows)))
