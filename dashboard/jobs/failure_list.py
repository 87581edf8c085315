"""A job's failures as a person reads them: by cause, searched, paged."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, String, cast, func, or_, select

from dashboard.lib.keyset import Cursor, Keyset, Page
from dashboard.models.columns import table_of
from dashboard.models.job import Job, JobFailure

FAILURE = table_of(JobFailure)
PAGE_ROWS, MOST_CAUSES = 25, 12
ESCAPE = "\\"
ORDER: Keyset[Any] = Keyset(
    (FAILURE.c.row, FAILURE.c.id), lambda row: (row.row, row.id), descending=False, size=PAGE_ROWS
)
CURSOR_TYPES = (int, int)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which failures: a cause (column and code) or a column, and words in any cell of them."""

    column: str | None = None
    code: str | None = None
    q: str = ""

    @property
    def cause(self) -> bool:
        return self.code is not None

    @property
    def args(self) -> dict[str, str]:
        """As the query of an address; `filter_from` reads it back."""
        found = {"column": self.column or "", "code": self.code or "", "q": self.q}
        return {name: value for name, value in found.items() if value}

    def __bool__(self) -> bool:
        return self.cause or bool(self.column or self.q)


@dataclass(frozen=True, slots=True)
class Cause:
    """Failures with one column and one code; `example` is the message of one of them."""

    column: str
    code: str
    cells: int
    example: str


def causes(connection: Connection, job_id: int) -> list[Cause]:
    """The most frequent first."""
    cells = func.count().label("cells")
    query = (
        select(FAILURE.c.column, FAILURE.c.code, cells, func.min(FAILURE.c.message))
        .where(FAILURE.c.job_id == job_id)
        .group_by(FAILURE.c.column, FAILURE.c.code)
        .order_by(cells.desc(), FAILURE.c.column)
        .limit(MOST_CAUSES)
    )
    return [Cause(*row) for row in connection.execute(query)]


def filtered(query: Select[Any], wanted: Filter) -> Select[Any]:
    if wanted.code is not None:
        query = query.where(
            FAILURE.c.code == wanted.code, FAILURE.c.column == (wanted.column or "")
        )
    elif wanted.column:
        query = query.where(FAILURE.c.column == wanted.column)
    if not wanted.q:
        return query
    pattern = contains(wanted.q)
    texts = (FAILURE.c.value, FAILURE.c.message, FAILURE.c.column, FAILURE.c.record)
    found = [text.ilike(pattern, escape=ESCAPE) for text in texts]
    return query.where(or_(*found, cast(FAILURE.c.row, String) == wanted.q.replace(",", "")))


def contains(text: str) -> str:
    """A LIKE pattern that takes the text literally."""
    for special in (ESCAPE, "%", "_"):
        text = text.replace(special, ESCAPE + special)
    return f"%{text}%"


def failures(
    connection: Connection, job: Job, wanted: Filter, cursor: Cursor | None
) -> Page[dict[str, Any]]:
    """One page in the order of the file; each with its `record` as (column, cell) pairs."""
    query = filtered(select(FAILURE).where(FAILURE.c.job_id == job.id), wanted)
    page = ORDER.page(connection.execute(ORDER.select(query, cursor)).all(), cursor)
    columns = list(job.layout.get("columns", ()))
    rows = [
        {**row._mapping, "record": list(zip(columns, json.loads(row.record), strict=False))}
        for row in page.rows
    ]
    return Page(rows, page.previous, page.next)


def filter_from(args: Mapping[str, str]) -> Filter:
    """From the query of an address; an empty code is no cause."""
    code = args.get("code") or None
    column = args.get("column", "") if code else args.get("column") or None
    return Filter(column, code, args.get("q", "").strip()[:200])
