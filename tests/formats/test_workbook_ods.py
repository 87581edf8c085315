"""ODS workbooks: every type of cell, repeated ones, and what is not shown."""

import pytest
import python_calamine

from dashboard.formats.workbook_ods import time_text
from tests.formats.workbook_files import ods, ods_row, ods_text, ods_value
from tests.formats.workbook_looks import both, look, read

HEADED = ods_row(ods_text("a"), ods_text("b")) + ods_row(ods_text("1"), ods_text("2"))
HIDDEN = (
    '<style:style style:name="t1" style:family="table">'
    '<style:table-properties table:display="false"/></style:style>'
)


def one(tmp_path, cell):
    return both(ods(tmp_path / "a.ods", ods_row(cell)), header_row=0)[0][0]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (ods_value("float", "value", "5"), "5"),
        (ods_value("float", "value", "5.10"), "5.1"),
        (ods_value("percentage", "value", "0.25", "25 %"), "0.25"),
        (ods_value("currency", "value", "-3.5", "-3,50 €"), "-3.5"),
        (ods_value("date", "date-value", "2013-01-31", "31/01/13"), "2013-01-31"),
        (ods_value("date", "date-value", "2013-01-31T05:15:00"), "2013-01-31T05:15:00"),
        (ods_value("date", "date-value", "2013-01-31T05:15:00.000000000"), "2013-01-31T05:15:00"),
        (ods_value("time", "time-value", "PT05H15M00S"), "05:15:00"),
        (ods_value("boolean", "boolean-value", "true", "WAHR"), "true"),
        (ods_text("007"), "007"),
        (ods_text("a<text:s/><text:s text:c='2'/>b"), "a   b"),
        (ods_text("a<text:tab/>b<text:line-break/>c"), "a\tb\nc"),
        (ods_text("a</text:p><text:p>b"), "a\nb"),
        (ods_text("a<text:span>b</text:span><text:a>c</text:a>"), "abc"),
        (ods_text("a &amp; b"), "a & b"),
        (ods_text("x").replace("<text:p>", "<office:annotation><text:p>no</text:p>"
                               "</office:annotation><text:p>"), "x"),
        (ods_text("#N/A", 'calcext:value-type="error" table:formula="of:=NA()"'), "#N/A"),
        (ods_value("float", "value", "0", "#DIV/0!").replace("office:v", 'table:formula="x" '
                                                            "office:v", 1), "#DIV/0!"),
    ],
)  # fmt: skip
def test_cells_of_every_kind(tmp_path, cell, text):
    assert one(tmp_path, cell) == text


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("PT00H00M01.5S", "00:00:01.500"),
        ("PT26H30M00S", "26:30:00"),
        ("-PT1H", "-1:00:00"),
        ("P1DT2H", "26:00:00"),
        ("odd", "odd"),
        ("P", "P"),
    ],
)
def test_times(stored, text):
    assert time_text(stored) == text


def test_repeated_cells_and_rows(tmp_path):
    twice = ods_row(ods_text("x", 'table:number-columns-repeated="2"'))
    thrice = twice.replace("row >", 'row table:number-rows-repeated="3">')
    assert both(ods(tmp_path / "a.ods", HEADED + thrice)) == [["1", "2"], *[["x", "x"]] * 3]


def test_blank_rows_keep_their_numbers(tmp_path):
    gap = '<table:table-row table:number-rows-repeated="5"><table:table-cell/></table:table-row>'
    path = ods(tmp_path / "a.ods", HEADED + gap + ods_row(ods_text("x")) + gap)
    assert read(path)[2] == look(path)["numbers"] == [2, 8]


def test_covered_cells_have_no_value(tmp_path):
    wide = ods_text("x", 'table:number-columns-spanned="2" table:number-rows-spanned="1"')
    covered = ods_text("no").replace("table-cell", "covered-table-cell")
    path = ods(tmp_path / "a.ods", HEADED + ods_row(wide, covered))
    assert both(path) == [["1", "2"], ["x", None]]
    assert look(path)["found"].notes[0].startswith("1 merged range")


def test_rows_in_groups_are_read(tmp_path):
    grouped = f"<table:table-header-rows>{HEADED}</table:table-header-rows>"
    path = ods(tmp_path / "a.ods", f"<table:table-row-group>{grouped}</table:table-row-group>")
    assert both(path) == [["1", "2"]]


def test_hidden_sheets_are_passed_over_but_can_be_chosen(tmp_path):
    path = ods(tmp_path / "a.ods", HEADED, HEADED.replace(">2<", ">5<"), styles=HIDDEN)
    assert look(path)["found"].sheet == "S2"
    assert both(path, sheet="S1") == [["1", "2"]]


def test_hidden_rows_are_read_with_a_note(tmp_path):
    hidden = ods_row(ods_text("x"), attributes='table:visibility="collapse"')
    path = ods(tmp_path / "a.ods", HEADED + hidden)
    assert both(path) == [["1", "2"], ["x", None]]
    assert look(path)["found"].notes == ("1 hidden row read like the others.",)


def test_another_reader_sees_the_same_texts(tmp_path):
    path = ods(tmp_path / "a.ods", HEADED + ods_row(ods_text("a b"), ods_text("ü")))
    rows = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    assert rows[1:] == both(path)


def test_a_formula_without_a_result_is_counted(tmp_path):
    cell = '<table:table-cell table:formula="of:=1"/>'
    path = ods(tmp_path / "a.ods", HEADED + ods_row(cell, ods_text("x")))
    assert both(path) == [["1", "2"], [None, "x"]]
    assert "1 formula without a stored result" in look(path)["found"].notes[0]
