"""A job's failures as a person reads them: by cause, searched, paged, and as a file to correct."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, Select, String, cast, func, or_, select

from dashboard.lib.keyset import Cursor, Keyset, Page
from dashboard.models.columns import table_of
from dashboard.models.job import Job, JobFailure

FAILURE = table_of(JobFailure)
PAGE_ROWS, MOST_CAUSES, BATCH = 25, 12, 2000
ESCAPE = "\\"
ORDER: Keyset[Any] = Keyset(
    (FAILURE.c.row, FAILURE.c.id), lambda row: (row.row, row.id), descending=False, size=PAGE_ROWS
)
CURSOR_TYPES = (int, int)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which failures: a cause (column and code) and words in any cell of them."""

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
        return self.cause or bool(self.q)


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


def failed_rows_csv(engine: Engine, job: Job, wanted: Filter) -> Iterator[str]:
    """The refused rows as the file gave them, then row number and what is wrong with each.

    Read in batches, each in its own short transaction: a slow reader holds nothing open.
    """
    columns = list(job.layout.get("columns", ()))
    yield line([*columns, *own_columns(columns)])
    for batch in batches(engine, job.id, wanted):
        yield "".join(line(cells) for cells in batch)


def own_columns(columns: list[str]) -> list[str]:
    """Names for our two columns that the file does not use itself."""
    names = ["row in file", "what is wrong"]
    while set(names) & set(columns):
        names = [f"{name}*" for name in names]
    return names


def batches(engine: Engine, job_id: int, wanted: Filter) -> Iterator[list[list[Any]]]:
    """Whole rows only: the last row of a batch may have more cells, so it opens the next one."""
    order: Keyset[Any] = Keyset(ORDER.columns, ORDER.key, descending=False, size=BATCH)
    cursor: Cursor | None = None
    held: list[Any] = []
    while True:
        query = filtered(select(FAILURE).where(FAILURE.c.job_id == job_id), wanted)
        with engine.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            found = list(connection.execute(order.select(query, cursor)).all())
        last = len(found) <= BATCH
        rows = [(number, list(cells)) for number, cells in groupby(held + found[:BATCH], row_of)]
        held = [] if last else rows.pop()[1]
        yield [file_row(number, cells) for number, cells in rows]
        if last:
            return
        cursor = Cursor(order.key(found[BATCH - 1]))


def row_of(failure: Any) -> int:
    return int(failure.row)


def file_row(number: int, cells: list[Any]) -> list[Any]:
    wrong = " ".join(f"{cell.column}: {cell.message}".removeprefix(": ") for cell in cells)
    return [*json.loads(cells[0].record), number, wrong]


def line(cells: list[Any]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()


def filter_from(args: Mapping[str, str]) -> Filter:
    """From the query of an address; an empty code is no cause."""
    code = args.get("code") or None
    return Filter(args.get("column", "") if code else None, code, args.get("q", "").strip()[:200])
