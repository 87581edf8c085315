"""Job types that installed packages bring: the entry point group `jobengine.job_types`."""

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from dashboard.errors import ConfigurationError

GROUP = "jobengine.job_types"
JobTypes = Mapping[str, Mapping[str, Mapping[str, Any]]]


def packaged_job_types(found: Iterable[EntryPoint] | None = None) -> list[tuple[str, JobTypes]]:
    """(entry point, its job types); each names a mapping as JOB_TYPES, or a function giving one."""
    brought = []
    for point in entry_points(group=GROUP) if found is None else found:
        try:
            loaded = point.load()
            types = loaded() if callable(loaded) else loaded
        except Exception as error:
            message = f"The entry point {point.name} ({point.value}) failed: {error}"
            raise ConfigurationError(message, code="entry_point") from error
        if not isinstance(types, Mapping):
            message = f"The entry point {point.name} ({point.value}) is no mapping like JOB_TYPES."
            raise ConfigurationError(message, code="entry_point")
        brought.append((point.name, types))
    return brought


def join_job_types(own: JobTypes, brought: Iterable[tuple[str, JobTypes]]) -> JobTypes:
    """All of them; a type that two define is refused, naming both."""
    joined = {kind: dict(types) for kind, types in own.items()}
    owner = {name: "JOB_TYPES" for types in own.values() for name in types}
    for source, kinds in brought:
        for kind, types in kinds.items():
            for name, entry in types.items():
                if name in owner:
                    message = f"Job type {name!r} is defined by {owner[name]} and by {source}."
                    raise ConfigurationError(message)
                owner[name] = source
                joined.setdefault(kind, {})[name] = entry
    return joined
