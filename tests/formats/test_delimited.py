"""Layouts, blocks and rows on small files whose answer is plain to see."""

import io

import numpy as np
import pytest

from dashboard.errors import JobEngineError
from dashboard.formats.delimited import Block, Layout, Rows, cut, detect, read_block


def layout_of(data: bytes, **choices: str) -> Layout:
    return detect(io.BytesIO(data), **choices)


def rows_of(data: bytes, **choices: str) -> Rows:
    layout = layout_of(data, **choices)
    [(block, piece)] = cut(io.BytesIO(data), layout)
    return read_block(bytes(piece), layout, block)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiter_is_sniffed_from_the_header(mark: str) -> None:
    assert layout_of(f'a{mark}"b,c;d,;"{mark}e\n1\n'.encode()).delimiter == mark


def test_layout_comes_back_from_json() -> None:
    layout = layout_of(b"\xef\xbb\xbf\n\na;b\r\n1;2\r\n")
    assert Layout.from_json(layout.to_json()) == layout
    assert layout == Layout("utf-8", ";", '"', 3, ("a", "b"), 10, 4)


def test_header_over_two_lines() -> None:
    layout = layout_of(b'"a\nb",c\n1,2\n')
    assert (layout.columns, layout.data_row) == (("a\nb", "c"), 3)


def test_sixteen_hundred_columns_are_read() -> None:
    row = b",".join(b"c%d" % number for number in range(1600)) + b"\n"
    assert rows_of(row + row).table.num_columns == 1600


def test_nothing_is_taken_for_missing_or_for_a_number() -> None:
    cells = ["NA", "null", "007", "1.0", "", " 1 ", "nan", "#N/A", "true", "+5"]
    data = ",".join(f"c{number}" for number in range(10)) + "\n" + ",".join(cells) + "\n"
    assert list(rows_of(data.encode()).table.to_pylist()[0].values()) == cells


def test_blank_lines_shift_no_row_number() -> None:
    assert rows_of(b"a,b\n\n1,2\r\n\r\n\n3,4\n").numbers.tolist() == [3, 6]


def test_row_number_is_the_first_line_of_the_record() -> None:
    assert rows_of(b'a,b\n"1\n\n",2\n3,4\n').numbers.tolist() == [2, 5]


def test_blank_line_in_a_single_column_is_no_record_but_a_quoted_blank_is() -> None:
    rows = rows_of(b'a\n\n""\nx\n')
    assert (rows.table.to_pydict(), rows.numbers.tolist()) == ({"a": ["", "x"]}, [3, 4])


def test_ragged_records_shift_nothing() -> None:
    rows = rows_of(b'a,b\n1,2\n3\n4,5,"6,""x"""\n7,8\n')
    assert [tuple(bad) for bad in rows.ragged] == [
        (3, 1, 2, ["3"]),
        (4, 3, 2, ["4", "5", '6,"x"']),
    ]
    assert (rows.numbers.tolist(), rows.table["a"].to_pylist()) == ([2, 5], ["1", "7"])


def test_block_of_ragged_records_alone() -> None:
    rows = rows_of(b"a,b\n1\n2\n")
    assert (rows.table.num_rows, len(rows.ragged)) == (0, 2)


def test_cell_longer_than_the_csv_modules_limit() -> None:
    long = b"x" * 300_000
    assert rows_of(b'a,b\n1,"' + long + b'"\n').table["b"][0].as_py() == long.decode()


def test_byte_order_mark_at_the_start_of_a_block_is_text() -> None:
    data = "a,b\n\ufeff1,2\n".encode()
    assert rows_of(data).table["a"].to_pylist() == ["\ufeff1"]


def test_quotes_are_text_when_there_is_no_quote() -> None:
    rows = rows_of(b'a,b\n5" pipe,"x\n', quote="")
    assert rows.table.to_pylist() == [{"a": '5" pipe', "b": '"x'}]


def test_raw_slice_of_everything_is_the_block_itself() -> None:
    rows = rows_of(b"a,b\n1,2\n3,4\n")
    assert rows.raw_slice() is rows.data
    assert rows.raw_slice(np.array([False, True])) == b"3,4\n"


def test_raw_slice_ends_lines_by_lf_and_leaves_cells_alone() -> None:
    rows = rows_of(b'a,b\r\n1,"x\r\ny"\r\n\r\n5\r\n3,4')
    assert rows.raw_slice() == b'1,"x\r\ny"\n3,4\n'


def test_starts_and_ends_are_the_records_bytes() -> None:
    rows = rows_of(b"a,b\r\n1,2\r\n\r\n3\r\n44,5")
    spans = zip(rows.starts.tolist(), rows.ends.tolist(), strict=True)
    assert [rows.data[start:end] for start, end in spans] == [b"1,2", b"44,5"]


@pytest.mark.parametrize(("cell", "found"), [(b"\\.", True), (b"x", False)])
def test_backslash_is_noticed(cell: bytes, found: bool) -> None:
    assert rows_of(b"a,b\n1," + cell + b"\n").has_backslash is found


def test_blocks_hold_whole_records_within_the_row_limit() -> None:
    data = b'a,b\n1,"x\ny"\n2,z\n\n3,w\n'
    blocks = [block for block, _ in cut(io.BytesIO(data), layout_of(data), block_rows=2)]
    assert [(b.offset, b.first_row, b.rows) for b in blocks] == [(4, 2, 2), (17, 6, 1)]


def test_a_lost_record_is_noticed() -> None:
    layout = layout_of(b"a,b\n1,2\n")
    with pytest.raises(JobEngineError, match="2 records, but 1"):
        read_block(b"1,2\n", layout, Block(4, 4, 2, 2))
