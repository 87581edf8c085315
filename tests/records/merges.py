"""Merging lists of values into a test's target, through the writer of its database or any."""

from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Engine

from dashboard.errors import RecordsRefused
from dashboard.records.batch import Batch
from dashboard.records.casting import arrow_type
from dashboard.records.fields import Field, type_of
from dashboard.records.loading import writer_for
from dashboard.records.merging import Merge
from dashboard.records.merging_rows import RowMerger
from dashboard.records.refusals import Refusals
from dashboard.records.written import Written
from tests.importers.running import stored
from tests.records.travel import Ticket


def batch_of(model: Any, columns: dict[str, Any], **more: Any) -> Batch:
    """Rows are numbered from 2, as in a file with a header."""
    table = model.__table__
    arrays = {name: array(table.c[name], values) for name, values in columns.items()}
    count = len(next(iter(arrays.values())))
    if "defaults" not in more:
        filled = [c for c in table.columns if c.name not in columns and c.default is not None]
        arrays |= {c.name: array(c, [c.default.arg] * count) for c in filled}
        more["defaults"] = frozenset(c.name for c in filled)
    texts = pa.table({name: pa.array([str(v) for v in vs]) for name, vs in columns.items()})
    refusals = Refusals(texts, np.arange(2, count + 2), {})
    return Batch(table, arrays, np.arange(count), refusals, **more)


def array(column: Any, values: list[Any]) -> Any:
    if isinstance(values, pa.Array):
        return values
    return pa.array(
        values, arrow_type(Field(column.name, column.name, label="", **type_of(column)))
    )


def write(engine: Engine, writer: Any, begin: str = "IMMEDIATE") -> Written:
    with engine.connect().execution_options(sqlite_begin=begin) as connection:
        writer.open(connection)
        try:
            with connection.begin():
                return writer.write(connection)
        finally:
            writer.close(connection)


def merge(
    engine: Engine,
    columns: dict[str, Any],
    *,
    model: Any = Ticket,
    mode: str = "upsert",
    key: tuple[str, ...] = ("code",),
    by_row: bool = False,
    batch: dict[str, Any] | None = None,
    **more: Any,
) -> Written:
    """As the runner does: once, and isolating when something was refused."""
    how = Merge(mode, key, **more)
    for isolate in (False, True):
        held = batch_of(model, columns, **{"isolate": isolate, **(batch or {})})
        make = RowMerger if by_row else lambda b, m: writer_for(engine.dialect.name, b, m)
        try:
            return write(engine, make(held, how), "DEFERRED" if how.compare else "IMMEDIATE")
        except RecordsRefused:
            if isolate:
                raise
    raise AssertionError


def counts(written: Written) -> tuple[int, int, int, int]:
    """(created, updated, unchanged, refused)"""
    return (written.created, written.updated, written.unchanged, len(written.refused))


def codes(written: Written) -> list[tuple[int, str, str]]:
    return [(failure.row, failure.column, failure.code) for failure in written.refused]


def tickets(engine: Engine) -> dict[str, Any]:
    """Code → seat."""
    return {ticket.code: ticket.seat for ticket in stored(engine, Ticket)}
