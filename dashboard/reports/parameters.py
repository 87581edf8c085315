"""What a report asks for: typed parameters, read from a form, the API or the command line.

A value is kept as it was given, so that "start-of-month" means another day in each run; it becomes
a day when the report runs.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Date, text

from dashboard.errors import ConfigurationError, InputRefused
from dashboard.exporters.filters_dates import months_on
from dashboard.reports.parameter_types import KINDS, Choices

NAME = re.compile(r"[a-z][a-z0-9_]*", re.A)
# Comments and opening brackets may stand before the word that reads.
READS = re.compile(
    r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/|\()*(?:select|with|values|table)\b", re.I | re.S
)

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
    if parameter.query and not READS.match(parameter.query):
        raise ConfigurationError(f"{where}: its query does not begin with SELECT.")
    if parameter.query and text(parameter.query).compile().params:
        raise ConfigurationError(f"{where}: its query names a parameter. It has none to name.")


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
