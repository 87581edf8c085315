"""A real job class small enough to reason about: each line of the stored file is a row.

Its cells are parted by `|`; the option `columns` names them, `hidden` hides them in failures. Lines
that begin with `bad` become failures, those with `refuse` are refused by the target. The option
`troubles` makes a step (plan, process, write, written, committed) kill, stop or raise.
"""

import itertools
import json
import os
import signal
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, delete, insert, select

from dashboard.errors import FileRefused, RecordsRefused
from dashboard.jobs.chunk_job import Asks, BaseChunkJob, Chunk, Outcome, Plan, PlannedChunk
from dashboard.records.failures import HIDDEN, Failure
from dashboard.records.written import Written

# No key and no constraint: a chunk written twice shows as doubled lines.
LINES = Table(
    "lines",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("text", Text, nullable=False),
)
LINES_TYPE = {"job": "tests.jobs.lines_job:LinesJob", "table": "lines"}
TYPES = {
    "import": {
        "lines": LINES_TYPE,
        "narrow": {**LINES_TYPE, "limit": 1},
        "strict": {**LINES_TYPE, "most_failed_rows": 1},
        "lasting": {**LINES_TYPE, "undo_days": 0},
        "asking": {"job": "tests.jobs.lines_job:AskingLinesJob", "table": "lines"},
        "ordered": {"job": "tests.jobs.lines_job:OrderedLinesJob", "table": "lines"},
    },
    "export": {
        "lines-export": {"job": "tests.jobs.file_job:FileJob", "table": "lines", "keep_days": 3},
        "few-export": {"job": "tests.jobs.file_job:FileJob", "table": "lines", "limit": 1},
    },
}
# What a test wants done at a step, in this process: called with the chunk's number.
MOMENTS: dict[str, Callable[[int | None], None]] = {}


class LinesJob(BaseChunkJob):
    """Two lines a chunk unless `chunkRows` says otherwise."""

    def plan(self, source: BinaryIO) -> Plan:
        self.trouble("plan")
        lines = source.read().splitlines(keepends=True)
        if lines and lines[0].startswith(b"unreadable"):
            raise FileRefused("Row 1: this file cannot be read.")
        size, offset, chunks = self.options.get("chunkRows") or 2, 0, []
        for first in range(0, len(lines), size):
            part = lines[first : first + size]
            chunks.append(PlannedChunk(offset, sum(map(len, part)), first + 1, len(part)))
            offset += chunks[-1].length
        layout = {"columns": self.options.get("columns", ["line"])}
        return Plan(layout | self._form(lines), chunks)

    def _form(self, lines: list[bytes]) -> dict[str, str]:
        if not self.options.get("form") or self.forms is None:
            return {}
        return {"form": self.forms.keep(lines)}

    def run_chunk(self, chunk: Chunk) -> Outcome:
        self.trouble("process", chunk.number)
        rows = rows_of(chunk)
        skipped = [row for row, cells in chunk.corrections.items() if cells is None]
        rows = [row for row in rows if row[0] not in skipped]
        mended = self.options.get("mended", "")
        bad = [row for row in rows if row[1].startswith("bad") and not Path(mended).is_file()]
        good = [row for row in rows if row not in bad]
        failures = [refusal(*row, hidden=self.hidden) for row in bad]
        return Outcome(len(good), failures, Writer(self, chunk, good), skipped=len(skipped))

    @property
    def hidden(self) -> bool:
        return bool(self.options.get("hidden"))

    def cells_of(self, chunk: Chunk, rows: Collection[int]) -> dict[int, list[str]]:
        whole = replace(chunk, only_rows=None, corrections={})
        return {number: text.split("|") for number, text in rows_of(whole) if number in rows}

    def before(self, connection: Connection) -> None:
        self.trouble("before")

    def after(self, connection: Connection) -> None:
        self.trouble("after")

    def trouble(self, step: str, chunk: int | None = None) -> None:
        if step in MOMENTS:
            MOMENTS[step](chunk)
        for number, trouble in enumerate(self.options.get("troubles", ())):
            if trouble["step"] == step and trouble.get("chunk", chunk) == chunk:
                self.strike(number, trouble)

    def strike(self, number: int, trouble: dict[str, Any]) -> None:
        """Marks outlive a killed process, so that `times` counts over all of them."""
        for time in itertools.islice(itertools.count(), trouble.get("times", 1)):
            mark = Path(self.options["marks"]) / f"{number}-{time}"
            if not mark.exists():
                mark.touch()
                ACTS[trouble["act"]]()


