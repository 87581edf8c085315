"""Rows of another database: PostgreSQL, MySQL, MariaDB or SQLite."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import URL, ColumnElement, Select, column, literal, literal_column, select, text
from sqlalchemy import table as table_clause
from sqlalchemy.types import NullType

from dashboard.formats.naming import unique_names
from dashboard.sync.source import (
    Ask,
    Cursor,
    Environment,
    Page,
    SourceError,
    Word,
    expect,
    is_word,
    names_of,
    reveal,
)
from dashboard.sync.source_pages import Numbering
from dashboard.sync.sql_source_opening import Database, database, read_url, shown
from dashboard.sync.sql_source_pages import batches
from dashboard.sync.sql_source_values import cursor_json, cursor_value

INNER = "source_rows"
# SQLite's own name for a second column of one name.
SECOND = re.compile(r":\d+$")
# A single colon before a name would be a parameter.
COLON = re.compile(r"(?<![:\\]):(?=[\w$])")


@dataclass(frozen=True, slots=True)
class SqlSource:
    """A `table` (with its schema, if need be) or a `query` (one SELECT), read in one statement.

    `url` holds no password: that is in `password`, or the whole URL in an `Environment`. With a
    `cursor`, a column that grows with every change and is never blank, a run reads the rows beyond
    the last one's value; `lag` (seconds of a time, else a number) steps back that far, for rows
    that are committed late: those within are read again. `statement_seconds` limits each step.
    """

    url: str | Environment
    table: str | None = None
    query: str | None = None
    password: Word | None = None
    cursor: str | None = None
    lag: float = 0
    statement_seconds: float = 600

    def __post_init__(self) -> None:
        expect(
            bool(self.table) != bool(self.query), "A SQL source needs either a table or a query."
        )
        expect(is_word(self.password), "password: use Secret(…) or Environment(…).")
        expect(self.statement_seconds > 0, "statement_seconds: use a number above 0.")
        expect(
            self.lag >= 0 and (self.cursor or not self.lag), "lag: needs a cursor, and no minus."
        )
        if isinstance(self.url, str):
            expect(
                read_url(self.url).password is None,
                "A SQL source's url holds a password. Use password=Secret(…) or Environment(…).",
            )

    @property
    def secret_names(self) -> tuple[str, ...]:
        return names_of(self.password)

    @property
    def whole(self) -> bool:
        return True

    @property
    def rereads(self) -> bool:
        return self.lag > 0

    def describe(self) -> str:
        what = f"table {self.table}" if self.table else "a query"
        if isinstance(self.url, Environment):
            return f"the database in {self.url.name}, {what}"
        return f"{shown(read_url(self.url))}, {what}"

    def read(self, ask: Ask) -> Iterator[Page]:
        """Raises SourceError."""
        with database(self._url(ask), self.statement_seconds, ask.check) as opened:
            names = self._names(opened)
            self._check_cursor(opened, names)
            statement = self._statement(opened, ask.cursor)
            opened.execute(statement)
            numbering, name, seen = Numbering(), self.table or self.describe(), False
            for batch, reached in batches(opened.fetch, names, self.cursor):
                seen = True
                yield numbering.page(name, batch, self._reached(reached))
            if not seen:
                yield numbering.nothing(
                    name, names, cursor=ask.cursor, note=f"{name}: no new rows."
                )

    def _url(self, ask: Ask) -> URL:
        text_of_url = reveal(self.url, ask) if isinstance(self.url, Environment) else self.url
        url = read_url(text_of_url)
        return url if self.password is None else url.set(password=reveal(self.password, ask))

    def _rows(self) -> Any:
        if self.table:
            schema, _, name = self.table.rpartition(".")
            return table_clause(name, schema=schema or None)
        # A line of its own: the query may end in a comment.
        written = COLON.sub(r"\\:", (self.query or "").strip().rstrip(";"))
        return text(f"({written}\n) AS {INNER}")

    def _select(self, *what: Any) -> Select[Any]:
        return select(*(what or (literal_column("*"),))).select_from(self._rows())

    def _names(self, opened: Database) -> Sequence[str]:
        """The columns there are; the statement that tells them reads no row."""
        probe = self._select().where(literal(1) == literal(0))
        names = list(opened.run(lambda: opened.connection.execute(probe)).keys())
        if opened.family == "sqlite":
            names = [SECOND.sub("", name) for name in names]
        if len(set(names)) < len(names):
            doubled = sorted({name for name in names if names.count(name) > 1})
            raise SourceError(
                f"{self.describe()}: two columns have the name {', '.join(doubled)}. Name them"
                " apart (AS), and list the columns instead of *.",
                code="doubled_column",
            )
        return unique_names(names)

    def _check_cursor(self, opened: Database, names: Sequence[str]) -> None:
        if self.cursor is None:
            return
        if self.cursor not in names:
            raise SourceError(
                f"{self.describe()} has no column {self.cursor!r}, which the cursor needs. Columns"
                f" found: {', '.join(names)}.",
                code="columns_changed",
            )
        blank = self._select(literal_column("1")).where(column(self.cursor).is_(None)).limit(1)
        if opened.run(lambda: opened.connection.scalar(blank)) is not None:
            raise SourceError(
                f"{self.describe()}: some rows have no {self.cursor}, so no later run would find"
                " them. Fill it, use another cursor, or a query that leaves these rows out.",
                code="cursor_blank",
            )

    def _statement(self, opened: Database, cursor: Cursor | None) -> Select[Any]:
        statement = self._select()
        if self.cursor is None:
            return statement
        place: ColumnElement[Any] = column(self.cursor)
        if cursor is not None:
            # Bound without a type: the database takes it for what the column is.
            since = literal(self._since(opened, cursor), NullType())
            statement = statement.where(place > since)
        return statement.order_by(place)

    def _since(self, opened: Database, cursor: Cursor) -> Any:
        if cursor.get("column") != self.cursor:
            raise SourceError(
                f"The saved cursor is one of {cursor.get('column')!r}, but the source goes by"
                f" {self.cursor!r} now. Reset the cursor, or run a full refresh.",
                code="cursor_other",
            )
        kept = str(cursor["value"])
        if cursor["kind"] == "text":
            kept = self._earlier_time(kept)
        since = cursor_value(cursor["kind"], kept, mysql=opened.family in ("mysql", "mariadb"))
        return since if isinstance(since, str) else since - type(since)(self.lag)

    def _earlier_time(self, kept: str) -> str:
        """The time `lag` seconds before, written in the same form."""
        if not self.lag:
            return kept
        try:
            earlier = datetime.fromisoformat(kept) - timedelta(seconds=self.lag)
        except ValueError:
            raise SourceError(
                f"lag: the cursor {self.cursor!r} stands at {kept!r}, which is neither a number nor"
                " a time. Leave lag out.",
                code="lag",
            ) from None
        written = earlier.isoformat(sep="T" if "T" in kept else " ")
        return written.replace("+00:00", "Z") if kept.endswith("Z") else written

    def _reached(self, value: Any) -> Mapping[str, Any] | None:
        if value is None:
            return None
        try:
            return {"column": self.cursor, **cursor_json(value)}
        except TypeError as error:
            raise SourceError(
                f"{self.describe()}: {self.cursor} is no cursor, since its values are of the kind"
                f" {error}. Use a time or a number that grows.",
                code="cursor_kind",
            ) from None
