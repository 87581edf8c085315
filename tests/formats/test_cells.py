"""Cells that go out to spreadsheets."""

import pytest

from dashboard.lib.cells import escape_formula, write_csv_rows


@pytest.mark.parametrize("cell", ["=1+1", "+1", "@x", "\tx", "\rx", "-1+1", "-x", "-", "-١"])  # noqa: RUF001
def test_what_a_spreadsheet_would_run_is_escaped(cell: str) -> None:
    assert escape_formula(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["-1", "-1.5", "-2e10", "1", "x=1", "'", "", " =1"])
def test_other_cells_stay(cell: str) -> None:
    assert escape_formula(cell) == cell


def test_rows_become_csv() -> None:
    rows = [["a", "b"], [None, 'x,"y"'], ["=1", "é\n"]]
    assert b"".join(write_csv_rows(rows)) == 'a,b\r\n,"x,""y"""\r\n\'=1,"é\n"\r\n'.encode()


def test_rows_are_streamed() -> None:
    pieces = list(write_csv_rows(["x" * 1000] for _ in range(200)))
    assert len(pieces) > 2
    assert b"".join(pieces).count(b"\r\n") == 200