class OrderedLinesJob(LinesJob):
    """One chunk after the other."""

    def plan(self, source: BinaryIO) -> Plan:
        planned = super().plan(source)
        return Plan({**planned.layout, "ordered": True}, planned.chunks)


class AskingLinesJob(LinesJob):
    """Wants a person's word first."""

    def plan(self, source: BinaryIO) -> Plan:
        planned = super().plan(source)
        asks = Asks("mass_deletion", "Two rows would go.", {"rows": planned.rows})
        return replace(planned, asks=asks)


class Writer:
    """Writes the good lines, one record each."""

    def __init__(self, job: LinesJob, chunk: Chunk, rows: list[tuple[int, str]]) -> None:
        self.job, self.chunk, self.rows = job, chunk, rows
        self.closed = 0

    def open(self, connection: Connection) -> None:
        self.job.trouble("open", self.chunk.number)

    def write(self, connection: Connection) -> Written:
        self.job.trouble("write", self.chunk.number)
        refused = [row for row in self.rows if row[1].startswith("refuse")]
        if refused and not self.chunk.isolate:
            raise RecordsRefused("The target refused a record.")
        kept = [{"text": text} for _, text in self.rows if not text.startswith("refuse")]
        if kept:
            connection.execute(insert(LINES), kept)
        self.job.trouble("written", self.chunk.number)
        found = [refusal(*row, hidden=self.job.hidden) for row in refused]
        return Written(found, created=len(kept), notes=self._notes())

    def _notes(self) -> dict[str, Any]:
        if self.job.purpose != "check":
            return {}
        changed = [(row, {"line": text}, {"line": [None, text]}) for row, text in self.rows]
        return {"samples": [{"row": r, "key": key, "changes": c} for r, key, c in changed]}

    def close(self, connection: Connection | None) -> None:
        self.closed += 1
        self.job.trouble("closed", self.chunk.number)
        if connection is not None:
            self.job.trouble("committed", self.chunk.number)


class UndoLinesJob(LinesJob):
    """Takes back what the import wrote; a line that is not there any more is skipped."""

    def run_chunk(self, chunk: Chunk) -> Outcome:
        self.trouble("process", chunk.number)
        assert chunk.origin is not None
        unwritten = chunk.origin.failed_rows | {r for r, c in chunk.corrections.items() if not c}
        rows = [row for row in rows_of(chunk) if row[0] not in unwritten]
        skipped = chunk.planned.rows - len(rows)
        return Outcome(len(rows), [], Eraser(self, chunk, rows), skipped=skipped)


class Eraser(Writer):
    """One record for each line, as it was written."""

    def write(self, connection: Connection) -> Written:
        self.job.trouble("write", self.chunk.number)
        gone = 0
        for _, text in self.rows:
            first = select(LINES.c.id).where(LINES.c.text == text).limit(1).scalar_subquery()
            gone += connection.execute(delete(LINES).where(LINES.c.id == first)).rowcount
        self.job.trouble("written", self.chunk.number)
        return Written([], updated=gone, skipped=len(self.rows) - gone)


def rows_of(chunk: Chunk) -> list[tuple[int, str]]:
    """(row number, line) of those this round tries, corrections in the place of lines."""
    rows = enumerate(chunk.data.decode().splitlines(), chunk.planned.first_row)
    wanted = [row for row in rows if chunk.only_rows is None or row[0] in chunk.only_rows]
    return [(row, "|".join(chunk.corrections.get(row) or [text])) for row, text in wanted]


def refusal(number: int, text: str, *, hidden: bool = False) -> Failure:
    cells = [HIDDEN if hidden else cell for cell in text.split("|")]
    return Failure(number, "line", "refused", "This line is bad.", cells[0], json.dumps(cells))


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def stop() -> None:
    raise KeyboardInterrupt


def fail() -> None:
    raise ValueError("no luck\0 today")


def refuse_all() -> None:
    raise RecordsRefused("The target refused a record.")


ACTS = {"kill": kill, "stop": stop, "raise": fail, "refuse": refuse_all}
