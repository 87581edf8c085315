"""What the runner asks of a kind of job: plan the work once, then run it chunk by chunk."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from sqlalchemy import Connection

from dashboard.errors import InputRefused
from dashboard.jobs.context import JobContext
from dashboard.jobs.registry import JobType
from dashboard.records.failures import Failure
from dashboard.records.written import Written

Connect = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True, slots=True)
class PlannedChunk:
    """A slice of the job's input that is committed together.

    `offset` and `length` are bytes in the stored file, `first_row` the row number of its first
    record as a spreadsheet shows it, `rows` its records; what comes later in the file has higher
    row numbers. `hints` is small JSON that belongs to the kind of job (quoted or not, duplicate
    rows) and comes back in `Chunk.planned.hints`.
    """

    offset: int
    length: int
    first_row: int
    rows: int
    hints: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asks:
    """Why a planned job waits for a person's word before its first chunk.

    `code` names the question (see budget.WAIVED), `figures` (JSON) goes to the job's `meta[code]`.
    """

    code: str
    reason: str
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """The input cut into chunks; `layout` (JSON) says how bytes become rows.

    `layout["form"]`, when set, is the key of the stored form the chunks lie in (`Forms.keep`); left
    out, they lie in the uploaded file itself. `layout["ordered"]` asks for one chunk after the
    other, none before those ahead of it are done.
    """

    layout: Mapping[str, Any]
    chunks: list[PlannedChunk]
    asks: Asks | None = None

    @property
    def rows(self) -> int:
        return sum(chunk.rows for chunk in self.chunks)


@dataclass(frozen=True, slots=True)
class OriginChunk:
    """In an undo: what became of the import's chunk that covers the same rows.

    `uuid` is the import's, `failed_rows` were not written, `notes` are what its writer noted.
    """

    number: int
    uuid: str
    failed_rows: frozenset[int]
    notes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A claimed chunk with its bytes.

    `isolate` asks for the slower way that finds each row the target refuses (I5). `only_rows`, when
    set, limits the work to those row numbers (a round that tries failed rows again). `corrections`
    are a person's new cells for rows of this chunk, in the order of the layout's columns; None
    leaves the row out (skipped); in an undo they are those of the import, as is `origin`.
    """

    number: int
    data: bytes
    planned: PlannedChunk
    layout: Mapping[str, Any]
    isolate: bool = False
    only_rows: frozenset[int] | None = None
    corrections: Mapping[int, Sequence[str] | None] = field(default_factory=dict)
    origin: OriginChunk | None = None


class RecordWriter(Protocol):
    """Writes a chunk's prepared records. Called by the runner in this order, once per try.

    In a check `write` runs in a transaction that is rolled back: it may use temporary tables, but
    must burn no ids.
    """

    def open(self, connection: Connection) -> None:
        """Before the transaction begins (SQLite attaches its stage file here)."""

    def write(self, connection: Connection) -> Written:
        """Inside the transaction; `refused` rows are found in isolation only.

        Raises RecordsRefused when the target refuses and the rows were not isolated.
        """

    def close(self, connection: Connection | None) -> None:
        """After commit or rollback, always; frees what `open` and preparing made."""


@dataclass(slots=True)
class Outcome:
    """What a chunk came to before writing.

    `accepted` rows wait in `writer`, which tells what became of each.
    """

    accepted: int
    failures: list[Failure]
    writer: RecordWriter | None
    skipped: int = 0


class Forms(Protocol):
    """The uploaded file and a place for seekable copies of it, as preparing lends them."""

    @property
    def name(self) -> str:
        """What the person called the file."""

    def local_path(self) -> AbstractContextManager[Path]:
        """The uploaded file as a file of this machine; a copy when the store is elsewhere."""

    def keep(self, pieces: Iterable[bytes]) -> str:
        """Store a form and return its key; it lives as long as the upload."""

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """A kept form, seekable."""


class BaseChunkJob(ABC):
    """One kind of job for one job. `connect` opens a connection to the target for reading.

    The runner sets `purpose` (run, check, undo), `uuid` (of the job), `origin_uuid` (of the job a
    check or undo belongs to), `context` and, while preparing, `forms`.
    """

    purpose: str = "run"
    uuid: str = ""
    origin_uuid: str | None = None
    context: JobContext | None = None
    forms: Forms | None = None

    def __init__(self, job_type: JobType, options: Mapping[str, Any], connect: Connect) -> None:
        self.job_type = job_type
        self.options = options
        self.connect = connect

    @abstractmethod
    def plan(self, source: Any) -> Plan:
        """Read the whole input once and cut it. Raises FileRefused; writes nothing.

        `source` is the job's file, a seekable binary stream; None when it has none."""

    @abstractmethod
    def run_chunk(self, chunk: Chunk) -> Outcome:
        """Turn a chunk's bytes into checked records. Reads the target, writes nothing to it."""

    def cells_of(self, chunk: Chunk, rows: Collection[int]) -> dict[int, list[str]]:
        """Cells of these rows as the file has them, in the order of the layout's columns.

        Asked when a person corrects one cell of a row whose other cells nobody may read. A ragged
        row comes with the cells it has. Rows the chunk does not hold are left out.
        """
        raise InputRefused(
            f"{self.job_type.label} hides cells of its failed rows, and this kind of job cannot"
            " read them again. Give the whole row anew in a corrected file.",
            code="hidden_cells",
        )

    def before(self, connection: Connection) -> None:  # noqa: B027 - a hook few need
        """Once a round, before its first chunk."""

    def after(self, connection: Connection) -> None:  # noqa: B027 - a hook few need
        """Once a round, after its last chunk settled."""
