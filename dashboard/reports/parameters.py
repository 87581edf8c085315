"""What a report asks for: typed parameters, read from a form, the API or the command line.

A value is kept as it was given, so that "start-of-month" means another day in each run; it becomes
a day when the report runs.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, Numeric, String

from dashboard.errors import ConfigurationError, InputRefused
from dashboard.exporters.filters_dates import ALLOWED, months_on, relative

NAME = re.compile(r"[a-z][a-z0-9_]*", re.A)
DAY, MONTH = re.compile(r"\d{4}-\d\d-\d\d", re.A), re.compile(r"\d{4}-\d\d", re.A)
WHOLE = re.compile(r"[+-]?\d{1,19}", re.A)
MOST_CHARACTERS, MOST_WHOLE, MOST_DIGITS = 10_000, 2**63 - 1, 100
TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

Choices = Mapping[str, str]  # each value and how it is called
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """`type` is text, integer, decimal, date, month, choice or boolean.

    A value that is not required and not given is None (NULL); of a boolean it is False. `default`
    is written as a person would; days and months may be relative ("today", "-7d", "start-of-month",
    "-1m"). Choices are texts, with their labels if they are a mapping; or the rows of `query` over
    the target: the first column is the value, a second one its label. `low` and `high` are the
    bounds of a number, both allowed.
    """

    type: str = "text"
    label: str = ""
    required: bool = False
    default: Any = None
    choices: Sequence[str] | Choices = ()
    query: str = ""
    help: str = ""
    low: int | None = None
    high: int | None = None

    @property
    def fixed_choices(self) -> Choices:
        if isinstance(self.choices, Mapping):
            return self.choices
        return {value: value for value in self.choices}

    def read(self, value: Any, choices: Choices, now: datetime) -> Any:
        """What is kept of a given value (JSON); None when it says nothing. Raises ValueError."""
        value = self.default if value is None or value == "" else value
        if value is None or value == "":
            if self.required:
                raise ValueError("is needed.")
            return False if self.type == "boolean" else None
        kept = KINDS[self.type].read(value, choices, now)
        self.check_bounds(kept)
        return kept

    def check_bounds(self, kept: Any) -> None:
        if self.type not in ("integer", "decimal"):
            return
        number = Decimal(kept)
        if self.low is not None and number < self.low:
            raise ValueError(f"is {kept}. It is {self.low:,} at least.")
        if self.high is not None and number > self.high:
            raise ValueError(f"is {kept}. It is {self.high:,} at most.")

    def resolved(self, kept: Any, now: datetime) -> Any:
        """The value of the parameter's type (a month is its first day); None without one."""
        return None if kept is None else KINDS[self.type].resolved(kept, now)


def read_text(value: Any, _choices: Choices, _now: datetime) -> str:
    if not isinstance(value, str) or "\0" in value or len(value) > MOST_CHARACTERS:
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
    if day_of(value, now, MONTH, "-01") is None:
        raise ValueError(f"is {shown(value)}, no month. Use YYYY-MM, or {ALLOWED}.")
    return str(value)


def read_choice(value: Any, choices: Choices, _now: datetime) -> str:
    if value not in choices:
        known = ", ".join(list(choices)[:20]) or "none, there is no choice now"
        raise ValueError(f"is {shown(value)}, which is no choice. Use one of: {known}.")
    return str(value)


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


def resolved_date(kept: str, now: datetime) -> date:
    return certain(day_of(kept, now, DAY, ""), kept)


def resolved_month(kept: str, now: datetime) -> date:
    return certain(day_of(kept, now, MONTH, "-01"), kept).replace(day=1)


def certain(day: date | None, kept: str) -> date:
    if day is None:
        raise refused("", f"{kept!r} names no day of the years 1 to 9999 any more.")
    return day


def as_kept(kept: Any, _now: datetime) -> Any:
    return kept


def resolved_decimal(kept: str, _now: datetime) -> Decimal:
    return Decimal(kept)


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
ChoicesOf = Callable[[Parameter], Choices]


