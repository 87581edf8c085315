"""The types of parameters: how a value of each is read, and what it becomes when a report runs."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, Numeric, String

from dashboard.errors import InputRefused
from dashboard.exporters.filters_dates import ALLOWED, relative
from dashboard.lib.texts import escaped, storable

DAY, MONTH = re.compile(r"\d{4}-\d\d-\d\d", re.A), re.compile(r"\d{4}-\d\d", re.A)
WHOLE = re.compile(r"[+-]?\d{1,19}", re.A)
MOST_CHARACTERS, MOST_WHOLE, MOST_DIGITS = 10_000, 2**63 - 1, 100
LAST_MONTH = (9999, 12)
TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

Choices = Mapping[str, str]  # each value and how it is called


def read_text(value: Any, _choices: Choices, _now: datetime) -> str:
    if not isinstance(value, str) or not storable(value) or len(value) > MOST_CHARACTERS:
        raise ValueError(
            f"is {shown(value)}. Use a text of at most {MOST_CHARACTERS:,} characters."
        )
    return value


def read_integer(value: Any, _choices: Choices, _now: datetime) -> int:
    text = str(value).strip() if isinstance(value, int | str) and value is not True else ""
    if value is False or not WHOLE.fullmatch(text) or abs(int(text)) > MOST_WHOLE:
        raise ValueError(f"is {shown(value)}, no whole number. Use digits, as in 42.")
    return int(text)


def read_decimal(value: Any, _choices: Choices, _now: datetime) -> str:
    try:
        found = Decimal(str(value).strip()) if not isinstance(value, bool) else Decimal("NaN")
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found.adjusted()) > MOST_DIGITS:
        raise ValueError(f"is {shown(value)}, no number. Use digits and a point, as in 2.5.")
    return format(found, "f")


def read_date(value: Any, _choices: Choices, now: datetime) -> str:
    if day_of(value, now, DAY, "") is None:
        raise ValueError(f"is {shown(value)}, no day. Use YYYY-MM-DD, or {ALLOWED}.")
    return str(value)


def read_month(value: Any, _choices: Choices, now: datetime) -> str:
    if month_of(value, now) is None:
        raise ValueError(
            f"is {shown(value)}, no month. Use YYYY-MM (0001-01 to 9999-11), or {ALLOWED}."
        )
    return str(value)


def read_choice(value: Any, choices: Choices, _now: datetime) -> str:
    if not isinstance(value, str) or value not in choices:
        known = ", ".join(list(choices)[:20]) or "none, there is no choice now"
        raise ValueError(f"is {shown(value)}, which is no choice. Use one of: {known}.")
    return value


def read_boolean(value: Any, _choices: Choices, _now: datetime) -> bool:
    found = value if isinstance(value, bool) else TRUTHS.get(str(value).lower())
    if found is None:
        raise ValueError(f"is {shown(value)}. Use true or false.")
    return found


def day_of(value: Any, now: datetime, form: "re.Pattern[str]", rest: str) -> date | None:
    """A written or relative day; None when it is neither. A moment is no day."""
    try:
        if isinstance(value, str) and form.fullmatch(value):
            return date.fromisoformat(value + rest)
        found = relative(value, now) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
    return None if isinstance(found, datetime) else found


def month_of(value: Any, now: datetime) -> date | None:
    """A day of it; None of the last one there is too, whose end would be no day."""
    day = day_of(value, now, MONTH, "-01")
    return None if day is None or (day.year, day.month) == LAST_MONTH else day


def resolved_date(kept: str, now: datetime) -> date:
    return certain(day_of(kept, now, DAY, ""), kept, "day")


def resolved_month(kept: str, now: datetime) -> date:
    return certain(month_of(kept, now), kept, "month").replace(day=1)


def certain(day: date | None, kept: str, what: str) -> date:
    if day is None:
        message = f"{kept!r} names no {what} of the years 1 to 9999 any more."
        raise InputRefused(message, code="report_parameter", details={"field": "params"})
    return day


def as_kept(kept: Any, _now: datetime) -> Any:
    return kept


def resolved_decimal(kept: str, _now: datetime) -> Decimal:
    return Decimal(kept)


def shown(value: Any) -> str:
    return f'"{escaped(value[:60])}"' if isinstance(value, str) else repr(value)[:60]


@dataclass(frozen=True, slots=True)
class Kind:
    """How values of a type are read, what they become, and their type in SQL."""

    read: Callable[[Any, Choices, datetime], Any]
    resolved: Callable[[Any, datetime], Any]
    sql: Any


KINDS: Mapping[str, Kind] = {
    "text": Kind(read_text, as_kept, String()),
    "integer": Kind(read_integer, as_kept, BigInteger()),
    "decimal": Kind(read_decimal, resolved_decimal, Numeric()),
    "date": Kind(read_date, resolved_date, Date()),
    "month": Kind(read_month, resolved_month, Date()),
    "choice": Kind(read_choice, as_kept, String()),
    "boolean": Kind(read_boolean, as_kept, Boolean()),
}
