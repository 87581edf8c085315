"""Cells that go out to spreadsheets, and come back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.lib.cells import FORMULA_STARTS, escape_formula, unescape_formula, write_csv_rows

RISKY = ["=1+1", "+1", "@x", "\tx", "\rx", "\nx", "-1+1", "-x", "-", "-1.", "-.5", "-1\n", "-1e"]
RISKY += ["-\u0661", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20x", "'=1", "''-x"]
HARMLESS = ["-1", "-1.5", "-2e10", "-2.5E-3", "1", "x=1", "'", "''", "'tis", "'-1", "", " =1", "é"]
TEXTS = st.text(st.sampled_from([*FORMULA_STARTS, *"'15.eEé "]), max_size=8) | st.text()


@pytest.mark.parametrize("cell", RISKY)
def test_what_a_spreadsheet_would_run_is_escaped(cell: str) -> None:
    assert escape_formula(cell) == "'" + cell


@pytest.mark.parametrize("cell", HARMLESS)
def test_other_cells_stay(cell: str) -> None:
    assert escape_formula(cell) == cell
    assert unescape_formula(cell) == cell


def test_null_is_blank() -> None:
    assert escape_formula(None) == ""


@given(TEXTS)
def test_every_text_comes_back_as_it_was(text: str) -> None:
    assert unescape_formula(escape_formula(text)) == text


def test_rows_become_csv() -> None:
    rows = [["a", "b"], [None, 'x,"y"'], ["=1", "é\n"]]
    assert b"".join(write_csv_rows(rows)) == 'a,b\r\n,"x,""y"""\r\n\'=1,"é\n"\r\n'.encode()


def test_rows_are_streamed() -> None:
    pieces = list(write_csv_rows(["x" * 1000] for _ in range(200)))
    assert len(pieces) > 2
    assert b"".join(pieces).count(b"\r\n") == 200
