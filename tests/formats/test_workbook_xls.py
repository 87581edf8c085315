"""XLS workbooks: cells of every kind, and those the reader by itself would drop."""

import pytest

from dashboard.errors import FileRefused
from tests.formats.workbook_files import (
    compound,
    record,
    xls,
    xls_error,
    xls_number,
    xls_text,
    xls_truth,
)
from tests.formats.workbook_looks import both, look

HEADED = xls_text(0, 0, "a") + xls_text(0, 1, "b")


def rows(tmp_path, cells, **choices):
    return both(xls(tmp_path / "a.xls", HEADED + cells), **choices)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (xls_number(1, 0, 5), "5"),
        (xls_number(1, 0, 5.1), "5.1"),
        (xls_number(1, 0, 41305, 1), "2013-01-31"),
        (xls_number(1, 0, 41305.21875, 2), "2013-01-31T05:15:00"),
        (xls_text(1, 0, "007 ü"), "007 ü"),
        (xls_text(1, 0, "  "), "  "),
        (xls_truth(1, 0, True), "true"),
        (xls_error(1, 0, 0x2A), "#N/A"),
        (xls_error(1, 0, 0x07), "#DIV/0!"),
    ],
)
def test_cells_of_every_kind(tmp_path, cell, text):
    assert rows(tmp_path, cell + xls_number(1, 1, 1)) == [[text, "1"]]


def test_error_cells_stand_where_they_are(tmp_path):
    cells = xls_text(3, 2, "a") + xls_text(3, 3, "b") + xls_number(4, 2, 1) + xls_error(4, 3, 0x17)
    path = xls(tmp_path / "a.xls", cells + xls_error(6, 2, 0x0F))
    assert both(path) == [["1", "#REF!"], ["#VALUE!", None]]
    assert look(path)["numbers"] == [5, 7]


def test_blank_rows_keep_their_numbers(tmp_path):
    path = xls(tmp_path / "a.xls", HEADED + xls_number(5, 1, 7))
    assert (both(path), look(path)["numbers"]) == ([[None, "7"]], [6])


def test_hidden_sheets_are_passed_over(tmp_path):
    path = xls(tmp_path / "a.xls", HEADED + xls_number(1, 0, 1), hidden=True)
    found = look(path)["found"]
    assert (found.sheet, found.sheets) == ("S2", ("S1", "S2"))


def test_a_workbook_with_a_password_is_refused(tmp_path):
    begin = record(0x809, bytes.fromhex("00060500bb0dcc070000000006000000"))
    locked = begin + record(0x2F, b"\1\0\1\0\1\0" + bytes(48)) + record(0x0A, b"")
    with pytest.raises(FileRefused) as refused:
        look(compound(tmp_path / "a.xls", "Workbook", locked))
    assert refused.value.code == "workbook_encrypted"


def test_a_damaged_workbook_is_refused(tmp_path):
    with pytest.raises(FileRefused) as refused:
        look(compound(tmp_path / "a.xls", "Workbook", b"\x09\x08\xff\xff"))
    assert refused.value.code == "workbook_damaged"
