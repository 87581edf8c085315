"""What somebody submits for a job from outside (REST, command line, forms, schedules).

Each kind reads its own `data` with these checks; every refusal names the key of `data`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dashboard.errors import InputRefused
from dashboard.lib.texts import unstorable_in

LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Submitted:
    """`options` are the job's own; the rest decides how and when it is made."""

    options: Mapping[str, Any] = field(default_factory=dict)
    file: str | None = None
    check: bool = False
    chunk_rows: int | None = None
    run_at: datetime | None = None


def given(
    data: Mapping[str, Any], known: Mapping[str, Any], elsewhere: Mapping[str, str]
) -> dict[str, Any]:
    """The keys that say something, each judged by its check in `known`.

    `elsewhere` names keys of other kinds and what takes them ("an import"). Raises InputRefused.
    """
    for name in data:
        if name in elsewhere:
            raise wrong(name, f"{name} is for {elsewhere[name]}.")
        if name not in known:
            names = ", ".join(sorted(known))
            raise wrong(name, f"There is no key {name!r:.60} in data. Known: {names}.")
    said = {name: value for name, value in data.items() if value is not None}
    for name, value in said.items():
        known[name](name, value)
        odd = unstorable_in(value)
        if odd is not None:
            message = f"{odd!r:.60} holds a character that cannot be kept. Leave it out."
            raise wrong(name, message)
    return said


def run_at(data: Mapping[str, Any]) -> datetime | None:
    return moment(data["runAt"]) if data.get("runAt") is not None else None


def wrong(name: str, message: str) -> InputRefused:
    return InputRefused(message, details={"field": name})


def truth(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise wrong(name, f"{name} is true or false, not {value!r:.60}.")


def words(name: str, value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise wrong(name, f"{name} is a text, not {value!r:.60}.")


def text_or_blank(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise wrong(name, f"{name} is a text, not {value!r:.60}.")


def field_list(name: str, value: Any) -> None:
    if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
        raise wrong(name, f'{name} is a list of field names, such as ["faa"], not {value!r:.60}.')


def an_object(name: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise wrong(name, f"{name} is an object, not {value!r:.60}.")


def an_object_of_objects(name: str, value: Any) -> None:
    if not isinstance(value, dict) or not all(isinstance(v, dict) for v in value.values()):
        raise wrong(name, f"{name} is an object of objects, not {value!r:.60}.")


def count_from(low: int) -> Any:
    def check(name: str, value: Any) -> None:
        plain = isinstance(value, int) and not isinstance(value, bool)
        if not plain or not low <= value <= LARGEST:
            raise wrong(name, f"{name} is a whole number from {low}, not {value!r:.60}.")

    return check


def percent(name: str, value: Any) -> None:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or not 0 <= value <= 100:
        raise wrong(name, f"{name} is a number from 0 to 100, not {value!r:.60}.")


def later(name: str, value: Any) -> None:
    words(name, value)
    moment(value)


def moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    message = f"runAt={text[:40]!r} is not a time with offset. Use 2026-11-30T08:00:00+01:00."
    raise wrong("runAt", message)
