"""A real job class small enough to reason about: each line of the stored file is a row.

Lines that begin with `bad` become failures, those with `refuse` are refused by the target. The
option `troubles` makes a step (plan, process, write, written, committed) kill, stop or raise.
"""

import itertools
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, insert

from dashboard.errors import FileRefused, RecordsRefused
from dashboard.jobs.chunk_job import BaseChunkJob, Chunk, Outcome, Plan, PlannedChunk
from dashboard.records.failures import Failure
from dashboard.records.written import Written

# No key and no constraint: a chunk written twice shows as doubled lines.
LINES = Table(
    "lines",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("text", Text, nullable=False),
)
TYPES = {"import": {"lines": {"job": "tests.jobs.lines_job:LinesJob", "table": "lines"}}}
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
        return Plan({"columns": ["line"]}, chunks)

    def run_chunk(self, chunk: Chunk) -> Outcome:
        self.trouble("process", chunk.number)
        rows = list(enumerate(chunk.data.decode().splitlines(), chunk.planned.first_row))
        if chunk.only_rows is not None:
            rows = [(number, text) for number, text in rows if number in chunk.only_rows]
        mended = self.options.get("mended", "")
        bad = [row for row in rows if row[1].startswith("bad") and not Path(mended).is_file()]
        good = [row for row in rows if row not in bad]
        return Outcome(len(good), [refusal(*row) for row in bad], Writer(self, chunk, good))

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
        return Written([refusal(*row) for row in refused], created=len(kept))

    def close(self, connection: Connection | None) -> None:
        self.closed += 1
        self.job.trouble("closed", self.chunk.number)
        if connection is not None:
            self.job.trouble("committed", self.chunk.number)


def refusal(number: int, text: str) -> Failure:
    return Failure(number, "line", "refused", "This line is bad.", text, json.dumps([text]))


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def stop() -> None:
    raise KeyboardInterrupt


def fail() -> None:
    raise ValueError("no luck\0 today")


def refuse_all() -> None:
    raise RecordsRefused("The target refused a record.")


ACTS = {"kill": kill, "stop": stop, "raise": fail, "refuse": refuse_all}