def check_parameter(name: str, parameter: Parameter) -> None:
    """Raises ConfigurationError."""
    where = f"parameter {name!r}"
    if not NAME.fullmatch(name):
        raise ConfigurationError(
            f"{where}: a name has small letters, digits and _, as in first_day."
        )
    if parameter.type not in KINDS:
        raise ConfigurationError(
            f"{where}: there is no type {parameter.type!r}. Use {', '.join(KINDS)}."
        )
    if (parameter.type == "choice") != bool(parameter.choices or parameter.query):
        raise ConfigurationError(
            f"{where}: choices or a query belong to the type choice, and to it only."
        )


def read_each(
    parameters: Mapping[str, Parameter], given: Values, choices_of: ChoicesOf, now: datetime
) -> tuple[dict[str, Any], dict[str, str]]:
    """What is kept of each parameter, and what is wrong with the others; unknown names are."""
    kept, wrong = dict[str, Any](), dict[str, str]()
    for name in given:
        if name not in parameters:
            known = ", ".join(parameters) or "none"
            wrong[name] = f"There is no parameter {name!r}. Known: {known}."
    for name, parameter in parameters.items():
        try:
            choices = choices_of(parameter) if parameter.type == "choice" else {}
            kept[name] = parameter.read(given.get(name), choices, now)
        except ValueError as error:
            wrong[name] = f"{label_of(name, parameter)} {error}"
    return kept, wrong


def read_parameters(
    parameters: Mapping[str, Parameter], given: Values, choices_of: ChoicesOf, now: datetime
) -> dict[str, Any]:
    """What is kept of every parameter. Raises InputRefused for the first that is wrong."""
    kept, wrong = read_each(parameters, given, choices_of, now)
    for name, message in wrong.items():
        raise refused(name, message)
    return kept


def refused(name: str, message: str) -> InputRefused:
    details = {"field": "params", "parameter": name}
    return InputRefused(message, code="report_parameter", details=details)


def resolve(parameters: Mapping[str, Parameter], kept: Values, now: datetime) -> dict[str, Any]:
    """Every parameter's value of its type; what an older job kept of others is left out."""
    return {name: p.resolved(kept.get(name), now) for name, p in parameters.items()}


def bound(parameters: Mapping[str, Parameter], values: Values) -> dict[str, tuple[Any, Any]]:
    """What SQL may name, with its SQL type. A month `first` also binds `first_year`, `first_month`
    and `first_end`, the first day after it.
    """
    found: dict[str, tuple[Any, Any]] = {}
    for name, parameter in parameters.items():
        value = values.get(name)
        found[name] = (value, KINDS[parameter.type].sql)
        if parameter.type == "month":
            found[f"{name}_year"] = (value and value.year, BigInteger())
            found[f"{name}_month"] = (value and value.month, BigInteger())
            found[f"{name}_end"] = (value and months_on(value, 1), Date())
    return found


def told(parameters: Mapping[str, Parameter], kept: Values, values: Values) -> list[dict[str, str]]:
    """Each parameter in words: a relative day with the day it was in this run."""
    found = []
    for name, parameter in parameters.items():
        value, text = values.get(name), ""
        if value is not None:
            text = f"{value:%Y-%m}" if parameter.type == "month" else str(value)
            text = {True: "yes", False: "no"}[value] if parameter.type == "boolean" else text
            text = f"{text} ({kept[name]})" if is_relative(parameter, kept[name]) else text
        found.append({"name": name, "label": label_of(name, parameter), "value": text})
    return found


def is_relative(parameter: Parameter, kept: Any) -> bool:
    return parameter.type in ("date", "month") and not str(kept)[:1].isdigit()


def label_of(name: str, parameter: Parameter) -> str:
    return parameter.label or name.replace("_", " ").capitalize()


def shown(value: Any) -> str:
    return f'"{value[:60]}"' if isinstance(value, str) else repr(value)[:60]
