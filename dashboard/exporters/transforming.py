"""The exporter's `transform` over the records of a part; the first part says what the file has."""

from typing import Any

import pyarrow as pa

from dashboard.errors import JobEngineError
from dashboard.exporters.exporter import Exporter


class TransformError(JobEngineError):
    """The hook gave back something that cannot be written."""

    code = "hook_failed"


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
