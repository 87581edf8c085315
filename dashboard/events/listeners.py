"""Who listens to which events: `@listens_to(JobFailed)` on a function, by one registry."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from dashboard.errors import ConfigurationError
from dashboard.events.types import JobEvent

Handler = Callable[[JobEvent], None]


@dataclass(frozen=True, slots=True)
class Listener:
    """A named handler; `switch` is its key in LISTENERS."""

    name: str
    switch: str
    events: tuple[type[JobEvent], ...]
    handle: Handler


class ListenerRegistry:
    """The listeners switched on in this installation, by name."""

    def __init__(self, switches: Mapping[str, bool]) -> None:
        self._switches = switches
        self._listeners: dict[str, Listener] = {}

    def add(
        self, name: str, switch: str, events: Iterable[type[JobEvent]], handle: Handler
    ) -> None:
        if name in self._listeners:
            raise ConfigurationError(f"Listener {name!r} is registered twice.")
        if self._switches.get(switch, True):
            self._listeners[name] = Listener(name, switch, tuple(events), handle)

    def of(self, event: type[JobEvent]) -> list[str]:
        return [listener.name for listener in self._listeners.values() if event in listener.events]

    def get(self, name: str) -> Listener | None:
        return self._listeners.get(name)
