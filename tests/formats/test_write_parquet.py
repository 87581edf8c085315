"""Parquet from record batches: the types of the schema, a row group at a time."""

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashboard.formats import write_parquet
from dashboard.formats.write_options import WriteOptions
from dashboard.formats.write_parts import write_batches

PARQUET = WriteOptions("parquet")
TYPES: dict[str, tuple[Any, Any]] = {
    "integer": (2**63 - 1, pa.int64()),
    "number": (0.1, pa.float64()),
    "decimal": (Decimal("1.50"), pa.decimal128(30, 2)),
    "truth": (True, pa.bool_()),
    "date": (date(2013, 1, 31), pa.date32()),
    "stamp": (datetime.fromisoformat("2013-01-31T05:15:00.000007"), pa.timestamp("us")),
    "instant": (datetime(2013, 1, 31, tzinfo=UTC), pa.timestamp("us", "UTC")),
    "time": (time(5, 15), pa.time64("us")),
    "text": ("=1", pa.string()),
    "bytes": (b"\xff", pa.binary()),
}


def read(data: bytes) -> Any:
    return pq.ParquetFile(io.BytesIO(data))


def test_types_and_nulls_are_kept() -> None:
    columns = {name: pa.array([value, None], kind) for name, (value, kind) in TYPES.items()}
    table = pa.table(columns)
    found = read(b"".join(write_batches(PARQUET, table.schema, [table]))).read(use_threads=False)
    assert found.equals(table)


def test_no_rows_are_a_file_all_the_same() -> None:
    schema: Any = pa.schema([("a", pa.int64())])
    assert read(b"".join(write_batches(PARQUET, schema, []))).schema_arrow.equals(schema)


def test_batches_are_gathered_into_row_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_parquet, "GROUP_ROWS", 100)
    table = pa.table({"a": list(range(1_005))})
    batches = table.to_batches(max_chunksize=30)
    found = read(b"".join(write_batches(PARQUET, table.schema, batches)))
    assert found.metadata.num_row_groups == 9
    assert found.read(use_threads=False).equals(table)


def test_batches_take_the_names_and_types_of_the_schema() -> None:
    schema: Any = pa.schema([pa.field("b", pa.int64(), nullable=False)])
    batches = [pa.table({"a": pa.array([1], pa.int16())})]
    found = read(b"".join(write_batches(PARQUET, schema, batches))).read(use_threads=False)
    assert (found.schema.names, found["b"].to_pylist()) == (["b"], [1])


def test_pieces_come_while_rows_are_still_made() -> None:
    made = 0

    def batches() -> Iterator[Any]:
        nonlocal made
        for _ in range(100):
            made += 1
            yield pa.table({"a": list(range(20_000))})

    pieces = write_batches(PARQUET, pa.schema([("a", pa.int64())]), batches())
    next(pieces)
    assert made < 20
