"""The exporter's `transform` over some records after the other; the first say what the file has."""

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from dashboard.errors import JobEngineError
from dashboard.exporters.exporter import Exporter

# What the hook gets at a time, about.
BATCH_ROWS, BATCH_BYTES = 25_000, 16 << 20


class TransformError(JobEngineError):
    """The hook gave back something that cannot be written."""

    code = "hook_failed"


def gathered(tables: Iterable[Any], schema: Any) -> Iterator[Any]:
    """Small tables as larger ones, for the hook; a single empty one when there are no records."""
    held: list[Any] = []
    rows = size = 0
    given = False
    for table in tables:
        held.append(table)
        rows, size = rows + table.num_rows, size + table.nbytes
        if rows >= BATCH_ROWS or size >= BATCH_BYTES:
            yield pa.concat_tables(held)
            held, rows, size, given = [], 0, 0, True
    if held or not given:
        yield pa.concat_tables(held or [schema.empty_table()])


def transformed(exporter: Exporter, table: Any, schema: Any | None = None) -> Any:
    """The table the hook makes of this one; `schema`, if there is one, is what it has to be."""
    import pandas as pd

    frame = exporter.transform(table.to_pandas(types_mapper=pd.ArrowDtype))
    if not hasattr(frame, "columns"):
        raise TransformError("transform() must return the DataFrame.")
    made = without_nulls(
        pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
    )
    return made if schema is None else conformed(made, schema)


def without_nulls(table: Any) -> Any:
    """A column without any value has no type yet: text."""
    for place, field in enumerate(table.schema):
        if pa.types.is_null(field.type):
            text = field.with_type(pa.string())
            table = table.set_column(place, text, table.column(place).cast(pa.string()))
    return table


def conformed(table: Any, schema: Any) -> Any:
    if table.column_names != schema.names:
        raise TransformError(
            f"transform() made the columns {', '.join(table.column_names)} of one part and"
            f" {', '.join(schema.names)} of the first. Make the same columns of every part."
        )
    try:
        return table.cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise TransformError(
            "transform() made a column of one part that does not have its type of the first part:"
            f" {error}. Give the column one type, for example by astype()."
        ) from error
