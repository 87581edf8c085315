"""What the engine asks of a kind of job that makes one file: under one lease, in one process.

Exports and reports are such kinds. Their rows come from one moment, which lives in a connection to
the target; a second worker could not look at it. A crash, a pause or a retry starts again with a
new generation of parts.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Engine

from dashboard.jobs.chunk_job import Connect
from dashboard.jobs.registry import JobType
from dashboard.settings import Settings
from dashboard.storage.store import Store, Stored


class Stopped(Exception):
    """A person paused or cancelled the job, or another worker took it over: make no more of it."""


@dataclass(frozen=True, slots=True)
class Result:
    """The finished file. `meta` (JSON) joins the job's: the moment the rows are from, and so on."""

    file: Stored
    name: str
    rows: int
    meta: Mapping[str, Any] = field(default_factory=dict)


class Desk(Protocol):
    """What the engine lends while the job runs. All of it may be used from several threads."""

    @property
    def store(self) -> Store: ...

    @property
    def target(self) -> Engine:
        """The business records; its URL is in `settings.target_database_url`."""

    @property
    def settings(self) -> Settings: ...

    @property
    def folder(self) -> str:
        """Where in the store parts may lie, for this generation only. The engine clears it."""

    def publish(self, layout: Mapping[str, Any], rows_of_parts: Sequence[int]) -> None:
        """Once, when it is known how many parts there are and how many rows each will have.

        The sum is the job's total. Raises Stopped.
        """

    def part_done(self, number: int, rows: int) -> None:
        """Part `number` (from 1) is written, with so many rows. Raises Stopped."""

    def check(self) -> None:
        """Call it often: it looks twice a second at most. Raises Stopped."""


class BaseWholeJob(ABC):
    """One kind of job for one job; `connect` opens a connection to the target for reading.

    The engine sets `purpose` (always "run"), `uuid` and, of a rerun, `origin_uuid`.
    """

    purpose: str = "run"
    uuid: str = ""
    origin_uuid: str | None = None

    def __init__(self, job_type: JobType, options: Mapping[str, Any], connect: Connect) -> None:
        self.job_type = job_type
        self.options = options
        self.connect = connect

    @abstractmethod
    def run(self, desk: Desk) -> Result:
        """Make the file. A JobEngineError ends the job with its message, what else is raised is
        tried again. Writes nothing to the target."""
