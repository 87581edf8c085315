"""What an engineer writes to keep a table in step with a source."""

from collections.abc import Mapping
from typing import Any, ClassVar

from dashboard.errors import ConfigurationError
from dashboard.importers.importer import Importer
from dashboard.jobs.registry import JobType
from dashboard.sync.source import Source

MODES = ("append", "upsert", "mirror")


class Sync(Importer):
    """Take the rows of `source` into `model` or `table`; all else is as in an Importer.

    `mode` append: every row is a new record (with a `key`, records that are there are left as they
    are); upsert: by `key`, records are changed or added; mirror: the same, and records whose key
    the source no longer has are deleted. `mapping` names fields of source columns (None: ignored),
    the others are matched by name or alias. `most_deleted_percent`: a mirror that would delete a
    larger share of the table stops and asks.

    The source knows where it stands (its cursor) and which rows it reads again (its lag).
    """

    source: ClassVar[Source]
    mode: ClassVar[str] = "append"
    mapping: ClassVar[Mapping[str, str | None]] = {}
    most_deleted_percent: ClassVar[float] = 20

    def __init_subclass__(cls, **more: Any) -> None:
        """A sync that would lose or double rows is refused when it is loaded."""
        super().__init_subclass__(**more)
        if hasattr(cls, "source"):
            check(cls)

    @classmethod
    def deduplicates(cls) -> bool:
        """Are rows told apart by a key, so that taking one again changes nothing?"""
        return cls.mode != "append" or cls.key is not None


def check(sync: type[Sync]) -> None:
    """Raises ConfigurationError."""
    source, name = sync.source, sync.__name__
    if sync.mode not in MODES:
        raise ConfigurationError(f"{name}: mode {sync.mode!r} (use {', '.join(MODES)}).")
    percent = sync.most_deleted_percent
    if isinstance(percent, bool) or not 0 <= percent <= 100:
        raise ConfigurationError(f"{name}: most_deleted_percent is from 0 to 100, not {percent!r}.")
    if sync.mode == "mirror" and (not source.whole or goes_on(source)):
        raise ConfigurationError(
            f"{name}: a mirror compares with everything the source holds. Use a source that is read"
            " whole, without a cursor."
        )
    if sync.deduplicates():
        return
    if source.rereads:
        raise ConfigurationError(
            f"{name}: its source reads rows again (lag), which append would double. Name a key, or"
            " use mode upsert."
        )
    if not goes_on(source):
        raise ConfigurationError(
            f"{name}: every run would append all rows of the source once more. Give the source a"
            " cursor, name a key, or use mode upsert."
        )


def goes_on(source: Source) -> bool:
    """Does a later run read only what is new?"""
    return getattr(source, "cursor", None) is not None or not source.whole


def sync_for(job_type: JobType) -> Sync:
    """The type's own class, over the model or table of its entry if it names none itself."""
    named = job_type.load_sync()
    if not (isinstance(named, type) and issubclass(named, Sync) and hasattr(named, "source")):
        raise ConfigurationError(
            f"Job type {job_type.name!r}: its sync names no Sync with a source."
        )
    sync: Sync = named()
    if sync.model is None and sync.table is None:
        body = {"model": job_type.load_model(), "table": job_type.table}
        sync = type(named.__name__, (named,), body)()
    return sync
