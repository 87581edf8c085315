"""The job types of this installation, checked at start-up and looked up by name."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from typing import Any

from dashboard.errors import ConfigurationError, UnknownJobType


class Kind(StrEnum):
    IMPORT = "import"
    EXPORT = "export"
    SYNC = "sync"
    REPORT = "report"


class Strategy(StrEnum):
    POLLING = "polling"
    WEBSOCKET = "websocket"
    NONE = "none"


SUFFIXES = {Kind.EXPORT: "-export", Kind.SYNC: "-sync", Kind.REPORT: "-report"}
DEFAULT_JOBS = {
    Kind.IMPORT: "dashboard.importers.chunk_job:GenericImportChunkJob",
    Kind.EXPORT: "dashboard.exporters.chunk_job:GenericExportChunkJob",
    Kind.SYNC: "dashboard.sync.chunk_job:GenericSyncChunkJob",
    Kind.REPORT: "dashboard.reports.job:GenericReportJob",
}
# These make one file, under one lease in one process.
WHOLE = (Kind.EXPORT, Kind.REPORT)
UNDO_JOBS = {Kind.IMPORT: "dashboard.importers.undo:UndoImportJob"}
KEYS = {
    "label", "model", "table", "job", "importer", "exporter", "sync", "report", "broadcast",
    "strategy", "chunk_rows", "limit", "description", "sensitive", "roles", "undo_days",
    "most_failed_rows", "most_failed_percent", "keep_days",
}  # fmt: skip
UNDO_DAYS = 7
# What tells a type of each kind its records: one of them has to be there.
SOURCES = {
    Kind.IMPORT: ("importer", "model", "table"),
    Kind.EXPORT: ("exporter", "model", "table"),
    Kind.SYNC: ("sync",),
    Kind.REPORT: ("report",),
}
PATHS = ("job", "model", "importer", "exporter", "sync", "report")


@dataclass(frozen=True, slots=True)
class JobType:
    """One entry of JOB_TYPES. Paths are `package.module:Name`; nothing is imported until asked.

    `limit` is how many workers may run the type at once. `roles` may run it (empty: all who may run
    jobs). `undo_days` is how long an import can be reversed (0: never, and nothing is kept for it).
    `keep_days` is how long the files it makes are kept (None: the setting EXPORT_DAYS).
    `most_failed_rows` and `most_failed_percent` are its error budget: beyond it a job pauses.
    """

    name: str
    kind: Kind
    label: str
    job: str
    model: str | None = None
    importer: str | None = None
    exporter: str | None = None
    sync: str | None = None
    report: str | None = None
    table: str | None = None
    description: str = ""
    broadcast: bool = True
    strategy: Strategy = Strategy.POLLING
    chunk_rows: int | None = None
    limit: int | None = None
    sensitive: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    undo_days: int = UNDO_DAYS
    most_failed_rows: int | None = None
    most_failed_percent: float | None = None
    keep_days: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def load_job(self) -> Any:
        return load_path(self.job)

    def load_model(self) -> Any:
        return load_path(self.model) if self.model else None

    def load_importer(self) -> Any:
        return load_path(self.importer) if self.importer else None

    def load_exporter(self) -> Any:
        return load_path(self.exporter) if self.exporter else None

    def load_sync(self) -> Any:
        return load_path(self.sync) if self.sync else None

    def load_report(self) -> Any:
        return load_path(self.report) if self.report else None

    def load_all(self) -> None:
        """Everything its paths name. Raises ConfigurationError."""
        for key in PATHS:
            if path := getattr(self, key):
                load_path(path)


def load_path(path: str) -> Any:
    """Import `package.module:Name` (a dot before the name is accepted too)."""
    module, _, name = path.replace(":", ".").rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"{path}: {error}", code="path_unknown") from error


class JobRegistry:
    """Look-up by name over all kinds; a broken, unknown or doubled entry fails at start-up."""

    def __init__(self, job_types: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        self._types: dict[str, JobType] = {}
        for kind_name, entries in job_types.items():
            if kind_name not in set(Kind):
                allowed = ", ".join(Kind)
                raise ConfigurationError(f"JOB_TYPES: unknown kind {kind_name!r} (use {allowed}).")
            for name, entry in entries.items():
                self._add(parse_entry(Kind(kind_name), name, entry))

    def _add(self, job_type: JobType) -> None:
        if job_type.name in self._types:
            other = self._types[job_type.name].kind
            raise ConfigurationError(
                f"Job type {job_type.name!r} is defined twice: as {other} and as {job_type.kind}."
                " Names are unique over all kinds."
            )
        self._types[job_type.name] = job_type

    def get(self, name: str) -> JobType:
        try:
            return self._types[name]
        except KeyError:
            known = ", ".join(sorted(self._types)) or "none"
            message = f"There is no job type {name!r:.60}. Known types: {known}."
            raise UnknownJobType(message, details={"type": name[:60]}) from None

    def get_kind(self, name: str) -> Kind:
        return self.get(name).kind

    def get_job(self, name: str) -> Any:
        return self.get(name).load_job()

    def get_model(self, name: str) -> Any:
        return self.get(name).load_model()

    def should_broadcast(self, name: str) -> bool:
        return self.get(name).broadcast

    def all(self, kind: Kind | None = None) -> list[JobType]:
        return [t for t in self._types.values() if kind is None or t.kind is kind]

    def check_paths(self) -> None:
        """Without importing the named modules (the web process stays small): do they exist?"""
        for job_type in self._types.values():
            for key in PATHS:
                path = getattr(job_type, key)
                if path and not module_exists(path):
                    raise ConfigurationError(
                        f"Job type {job_type.name!r}: {key} {path!r} names no module."
                        " Use 'package.module:Name'."
                    )

    def load_all(self) -> None:
        """Import everything the types name (consumers do this once, before they fork)."""
        for job_type in self._types.values():
            try:
                job_type.load_all()
            except ConfigurationError as error:
                raise ConfigurationError(f"Job type {job_type.name!r}: {error.message}") from error


def module_exists(path: str) -> bool:
    module = path.replace(":", ".").rpartition(".")[0]
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def parse_entry(kind: Kind, name: str, entry: Mapping[str, Any]) -> JobType:
    """One entry of JOB_TYPES; raises ConfigurationError naming the type and the key."""
    unknown = set(entry) - KEYS - {"kind"}
    if unknown:
        raise ConfigurationError(f"Job type {name!r}: unknown key {sorted(unknown)[0]!r}.")
    suffix = SUFFIXES.get(kind)
    if suffix and not name.endswith(suffix):
        raise ConfigurationError(f"Job type {name!r}: the name of an {kind} ends in {suffix!r}.")
    if entry.get("kind", kind) != kind:
        raise ConfigurationError(f"Job type {name!r}: kind {entry['kind']!r} under {kind!r}.")
    if not any(entry.get(key) for key in SOURCES[kind]):
        named = " or ".join(f"{key!r}" for key in SOURCES[kind])
        raise ConfigurationError(f"Job type {name!r}: kind {kind} needs the key {named}.")
    try:
        strategy = Strategy(entry.get("strategy", Strategy.POLLING))
    except ValueError:
        allowed = ", ".join(Strategy)
        raise ConfigurationError(
            f"Job type {name!r}: strategy {entry['strategy']!r} (use {allowed})."
        ) from None
    return JobType(
        name=name,
        kind=kind,
        label=entry.get("label") or name.replace("-", " ").capitalize(),
        job=entry.get("job") or DEFAULT_JOBS[kind],
        model=entry.get("model"),
        importer=entry.get("importer"),
        exporter=entry.get("exporter"),
        sync=entry.get("sync"),
        report=entry.get("report"),
        table=entry.get("table"),
        description=entry.get("description", ""),
        broadcast=bool(entry.get("broadcast", True)),
        strategy=strategy,
        chunk_rows=entry.get("chunk_rows"),
        limit=entry.get("limit"),
        sensitive=tuple(entry.get("sensitive", ())),
        roles=tuple(entry.get("roles", ())),
        undo_days=int(entry.get("undo_days", UNDO_DAYS)),
        most_failed_rows=entry.get("most_failed_rows"),
        most_failed_percent=entry.get("most_failed_percent"),
        keep_days=entry.get("keep_days"),
    )
