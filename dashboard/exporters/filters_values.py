"""The value of a filter, read as imports read a cell of that field."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa

from dashboard.exporters.filters_dates import ALLOWED, ALLOWED_WITH_TIME, RELATIVE, relative
from dashboard.exporters.quoting import shown
from dashboard.records.casting import cast_column
from dashboard.records.fields import Field, FieldType
from dashboard.records.time_readers import DATE
from dashboard.records.values import python_values

MOST_VALUES = 500
# As a pattern a text is up to 14 times as long, and databases limit those (SQLite to 50,000 bytes).
MOST_CHARACTERS = 1_000
NO_VALUE = "there is no value. Enter one, or use null to find records without any."
# What only who imports a file can choose.
OF_FILES = re.compile(r", or choose the \w+ of this column's \w+")
DATED = (FieldType.DATE, FieldType.DATETIME)


class Unfit(ValueError):
    """A value that cannot be compared with the field; the text quotes it and says what can."""


@dataclass(frozen=True, slots=True)
class Span:
    """One value, or a whole day of a field with time: from `low` until before `high`."""

    low: Any
    high: Any = None

    @property
    def told(self) -> str:
        """A day or moment, ISO 8601."""
        return str((self.low.date() if self.high else self.low).isoformat())


def read_values(
    field: Field, kind: Any, op: str, value: Any, now: datetime
) -> tuple[Any, tuple[Span, ...]]:
    """The value as it is kept, and as it is compared: several spans for `in`. Raises Unfit."""
    if op == "null":
        return yes_or_no(value), (Span(value),)
    if op == "in":
        values = many(value)
        return values, tuple(read_value(field, kind, one, now) for one in values)
    if op == "contains":
        check_part(as_text(value))
    return value, (read_value(field, kind, value, now),)


def read_value(field: Field, kind: Any, value: Any, now: datetime) -> Span:
    """`kind` is the SQL type the field is kept as. Raises Unfit."""
    text = as_text(value)
    if text == "" and not plain_text(field):
        raise Unfit(NO_VALUE)
    if text == "":
        return Span("")
    found = relative_to(field, text, now)
    if isinstance(found, datetime):
        return Span(found if field.timezone else found.replace(tzinfo=None))
    if field.type is FieldType.DATE and found is not None:
        return Span(found)
    if field.type is FieldType.DATETIME and (found is not None or DATE.fullmatch(text)):
        return whole_day(field, found or cast(field, kind, text).date())
    return Span(cast(field, kind, text))


def many(value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise Unfit(f'in takes a list of values, such as ["AA", "UA"], not {shown(value)}.')
    if len(value) > MOST_VALUES:
        raise Unfit(f"there are {len(value)} values. Use at most {MOST_VALUES}.")
    return tuple(value)


def check_part(text: str) -> None:
    if not text:
        raise Unfit(NO_VALUE)
    if len(text) > MOST_CHARACTERS:
        raise Unfit(f"there are {len(text)} characters. Use at most {MOST_CHARACTERS}.")


def yes_or_no(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise Unfit(f"null takes true (records without a value) or false, not {shown(value)}.")


def is_relative(field: Field, value: Any) -> bool:
    """Does it name other days tomorrow?"""
    values = value if isinstance(value, tuple) else (value,)
    texts = [one for one in values if isinstance(one, str)] if field.type in DATED else []
    return any(RELATIVE.fullmatch(text) for text in texts)


def as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return value
    raise Unfit(f"{shown(value)} is no single value. Use a text, a number, true or false.")


def plain_text(field: Field) -> bool:
    return field.type is FieldType.STRING and not field.choices


def relative_to(field: Field, text: str, now: datetime) -> date | datetime | None:
    """Of dates only. Raises Unfit for a moment where there are only days."""
    if field.type not in DATED:
        return None
    try:
        found = relative(text, now)
    except OverflowError:
        raise Unfit(f"{shown(text)} is outside the years 1 to 9999. Use fewer.") from None
    if isinstance(found, datetime) and field.type is FieldType.DATE:
        raise Unfit(f"{shown(text)} names a moment, and this field has only days. Use {ALLOWED}.")
    return found


def whole_day(field: Field, day: date) -> Span:
    low = datetime.combine(day, time(), UTC if field.timezone else None)
    try:
        return Span(low, low + timedelta(days=1))
    except OverflowError:
        raise Unfit(f"{shown(day.isoformat())} is too late. Use an earlier day.") from None


def cast(field: Field, kind: Any, text: str) -> Any:
    try:
        read = cast_column(field, pa.array([text], pa.string()))
        if read.bad:
            raise Unfit(f"{shown(text)} {OF_FILES.sub('', read.bad[0][2])}{also(field)}")
        return python_values(read.values, kind)[0]
    except UnicodeEncodeError:
        raise Unfit(f"{shown(text)} is not valid Unicode. Send other text.") from None
    except (pa.ArrowInvalid, OverflowError):
        # An offset may lead from the first or the last day of the calendar out of it.
        if field.type is not FieldType.DATETIME:
            raise
        message = f"{shown(text)} is outside the years 1 to 9999 in UTC. Use another time."
        raise Unfit(message) from None


def also(field: Field) -> str:
    """What filters take beside the forms that files may have."""
    if field.type not in DATED:
        return ""
    return f" Or {ALLOWED_WITH_TIME if field.type is FieldType.DATETIME else ALLOWED}."
