"""Rows of texts as downloads and templates."""

import io
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest

from dashboard.errors import InputRefused
from dashboard.formats.write_options import FORMATS
from dashboard.formats.writing import write_rows

COLUMNS = ["name", "formula"]
ROWS = [["007", "=1+1"], [None, "-1"], ["", "x"]]


def test_csv() -> None:
    data = b"".join(write_rows("csv", COLUMNS, ROWS))
    assert data == b'name,formula\n007,\'=1+1\n,-1\n"",x\n'


def test_formulas_are_kept_for_programs() -> None:
    data = b"".join(write_rows("csv", COLUMNS, ROWS, escape_formulas=False))
    assert b"\n007,=1+1\n" in data


def test_a_workbook() -> None:
    data = b"".join(write_rows("xlsx", COLUMNS, ROWS))
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    found = [list(row) for row in sheet.iter_rows(2, values_only=True)]
    assert found == [["007", "'=1+1"], [None, "-1"], ["", "x"]]


@pytest.mark.parametrize("format", FORMATS)
def test_no_rows_are_a_file_all_the_same(format: str) -> None:
    data = b"".join(write_rows(format, COLUMNS, []))
    assert data or format == "json-lines"


@pytest.mark.parametrize("format", ["csv", "json-lines", "xlsx"])
def test_pieces_come_while_rows_are_still_made(format: str) -> None:
    made = 0

    def rows() -> Iterator[Any]:
        nonlocal made
        for _ in range(200_000):
            made += 1
            yield "some text that takes its place", None

    pieces = write_rows(format, COLUMNS, rows())
    for _, _ in zip(range(6), pieces, strict=False):
        pass
    assert 0 < made < 150_000


@pytest.mark.parametrize("format", FORMATS)
def test_a_row_of_another_width_is_an_error(format: str) -> None:
    with pytest.raises(ValueError, match="2 values for 1 columns"):
        list(write_rows(format, ["a"], [["x", "y"]]))


def test_a_format_that_is_not_there() -> None:
    with pytest.raises(InputRefused, match="format 'xml' is not available"):
        write_rows("xml", ["a"], [])
