"""Columns of texts joined into the bytes of rows, all rows of a batch at once."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

pc: Any = pyarrow.compute  # its published types know only some calls

# What is joined at a time: small enough for memory, and of a wide table still enough rows to be
# worth a call for each column.
SLICE_CELLS, LEAST_ROWS = 100_000, 250
SLICE_BYTES = 4 << 20


class Line:
    """What stands in every row, in order: fixed texts and columns.

    Neighbouring fixed texts become one: each part costs the join something for every row.
    """

    def __init__(self) -> None:
        self._parts: list[Any] = []

    def add(self, *parts: Any) -> None:
        """`parts` are strings and string arrays."""
        for part in parts:
            if isinstance(part, str) and self._parts and isinstance(self._parts[-1], str):
                self._parts[-1] += part
            else:
                self._parts.append(part)

    def joined(self, null: str = "") -> bytes:
        """The rows, with `null` where a column is null."""
        return separated(self._parts, "", null)


def separated(columns: Sequence[Any], mark: str, null: str = "") -> bytes:
    """Rows of the columns with `mark` between them, and `null` where one is null."""
    options = {"null_handling": "replace", "null_replacement": null}
    return data_of(pc.binary_join_element_wise(*columns, mark, **options))


def nullable(*parts: Any) -> tuple[Any, ...]:
    """Parts of a line; if one of them is null in a row, none of them stands there."""
    if any(part.null_count for part in parts if not isinstance(part, str)):
        return (whole(*parts),)
    return parts


def whole(*parts: Any) -> Any:
    """The parts as one column, null where one of them is."""
    return pc.binary_join_element_wise(*parts, "", null_handling="emit_null")


def octets_of(texts: Any) -> Any:
    """The bytes of a string array without breaks between them, as numpy sees them."""
    _, offsets, data = texts.buffers()
    if data is None or not len(texts):
        return np.empty(0, np.uint8)
    bounds = np.frombuffer(offsets, np.int32, texts.offset + len(texts) + 1)
    return np.frombuffer(data, np.uint8)[bounds[texts.offset] : bounds[-1]]


def data_of(texts: Any) -> bytes:
    return bytes(octets_of(texts).data)


def holds(texts: Any, wanted: Any) -> bool:
    """Does any byte stand in `wanted`, a table of 256 truths?"""
    return bool(wanted[octets_of(texts)].any())


def byte_table(octets: Iterable[int]) -> Any:
    table = np.zeros(256, np.bool_)
    table[list(octets)] = True
    return table


def slices(batches: Iterable[Any], schema: Any) -> Iterator[Any]:
    """Record batches of the schema's types that are small enough to be joined at once.

    `batches` may be tables too. Raises ValueError for another number of columns, and what Arrow
    raises for values that do not fit.
    """
    for batch in batches:
        if batch.num_columns != len(schema):
            raise ValueError(f"{batch.num_columns} columns for {len(schema)} of the schema")
        for part in batch.to_batches() if isinstance(batch, pa.Table) else (batch,):
            yield from sliced(as_schema(part, schema))


def as_schema(batch: Any, schema: Any) -> Any:
    """Names and types as the schema has them."""
    if batch.schema.equals(schema):
        return batch
    columns = [
        column if column.type == field.type else column.cast(field.type)
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def sliced(batch: Any) -> Iterator[Any]:
    rows = batch.num_rows
    if not rows:
        return
    by_cells = max(LEAST_ROWS, SLICE_CELLS // max(batch.num_columns, 1))
    by_bytes = rows * SLICE_BYTES // max(batch.nbytes, 1)
    step = max(1, min(by_cells, by_bytes))
    for start in range(0, rows, step):
        yield batch.slice(start, step)
