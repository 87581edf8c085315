"""Parquet: every type as exact text, read apart from this process; hostile files are refused."""

import uuid
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashboard.errors import FileRefused
from dashboard.formats.arrow_text import CellProblem, texts
from dashboard.formats.parquet import (
    count_parquet,
    inspect_parquet,
    parquet_batches,
    preview_parquet,
)
from dashboard.formats.parquet_file import ParquetTable
from dashboard.formats.reading_choices import Reading
from dashboard.formats.table_form import read_batch

READING = Reading()
at = datetime.fromisoformat
LATE = 253_402_300_800_000_000  # microseconds to the year 10000


def write(path: Path, table: pa.Table, **options: Any) -> Path:
    pq.write_table(table, path / "x.parquet", **options)
    return path / "x.parquet"


def read_here(path: Path) -> list[dict[str, Any]]:
    """By the code the child runs, in this process."""
    return [row for batch in ParquetTable(path).batches() for row in batch.to_pylist()]


def first_column(path: Path) -> list[str | None]:
    return [next(iter(row.values())) for row in read_here(path)]


D = Decimal
MAP = pa.map_(pa.string(), pa.int8())
TYPED: list[tuple[Any, list[str | None]]] = [
    (pa.array([1, None, -5]), ["1", None, "-5"]),
    (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
    (pa.array([1.0, 0.1, 1e16, None, -0.0]), ["1.0", "0.1", "1e+16", None, "-0.0"]),
    (pa.array([1.0, 1234567.25, None, -5.0]), ["1.0", "1234567.25", None, "-5.0"]),
    (pa.array([1.5e-7, 123456789012.5]), ["1.5e-07", "123456789012.5"]),
    (pa.array([float("nan"), float("inf"), -float("inf")]), ["NaN", "Infinity", "-Infinity"]),
    (pa.array([0.1, 3.4e38], pa.float32()), ["0.1", "3.4e+38"]),
    (pa.array(np.array([65504, 1.5], np.float16)), ["65504.0", "1.5"]),
    (pa.array([D("1.50"), None], pa.decimal128(9, 3)), ["1.500", None]),
    (pa.array([D("0.0000001")], pa.decimal128(38, 10)), ["0.0000001000"]),
    (pa.array([D("12300")], pa.decimal128(5, -2)), ["12300"]),
    (pa.array([D("1.5")], pa.decimal256(50, 2)), ["1.50"]),
    (pa.array([True, None, False]), ["true", None, "false"]),
    (pa.array([date(2013, 1, 31), None]), ["2013-01-31", None]),
    (pa.array([86_400_000], pa.date64()), ["1970-01-02"]),
    (pa.array([time(5, 15), time(5, 15, 0, 1)]), ["05:15:00", "05:15:00.000001"]),
    (pa.array([1500], pa.time32("ms")), ["00:00:01.500"]),
    (pa.array([at("2013-01-31T05:15:00")]), ["2013-01-31T05:15:00"]),
    (pa.array([LATE], pa.timestamp("us")), ["10000-01-01T00:00:00"]),
    (pa.array([10], pa.timestamp("us")), ["1970-01-01T00:00:00.000010"]),
    (pa.array([1_000], pa.timestamp("ns")), ["1970-01-01T00:00:00.000001"]),
    (pa.array([1], pa.timestamp("ns")), ["1970-01-01T00:00:00.000000001"]),
    (pa.array([0], pa.timestamp("s", "Europe/Berlin")), ["1970-01-01T00:00:00Z"]),
    (pa.array([0], pa.timestamp("ms", "+05:30")), ["1970-01-01T00:00:00Z"]),
    (pa.array([86_399_500, None], pa.duration("ms")), ["PT86399.5S", None]),
    (pa.array([None, None]), [None, None]),
    (pa.array(["007", "", None, "é"]), ["007", "", None, "é"]),
    (pa.array(["a", None], pa.large_string()), ["a", None]),
    (pa.array(["a", None], pa.string_view()), ["a", None]),
    (pa.array(["b", None, "b"]).dictionary_encode(), ["b", None, "b"]),
    (pa.array([b"caf\xc3\xa9", None]), ["café", None]),
    (pa.array([b"ab"], pa.binary(2)), ["ab"]),
    (pa.array([[1, None], None, []]), ["[1,null]", None, "[]"]),
    (pa.array([[1.5, float("nan")]]), ['[1.5,"NaN"]']),
    (pa.array([{"a": 1, "b": 'x"é'}, None]), ['{"a":1,"b":"x\\"é"}', None]),
    (pa.array([[{"d": date(2020, 1, 1), "n": D("1.10")}]]), ['[{"d":"2020-01-01","n":1.10}]']),
    (pa.array([[("k", 1), ("l", None)]], MAP), ['{"k":1,"l":null}']),
    (pa.array([[], None], MAP), ["{}", None]),
    (pa.array([[(1, "x")]], pa.map_(pa.int8(), pa.string())), ['[[1,"x"]]']),
    (pa.array([[1, 2], None], pa.list_(pa.int8(), 2)), ["[1,2]", None]),
    (pa.array([uuid.UUID(int=5).bytes], pa.binary(16)).cast(pa.uuid()), [str(uuid.UUID(int=5))]),
]  # fmt: skip


@pytest.mark.parametrize(("array", "expected"), TYPED)
def test_a_type_as_text(array: Any, expected: list[str | None]) -> None:
    assert texts(array).to_pylist() == expected
    assert texts(pa.concat_arrays([array, array]).slice(len(array))).to_pylist() == expected


def is_kept(kind: Any) -> bool:
    """Does Parquet know the type, just so?"""
    return not (pa.types.is_decimal(kind) and kind.scale < 0)


@pytest.mark.parametrize("array", [array for array, _ in TYPED if is_kept(array.type)])
def test_a_type_through_a_file(tmp_path: Path, array: Any) -> None:
    assert first_column(write(tmp_path, pa.table({"a": array}))) == texts(array).to_pylist()


@pytest.mark.parametrize(
    ("array", "position", "code"),
    [
        (pa.array([b"ok", b"\xff"]), 1, "wrong_encoding"),
        (pa.array([0, 2**62], pa.timestamp("us")), 1, "out_of_range"),
        (pa.array([0, 2**31 - 1], pa.date32()), 1, "out_of_range"),
    ],
)
def test_what_no_text_can_stand_for(array: Any, position: int, code: str) -> None:
    with pytest.raises(CellProblem) as problem:
        texts(array)
    assert (problem.value.position, problem.value.code) == (position, code)


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "1970-01-01T00:00:00"),
        (1_234_567_891, "1970-01-01T00:00:01.234567891"),
        (-1, "1969-12-31T23:59:59.999999999"),
        (1_000, "1970-01-01T00:00:00.000001"),
    ],
)
def test_old_times_keep_their_nanoseconds(tmp_path: Path, nanoseconds: int, text: str) -> None:
    table = pa.table({"t": pa.array([nanoseconds, None], pa.timestamp("ns"))})
    path = write(tmp_path, table, use_deprecated_int96_timestamps=True)
    assert first_column(path) == [text, None]


