"""Stored results: first rows, sorting, words of values, files, and what changed between two."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashboard.errors import InputRefused, NotFound
from dashboard.formats.write_options import FORMATS, WriteOptions
from dashboard.reports.comparing import Change, compare
from dashboard.reports.results import ShownColumn, file_pieces, first_rows, shown_column
from dashboard.storage.store import Store

N, TEXT = "int64", "string"


@pytest.fixture
def stored(tmp_path):
    store = Store(str(tmp_path / "store"))

    def put(rows):
        body = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows) if isinstance(rows, list) else rows, body)
        body.seek(0)
        return store.put(body, folder="reports", limit=1 << 30).key

    put.store = store
    return put


def test_the_first_rows_as_they_are_or_by_a_column(stored):
    key = stored([{"a": n, "b": b} for n, b in enumerate(["x", None, "a", "m"])])
    assert first_rows(stored.store, key, count=2) == [(0, "x"), (1, None)]
    assert [r[0] for r in first_rows(stored.store, key, sort="b")] == [2, 3, 0, 1]
    assert [r[0] for r in first_rows(stored.store, key, sort="b", down=True)] == [0, 3, 2, 1]
    assert first_rows(stored.store, key, sort="none", count=1) == [(0, "x")]
    with pytest.raises(NotFound):
        first_rows(stored.store, "reports/none")


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        (ShownColumn("n", N), 1234567, "1,234,567"),
        (ShownColumn("n", N, grouped=False), 2013, "2013"),
        (ShownColumn("n", "double"), 2.0, "2"),
        (ShownColumn("n", "double"), 1234.5, "1,234.5"),
        (ShownColumn("n", "double", digits=1), -0.04, "0.0"),
        (ShownColumn("n", "double"), float("inf"), "inf"),
        (ShownColumn("n", "decimal128(5, 2)"), Decimal("1234.50"), "1,234.50"),
        (ShownColumn("n", "decimal128(5, 2)", digits=0), Decimal("1234.50"), "1,234"),
        (ShownColumn("n", "bool"), False, "no"),
        (ShownColumn("n", TEXT), None, "–"),
        (ShownColumn("n", TEXT), "x" * 500, "x" * 199 + "…"),
        (ShownColumn("n", "date32[day]"), date(2026, 1, 2), "2026-01-02"),
        (
            ShownColumn("n", "timestamp"),
            datetime(2026, 1, 2, 3, tzinfo=UTC),
            "2026-01-02 03:00:00 UTC",
        ),
    ],
)
def test_words_of_values(column, value, shown):
    assert column.text(value) == shown


def test_a_column_of_a_newer_version_is_read():
    column = shown_column({"name": "a", "type": N, "label": "A", "unit": "km", "hue": "red"})
    assert (column.heading, column.is_number) == ("A (km)", True)


@pytest.mark.parametrize("format", FORMATS)
def test_files_hold_every_row_and_no_formula(stored, format):
    key = stored([{"a": n, "t": "=1+1"} for n in range(30_000)])
    data = b"".join(file_pieces(stored.store, key, WriteOptions(format=format)))
    if format in ("csv", "tsv"):
        assert data.count(b"\n") == 30_001
        assert data.splitlines()[1].endswith(b"'=1+1")
    elif format == "json-lines":
        assert data.splitlines()[-1] == b'{"a":29999,"t":"=1+1"}'
    elif format == "parquet":
        assert pq.read_table(io.BytesIO(data)).num_rows == 30_000
    else:
        assert data[:2] == b"PK"


@pytest.mark.parametrize("format", FORMATS)
def test_a_result_without_rows_is_a_file_too(stored, format):
    key = stored(pa.table({"a": pa.array([], pa.null()), "b": pa.array([], pa.int64())}))
    data = b"".join(file_pieces(stored.store, key, WriteOptions(format=format)))
    assert data or format == "json-lines"
    assert first_rows(stored.store, key, sort="a") == []


# -- what changed --------------------------------------------------------------------------------

COLUMNS = (ShownColumn("k", TEXT), ShownColumn("n", "double", digits=1), ShownColumn("t", TEXT))


def changes(old, new, key=("k",)):
    return compare(pa.Table.from_pylist(old), pa.Table.from_pylist(new), key, COLUMNS)


def row(k, n=1.0, t="a"):
    return {"k": k, "n": n, "t": t}


def test_rows_added_gone_and_changed():
    old = [row("a"), row("b", 2.0), row("c"), row(None, 3.0)]
    new = [row(None, 4.5), row("b", 2.5, "z"), row("d"), row("a")]
    found = changes(old, new)
    assert found.counts == {"added": 1, "gone": 1, "changed": 2, "same": 1}
    assert [r["k"] for r in found.added] == ["d"]
    assert [r["k"] for r in found.gone] == ["c"]
    assert dict(found.changed) == {
        ("b",): {"n": Change(2.0, 2.5), "t": Change("a", "z")},
        (None,): {"n": Change(3.0, 4.5)},
    }
    assert dict(found.changed)[("b",)]["n"].difference == 0.5
    assert dict(found.changed)[("b",)]["t"].difference is None


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [(1.04, 1.02, False), (1.04, 1.06, True), (None, None, False), (None, 0.0, True),
     (float("nan"), float("nan"), False)],
)  # fmt: skip
def test_a_difference_too_small_to_be_shown_is_none(old, new, changed):
    assert bool(changes([row("a", old), row("b")], [row("a", new), row("b")]).changed) is changed


def test_sums_that_differ_in_their_last_digits_are_the_same():
    columns = (ShownColumn("k", TEXT), ShownColumn("n", "double"))
    old, new = ([{"k": "a", "n": n}] for n in (0.1 + 0.2, 0.3))
    tables = [pa.Table.from_pylist(rows) for rows in (old, new)]
    assert compare(*tables, ("k",), columns).same


def test_other_columns_and_types_are_said_and_compared_as_texts():
    old = [{"k": "a", "n": "1", "x": 1}, {"k": "b", "n": "2", "x": 1}]
    found = changes(old, [{"k": "a", "n": 1.0, "t": "b"}, {"k": "b", "n": 3.0, "t": "b"}])
    assert found.lacking == ("t", "x")
    assert dict(found.changed) == {("b",): {"n": Change("2", 3.0)}}


def test_only_the_first_are_shown():
    found = changes([row("x")], [row(str(n)) for n in range(500)])
    assert (found.counts["added"], len(found.added), found.counts["gone"]) == (500, 100, 1)


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ([row("a")], [row("a")], (), "names no key"),
        ([row("a"), row("a")], [row("a")], ("k",), "the earlier run has 2 rows with a"),
        ([{"n": 1.0}], [row("a")], ("k",), 'no column "k"'),
    ],
)
def test_runs_that_cannot_be_compared(old, new, key, said):
    with pytest.raises(InputRefused, match=said):
        changes(old, new, key)
