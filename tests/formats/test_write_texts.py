"""Values as the texts of cells: exact, and the very bytes that PostgreSQL's COPY writes."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.formats.arrow_text import CellProblem
from dashboard.formats.write_texts import cell_texts

D = Decimal
AT = datetime.fromisoformat("2013-01-31T05:15:00")
EAST = timezone(timedelta(hours=2))


def text(value: Any, kind: Any = None) -> Any:
    """As one of several cells: the same as alone."""
    column = pa.array([value, None, value], kind)
    alone, _, again = cell_texts(column).to_pylist()
    assert alone == again == cell_texts(column.slice(2)).to_pylist()[0]
    return alone


VALUES = [
    (-(2**63), pa.int64(), "-9223372036854775808"),
    (2**64 - 1, pa.uint64(), "18446744073709551615"),
    (0.1 + 0.2, None, "0.30000000000000004"),
    (1.0, None, "1"),
    (-0.0, None, "-0"),
    (1e-5, None, "1e-05"),
    (999999999999999.0, None, "999999999999999"),
    (1e15, None, "1e+15"),
    (5e-324, None, "5e-324"),
    (float("nan"), None, "NaN"),
    (-float("inf"), None, "-Infinity"),
    (0.1, pa.float32(), "0.1"),
    (1e6, pa.float32(), "1e+06"),
    (0.5, pa.float16(), "0.5"),
    (D("1.50"), pa.decimal128(5, 2), "1.50"),
    (D("0.0000001"), pa.decimal128(20, 10), "0.0000001000"),
    (D("1E+3"), pa.decimal128(10, 0), "1000"),
    (D("-1.5"), pa.decimal256(60, 2), "-1.50"),
    (True, None, "true"),
    (date(1, 1, 1), None, "0001-01-01"),
    (AT, pa.timestamp("us"), "2013-01-31 05:15:00"),
    (AT.replace(microsecond=500_000), pa.timestamp("us"), "2013-01-31 05:15:00.5"),
    (AT.replace(microsecond=7), pa.timestamp("ns"), "2013-01-31 05:15:00.000007"),
    (AT.replace(second=10), pa.timestamp("ms"), "2013-01-31 05:15:10"),
    (AT.replace(tzinfo=UTC), pa.timestamp("us", "UTC"), "2013-01-31 05:15:00+00:00"),
    (AT.replace(tzinfo=EAST), pa.timestamp("us", "+02:00"), "2013-01-31 03:15:00+00:00"),
    (time(5, 15), pa.time64("us"), "05:15:00"),
    (time(5, 15, 0, 10), pa.time64("us"), "05:15:00.00001"),
    (time(5, 15, 20), pa.time32("s"), "05:15:20"),
    (b"a\xff", None, "\\x61ff"),
    (b"", pa.binary(), "\\x"),
    (b"ab", pa.binary(2), "\\x6162"),
    (UUID(int=5).bytes, pa.uuid(), str(UUID(int=5))),
    ({"a": [1, None]}, None, '{"a":[1,null]}'),
    ("=1\0é", None, "=1\0é"),
    ("x", pa.large_string(), "x"),
    ("x", pa.dictionary(pa.int8(), pa.string()), "x"),
]


@pytest.mark.parametrize(("value", "kind", "expected"), VALUES)
def test_a_value_as_text(value: Any, kind: Any, expected: str) -> None:
    assert text(value, kind) == expected


@pytest.mark.parametrize("kind", [pa.null(), pa.int64(), pa.float64(), pa.binary(), pa.string()])
def test_a_column_without_values(kind: Any) -> None:
    assert cell_texts(pa.array([None, None], kind)).to_pylist() == [None, None]
    assert cell_texts(pa.array([], kind)).to_pylist() == []


def test_a_time_with_and_one_without_a_fraction() -> None:
    column = pa.array([AT, AT.replace(microsecond=120_000)], pa.timestamp("us"))
    found = cell_texts(column).to_pylist()
    assert found == ["2013-01-31 05:15:00", "2013-01-31 05:15:00.12"]


def test_a_date_of_no_calendar_is_a_problem() -> None:
    with pytest.raises(CellProblem):
        cell_texts(pa.array([2**31 - 1], pa.int32()).view(pa.date32()))


FLOATS = st.floats() | st.floats(1e-7, 1e-3) | st.floats(1e12, 1e18)


@given(st.lists(FLOATS, min_size=1, max_size=50))
def test_floats_read_back_the_same(values: list[float]) -> None:
    found = [float(text) for text in cell_texts(pa.array(values)).to_pylist()]
    assert list(map(repr, found)) == list(map(repr, values))


@pytest.fixture(scope="module")
def postgres(postgres_url: str) -> Any:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("SET timezone = 'UTC'")
        yield connection


def copied(postgres: Any, kind: str, values: list[Any]) -> list[str]:
    """What COPY makes of the values."""
    postgres.execute(f"CREATE TEMPORARY TABLE values_{kind} (n serial, v {kind})")
    with postgres.cursor().copy(f"COPY values_{kind} (v) FROM STDIN") as copy:
        for value in values:
            copy.write_row([value])
    query = f"COPY (SELECT v FROM values_{kind} ORDER BY n) TO STDOUT"
    with postgres.cursor().copy(query) as copy:
        return b"".join(copy).decode().splitlines()


@pytest.mark.postgres
@pytest.mark.parametrize(("kind", "size"), [("float4", np.float32), ("float8", np.float64)])
def test_floats_are_written_as_copy_does(postgres: Any, kind: str, size: Any) -> None:
    octets = np.random.default_rng(7).bytes(8_000)
    near = [10.0**n * k for n in range(-8, 20) for k in (1, 1.5, 9.999999)]
    values = np.r_[np.frombuffer(octets, size), np.array(near, size)]
    expected = copied(postgres, kind, [float(value) for value in values])
    pairs = list(zip(cell_texts(pa.array(values)).to_pylist(), expected, strict=True))
    other = [(ours, theirs) for ours, theirs in pairs if ours != theirs]
    # PostgreSQL takes no digits that lie just between two numbers, though they read back the same.
    assert len(other) < len(pairs) / 200
    assert all(size(ours) == size(theirs) for ours, theirs in other)


@pytest.mark.postgres
def test_times_are_written_as_copy_does(postgres: Any) -> None:
    steps = [0, 1, 10, 500_000, 123_456, 10**6, 60 * 10**6]
    values = [AT + timedelta(microseconds=step) for step in steps]
    found = cell_texts(pa.array(values, pa.timestamp("us"))).to_pylist()
    assert found == copied(postgres, "timestamp", values)
