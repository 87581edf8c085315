"""What an engineer writes for a report; see docs/reports.md."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import Connection, TextClause, bindparam, text

from dashboard.errors import ConfigurationError
from dashboard.jobs.registry import JobType
from dashboard.reports.parameters import READS, Parameter, bound, check_parameter

if TYPE_CHECKING:
    import pandas as pd

CHARTS = ("bar", "line", "stacked")
EVERY = "*"
DIALECTS = ("postgresql", "sqlite")


@dataclass(frozen=True, slots=True)
class Chart:
    """`kind` is bar, line or stacked (bars); `x` one column of the result, `y` one or several of
    numbers, or "*": every other column of numbers.
    """

    kind: str
    x: str
    y: str | Sequence[str]

    @property
    def series(self) -> tuple[str, ...]:
        """The named ones; none for "*"."""
        if self.y == EVERY:
            return ()
        return (self.y,) if isinstance(self.y, str) else tuple(self.y)


@dataclass(frozen=True, slots=True)
class Column:
    """How a column of the result is shown: its label, the unit in its head, digits behind the
    point, thousands grouped or not (years). Files keep the column's own name and the exact values.
    """

    label: str = ""
    unit: str = ""
    digits: int | None = None
    grouped: bool = True


class Report:
    """Either `sql` (text with `:name` parameters, one statement that reads; or one text for each
    database, by "postgresql" and "sqlite") or a method `run`.

    `key` names the columns by which rows of two runs are the same; without one, runs are not
    compared. A result of more than `row_limit` rows is cut there, and says so. `timeout` is in
    seconds, `memory` in bytes, for the process the report runs in.
    """

    parameters: ClassVar[Mapping[str, Parameter]] = {}
    sql: ClassVar[str | Mapping[str, str]] = ""
    chart: ClassVar[Chart | None] = None
    key: ClassVar[str | Sequence[str]] = ()
    columns: ClassVar[Mapping[str, Column]] = {}
    row_limit: ClassVar[int] = 100_000
    timeout: ClassVar[float] = 60.0
    memory: ClassVar[int] = 1 << 30

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, parameter in cls.parameters.items():
            check_parameter(name, parameter)
        check_sql(cls)
        check_limits(cls)

    def run(self, connection: Connection, parameters: Mapping[str, Any]) -> "pd.DataFrame":
        """The result, by code. The connection reads one moment and refuses to write; a month is
        its first day, a parameter nobody gave is None.
        """
        raise NotImplementedError

    @property
    def key_columns(self) -> tuple[str, ...]:
        return (self.key,) if isinstance(self.key, str) else tuple(self.key)

    @property
    def named_columns(self) -> dict[str, str]:
        """Columns the result must have, and what each is needed for."""
        needed = dict.fromkeys(self.columns, "its label and format")
        needed |= dict.fromkeys(self.key_columns, "the key")
        if self.chart is not None:
            needed |= dict.fromkeys((self.chart.x, *self.chart.series), "the chart")
        return needed

    def sql_for(self, dialect: str) -> str:
        return self.sql if isinstance(self.sql, str) else self.sql.get(dialect, "")

    def statement(
        self, dialect: str, values: Mapping[str, Any]
    ) -> tuple[TextClause, dict[str, Any]]:
        """The text with its parameters bound, never written into it, and their values.

        Raises ConfigurationError when there is no text for this database.
        """
        if not self.sql_for(dialect):
            raise broken(type(self), f"has no sql for {dialect}.")
        clause = text(self.sql_for(dialect))
        used = {n: v for n, v in bound(self.parameters, values).items() if n in names_of(clause)}
        typed = [bindparam(name, type_=kind) for name, (_, kind) in used.items()]
        return clause.bindparams(*typed), {name: value for name, (value, _) in used.items()}


def names_of(clause: TextClause) -> set[str]:
    return set(clause.compile().params)


def writes_code(cls: type[Report]) -> bool:
    return cls.run is not Report.run


def check_sql(cls: type[Report]) -> None:
    """One way to its rows, and no name in the text that is no parameter."""
    texts = {"": cls.sql} if isinstance(cls.sql, str) else dict(cls.sql)
    if any(texts.values()) and writes_code(cls):
        raise broken(cls, "has sql and a method run. Keep one of them.")
    for dialect, sql in texts.items():
        if dialect and dialect not in DIALECTS:
            raise broken(cls, f"has sql for {dialect!r}. Use {' and '.join(DIALECTS)}.")
        if not sql:
            continue
        if not READS.match(sql):
            raise broken(cls, "has sql that does not begin with SELECT, WITH, VALUES or TABLE.")
        known = set(bound(cls.parameters, {}))
        if unknown := sorted(names_of(text(sql)) - known):
            raise broken(
                cls,
                f"names :{unknown[0]} in its sql, which is no parameter"
                f" (known: {', '.join(cls.parameters) or 'none'}; write \\: for a colon).",
            )


def check_limits(cls: type[Report]) -> None:
    if cls.chart is not None and cls.chart.kind not in CHARTS:
        raise broken(cls, f"has a chart of the kind {cls.chart.kind!r}. Use {', '.join(CHARTS)}.")
    if cls.row_limit < 1 or cls.timeout <= 0 or cls.memory < 256 << 20:
        raise broken(cls, "needs row_limit from 1, timeout above 0 and memory from 256 MB.")


def report_for(job_type: JobType) -> Report:
    """The type's report. Raises ConfigurationError."""
    cls = job_type.load_report()
    if not isinstance(cls, type) or not issubclass(cls, Report):
        raise ConfigurationError(
            f"Job type {job_type.name!r}: {job_type.report} is no Report class."
        )
    if not cls.sql and not writes_code(cls):
        raise broken(cls, "has neither sql nor a method run.")
    return cls()


def broken(cls: type[Report], what: str) -> ConfigurationError:
    return ConfigurationError(f"Report {cls.__name__} {what}")
