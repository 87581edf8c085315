"""Runs an exporter at a desk of the test's own, and reads the file back."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from dashboard.exporters.chunk_job import GenericExportChunkJob
from dashboard.exporters.exporter import Exporter
from dashboard.jobs.registry import JobType, Kind
from dashboard.jobs.whole_job import Result, Stopped
from dashboard.settings import Settings
from dashboard.storage.store import Store

FOLDER = "parts/job/1-1"


@dataclass
class DeskOfTests:
    """Notes what it is told; `stop_at` parts that are done, the job is paused."""

    target: Engine
    path: Path
    stop_at: int | None = None
    stop_when: Callable[[], bool] = lambda: False
    settings: Settings = field(default_factory=Settings)
    folder: str = FOLDER
    published: list[int] = field(default_factory=list)
    done: dict[int, int] = field(default_factory=dict)
    layout: Mapping[str, Any] = field(default_factory=dict)
    on_publish: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        self.store = Store(str(self.path))
        self._lock = threading.Lock()

    def publish(self, layout: Mapping[str, Any], rows_of_parts: Sequence[int]) -> None:
        self.layout, self.published = layout, list(rows_of_parts)
        if self.on_publish:
            self.on_publish()

    def part_done(self, number: int, rows: int) -> None:
        with self._lock:
            assert number not in self.done
            self.done[number] = rows
        self.check()

    def check(self) -> None:
        if self.stop_at is not None and len(self.done) >= self.stop_at:
            raise Stopped
        if self.stop_when():
            raise Stopped


class DirectExport(GenericExportChunkJob):
    """Takes the exporter itself instead of a path to it."""

    def __init__(self, exporter: Exporter, engine: Engine, **options: Any) -> None:
        super().__init__(JobType("t-export", Kind.EXPORT, "T", job=""), options, engine.connect)
        self.__dict__["exporter"] = exporter


@dataclass
class Made:
    desk: DeskOfTests
    result: Result

    @property
    def data(self) -> bytes:
        with self.desk.store.open(self.result.file.key) as stream:
            return bytes(stream.read())

    @property
    def lines(self) -> list[str]:
        return self.data.decode().splitlines()


def as_exporter(source: Any) -> Exporter:
    """Of an exporter class, a model or a table."""
    if isinstance(source, type) and issubclass(source, Exporter):
        return source()
    attribute = "model" if hasattr(source, "__table__") else "table"
    made: Exporter = type("Bare", (Exporter,), {attribute: source})()
    return made


def run_export(
    engine: Engine, path: Path, source: Any, desk: DeskOfTests | None = None, **options: Any
) -> Made:
    desk = desk or DeskOfTests(engine, path)
    job = DirectExport(as_exporter(source), engine, **options)
    return Made(desk, job.run(desk))