def test_old_times_past_2262_do_not_wrap(tmp_path: Path) -> None:
    table = pa.table({"t": pa.array([LATE, LATE + 5, -LATE // 2], pa.timestamp("us"))})
    path = write(tmp_path, table, use_deprecated_int96_timestamps=True)
    assert first_column(path)[:2] == ["10000-01-01T00:00:00", "10000-01-01T00:00:00.000005"]


def test_old_times_inside_a_value_are_refused(tmp_path: Path) -> None:
    table = pa.table({"t": pa.array([[1]], pa.list_(pa.timestamp("ns")))})
    path = write(tmp_path, table, use_deprecated_int96_timestamps=True)
    with pytest.raises(FileRefused) as refusal:
        read_here(path)
    assert refusal.value.code == "parquet_unsupported"


def test_rows_are_numbered_as_under_a_header(tmp_path: Path) -> None:
    path = write(tmp_path, pa.table({"a": range(50)}), row_group_size=7)
    assert [row["__row"] for row in read_here(path)] == list(range(2, 52))


def test_wide_rows_are_read_few_at_a_time(tmp_path: Path) -> None:
    cells = [chr(97 + n) * 1_000_000 for n in range(20)]
    path = write(tmp_path, pa.table({"a": cells}), use_dictionary=False, compression="none")
    sizes = [batch.num_rows for batch in ParquetTable(path).batches()]
    assert max(sizes) <= 8
    assert sum(sizes) == 20


def test_the_table_form_and_a_preview(tmp_path: Path) -> None:
    columns = [pa.array(range(30)), pa.array(["x"] * 30), pa.array([None] * 30)]
    path = write(tmp_path, pa.Table.from_arrays(columns, names=["a", "a", ""]))
    shown = preview_parquet(path, "x", READING, 2)
    assert shown.found.columns == ("a", "a_2", "column_3")
    assert (shown.rows, shown.numbers) == ([["0", "x", None], ["1", "x", None]], [2, 3])
    assert shown.total_rows == count_parquet(path, "x", READING) == 30
    [batch] = parquet_batches(path, "x", READING)
    assert (batch.rows, batch.first_row, batch.columns) == (30, 2, shown.found.columns)
    assert read_batch(batch.data, ["a_2"]).table["a_2"].to_pylist() == ["x"] * 30


def damaged_middle(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[10:200] = b"\xff" * 190
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda path: path.write_bytes(b""), "parquet_unreadable"),
        (lambda path: path.write_bytes(b"PAR1 and no more PAR1"), "parquet_unreadable"),
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "parquet_unreadable"),
        (damaged_middle, "parquet_unreadable"),
        (lambda path: pq.write_table(pa.table({"a": [1]}).slice(1), path), "no_rows"),
        (lambda path: pq.write_table(pa.table({"a": ["x", "\0"]}), path), "nul_byte"),
        (lambda path: pq.write_table(pa.table({"a": [b"\xff"]}), path), "wrong_encoding"),
    ],
)
def test_what_is_refused(tmp_path: Path, spoil: Any, code: str) -> None:
    path = write(tmp_path, pa.table({"a": ["some text"] * 1000}), use_dictionary=False)
    spoil(path)
    with pytest.raises(FileRefused) as refusal:
        list(parquet_batches(path, "x", READING))
    assert refusal.value.code == code


def test_a_file_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    repeated = pa.DictionaryArray.from_arrays(
        pa.array([0] * 100_000, pa.int32()), ["x" * 8_000_000]
    )
    path = write(tmp_path, pa.table({"a": repeated}))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(FileRefused) as refusal:
        list(parquet_batches(path, "x", READING))
    assert refusal.value.code == "parquet_too_large"


def test_no_rows_is_nothing_to_refuse_in_a_preview(tmp_path: Path) -> None:
    path = write(tmp_path, pa.table({"a": pa.array([], pa.int64())}))
    assert preview_parquet(path, "x", READING).rows == []
    assert inspect_parquet(path, "x", READING).columns == ("a",)


def repeated(path: Path, length: int, rows: int) -> Path:
    """A value kept once that stands in every row: a kilobyte of file."""
    places = pa.array([0] * rows, pa.int32())
    values = pa.DictionaryArray.from_arrays(places, pa.array(["x" * length]))
    return write(path, pa.table({"a": values}), compression="zstd")


def test_a_row_far_too_long_is_refused(tmp_path: Path) -> None:
    path = repeated(tmp_path, 9 << 20, 30)
    with pytest.raises(FileRefused, match="Row 2 is longer than 8 MB"):
        preview_parquet(path, "x.parquet", READING)


def test_of_very_long_rows_fewer_are_shown(tmp_path: Path) -> None:
    shown = preview_parquet(repeated(tmp_path, 3 << 20, 30), "x.parquet", READING)
    assert (len(shown.rows), shown.numbers, shown.total_rows) == (2, [2, 3], 30)
