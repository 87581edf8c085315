"""The table form: batches that can be read one by one, from any part of a file."""

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dashboard.formats.table_form import TableBatch, make_batch, read_batch, write_batches


def batch(rows: int, *, first: int = 2, cell: str = "x") -> pa.RecordBatch:
    return make_batch(["a", "b"], [[cell] * rows, [None] * rows], range(first, first + rows))


def numbers_of(written: list[TableBatch]) -> list[int]:
    return [number for piece in written for number in read_batch(piece.data).numbers.tolist()]


def test_a_batch_is_read_from_its_place_alone() -> None:
    written = list(write_batches([batch(5), batch(5, first=7)], rows=4))
    whole = b"".join(piece.data for piece in written)
    offset = len(written[0].data)
    rows = read_batch(memoryview(whole)[offset : offset + len(written[1].data)])
    assert rows.numbers.tolist() == [6]
    assert rows.table.to_pydict() == {"a": ["x"], "b": [""]}


@pytest.mark.parametrize("rows", [1, 3, 4, 100])
@pytest.mark.parametrize("text_bytes", [1, 7, 1 << 20])
def test_every_record_is_in_one_batch(rows: int, text_bytes: int) -> None:
    sizes = [3, 1, 0, 9, 2]
    starts = np.cumsum([2, *sizes]).tolist()
    batches = [batch(n, first=s, cell="xx") for n, s in zip(sizes, starts, strict=False)]
    written = list(write_batches(batches, rows=rows, text_bytes=text_bytes))
    assert numbers_of(written) == list(range(2, 17))
    assert all(piece.rows <= rows for piece in written)
    assert all(piece.rows == 1 for piece in written) or text_bytes > 1


def test_small_batches_are_put_together() -> None:
    written = list(write_batches(batch(10, first=2 + 10 * n) for n in range(300)))
    assert [piece.rows for piece in written] == [3000]


def test_large_cells_make_small_batches() -> None:
    written = list(write_batches([batch(10, cell="x" * 500_000)]))
    assert [piece.rows for piece in written] == [4, 4, 2]
    assert [piece.first_row for piece in written] == [2, 6, 10]


def test_a_record_larger_than_a_batch_stands_alone() -> None:
    written = list(write_batches([batch(3, cell="x" * (3 << 20))]))
    assert [piece.rows for piece in written] == [1, 1, 1]


def test_columns_can_be_chosen_and_ordered() -> None:
    [piece] = write_batches([make_batch(["a", "b", "c"], [["1"], ["2"], ["3"]], [9])])
    assert read_batch(piece.data, ["c", "a"]).table.to_pydict() == {"c": ["3"], "a": ["1"]}


def test_a_column_that_came_later_is_blank_before() -> None:
    first, second = write_batches([batch(1), make_batch(["a", "b", "c"], [["x"]] * 3, [3])])
    assert second.columns == ("a", "b", "c")
    assert read_batch(first.data, second.columns).table["c"].to_pylist() == [""]


def test_a_column_may_have_the_name_of_the_row_numbers() -> None:
    [piece] = write_batches([make_batch(["__row"], [["text"]], [7])])
    rows = read_batch(piece.data)
    assert rows.table.to_pydict() == {"__row": ["text"]}
    assert rows.numbers.tolist() == [7]


@pytest.mark.parametrize(("cell", "expected"), [("a\\b", True), ("ab", False), (None, False)])
def test_backslashes_are_told(cell: str | None, expected: bool) -> None:
    [piece] = write_batches([make_batch(["a"], [[cell]], [2])])
    assert read_batch(piece.data).has_backslash is expected


def test_an_import_may_ask_what_it_asks_of_text_rows() -> None:
    [piece] = write_batches([batch(1)])
    rows = read_batch(piece.data)
    assert (rows.raw, rows.quoted, rows.ragged) == (False, True, [])


@pytest.mark.parametrize("cells", [["a", None], pa.chunked_array([["a"], [None]])])
def test_cells_may_be_lists_or_arrow(cells: Any) -> None:
    assert make_batch(["a"], [cells], [1, 2]).column(0).to_pylist() == ["a", None]


def test_no_rows_are_no_batches() -> None:
    assert list(write_batches([batch(0)])) == []
    assert io.BytesIO(b"".join(p.data for p in write_batches([]))).read() == b""
