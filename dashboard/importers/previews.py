"""Previews: a look at an uploaded file before there is a job; its rows are counted by a worker."""

import logging
import threading
import time
from typing import Any
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dashboard.errors import JobEngineError
from dashboard.formats.found import Preview
from dashboard.formats.inspecting import count_rows, preview
from dashboard.formats.reading_choices import Reading
from dashboard.jobs.context import JobContext
from dashboard.jobs.preparing import StoredForms
from dashboard.models.columns import table_of
from dashboard.models.preview import FilePreview
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import User
from dashboard.storage.store import Stored

log = logging.getLogger("jobengine.jobs")

# The name of the hint; its number is the id of the stored file.
COUNT = "count"
SHOWN_ROWS = 20
# Counted while the person waits: some ten milliseconds.
COUNTED_AT_ONCE = 8 << 20
QUICK = ("delimited", "json-lines")
FIRST_GAP, LONGEST_GAP = 30.0, 600.0
PREVIEW = table_of(FilePreview)
FILE = table_of(StoredFile)
GONE = "The rows could not be counted: the stored file is gone. Upload it again."


def look(context: JobContext, stored: Stored, name: str, reading: Reading) -> Preview:
    """The first rows, and `total_rows` when they are soon counted. No transaction is needed.

    Raises FileRefused.
    """
    with StoredForms(context.store, stored.key, name).local_path() as path:
        seen = preview(path, name, reading, rows=SHOWN_ROWS)
        if seen.total_rows is None and soon_counted(seen, stored.bytes):
            total = count_rows(path, name, reading)
            return Preview(seen.found, seen.rows, seen.numbers, total, seen.ragged)
    return seen


def soon_counted(seen: Preview, size: int) -> bool:
    return seen.found.format in QUICK and not seen.found.compression and size <= COUNTED_AT_ONCE


def add_preview(
    context: JobContext,
    session: Session,
    stored: StoredFile,
    reading: Reading,
    seen: Preview,
    owner: User | None,
) -> FilePreview:
    """Keep what was seen; a worker counts the rows once this is committed, if nobody has yet."""
    row = FilePreview(
        id=uuid4().hex,
        file_id=stored.id,
        owner_id=owner.id if owner else None,
        reading=reading.to_options(),
        found=seen.found.to_json(),
        rows=[list(cells) for cells in seen.rows],
        total_rows=seen.total_rows,
    )
    session.add(row)
    session.flush()
    if seen.total_rows is None:
        context.queue.wake_after_commit(session, COUNT, stored.id)
    return row


class RowCounter:
    """Counts for previews that have no number yet. A hint that got lost is sent again."""

    def __init__(self, context: JobContext) -> None:
        self.context = context
        self._sent: dict[int, tuple[float, float]] = {}

    def count(self, file_id: int) -> None:
        """Every preview of a file that is not counted; safe to repeat."""
        with self.context.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            rows = connection.execute(
                select(PREVIEW.c.id, PREVIEW.c.reading, FILE.c.key, FILE.c.name)
                .join(FILE, FILE.c.id == PREVIEW.c.file_id)
                .where(PREVIEW.c.file_id == file_id, *self._open())
            ).all()
        for row in rows:
            values = self._counted(row)
            with self.context.app.begin() as connection:
                connection.execute(update(PREVIEW).where(PREVIEW.c.id == row.id).values(**values))

    def _counted(self, row: Any) -> dict[str, Any]:
        if not self.context.store.exists(row.key):
            return {"error": GONE}
        reading = Reading.from_options(row.reading)
        try:
            with StoredForms(self.context.store, row.key, row.name).local_path() as path:
                return {"total_rows": count_rows(path, row.name, reading)}
        except JobEngineError as error:
            return {"error": error.message}

    def run_once(self) -> int:
        """Send the hint again for files that wait; ever more rarely. How many were sent."""
        with self.context.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            query = select(PREVIEW.c.file_id).where(*self._open()).distinct()
            waiting = connection.scalars(query).all()
        self._sent = {file_id: self._sent[file_id] for file_id in waiting if file_id in self._sent}
        return sum(1 for file_id in waiting if self._send(file_id))

    def _send(self, file_id: int) -> bool:
        moment = time.monotonic()
        # The first hint is on its way already when a file is seen here for the first time.
        due, gap = self._sent.setdefault(file_id, (moment + FIRST_GAP, FIRST_GAP))
        if moment < due:
            return False
        self._sent[file_id] = (moment + gap, min(gap * 2, LONGEST_GAP))
        self.context.queue.wake(COUNT, file_id)
        return True

    def _open(self) -> tuple[Any, ...]:
        return PREVIEW.c.total_rows.is_(None), PREVIEW.c.error.is_(None)

    def loop(self, stopping: threading.Event) -> None:
        """For the events consumer."""
        while not stopping.wait(FIRST_GAP / 3):
            try:
                self.run_once()
            except Exception:
                log.exception("hints to count rows were not sent; it goes on")


def install_counting(context: JobContext) -> RowCounter:
    """Register the handler; the counter's `loop` belongs beside the sweeper's."""
    counter = RowCounter(context)
    context.queue.register(COUNT, counter.count)
    return counter
