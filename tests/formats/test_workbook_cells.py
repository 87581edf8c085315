"""What becomes of one cell of an XLSX workbook; by the look and by the table alike."""

import datetime as dt

import pytest
import xlsxwriter

from tests.formats.workbook_files import (
    CLOCK,
    DAY,
    HOURS,
    MOMENT,
    PERCENT,
    QUOTED,
    row,
    sheet_xml,
    write_rows,
    xlsx,
)
from tests.formats.workbook_looks import both, look, read


def one(tmp_path, cell, **options):
    """The only cell of a sheet, given as its XML."""
    rows = f'<row r="1">{cell}</row>'
    return both(xlsx(tmp_path / "a.xlsx", sheet_xml(rows), **options), header_row=0)[0][0]


def number(tmp_path, value, style=0, **options):
    return one(tmp_path, f'<c r="A1" s="{style}"><v>{value}</v></c>', **options)


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("5", "5"),
        ("5.0", "5"),
        ("-0", "0"),
        ("007", "7"),
        ("0.1", "0.1"),
        ("5.0999999999999996", "5.1"),
        ("1E-05", "1e-05"),
        ("1E+15", "1000000000000000"),
        ("1.2345678901234567E+17", "123456789012345664"),
        ("1E+300", "1e+300"),
        ("9007199254740993", "9007199254740993"),
        ("12345678901234567890", "12345678901234567890"),
        ("-2.5", "-2.5"),
    ],
)
def test_numbers_are_exact_and_short(tmp_path, stored, text):
    assert number(tmp_path, stored) == text


@pytest.mark.parametrize(
    ("stored", "style", "text"),
    [
        ("41305", DAY, "2013-01-31"),
        ("41305.5", DAY, "2013-01-31T12:00:00"),
        ("41305.21875", MOMENT, "2013-01-31T05:15:00"),
        ("41305", MOMENT, "2013-01-31T00:00:00"),
        ("41275.41666666666", MOMENT, "2013-01-01T10:00:00"),
        ("41275.0000000116", MOMENT, "2013-01-01T00:00:00.001"),
        ("0.21875", CLOCK, "05:15:00"),
        ("0", CLOCK, "00:00:00"),
        ("1.1041666666666667", HOURS, "26:30:00"),
        ("0.0034722222222222", HOURS, "0:05:00"),
        ("-0.5", HOURS, "-12:00:00"),
        ("59", DAY, "1900-02-28"),
        ("60", DAY, "1900-02-29"),
        ("61", DAY, "1900-03-01"),
        ("1", DAY, "1900-01-01"),
        ("2958465", DAY, "9999-12-31"),
        ("2958466", DAY, "2958466"),
        ("-1", DAY, "-1"),
        ("2.5", QUOTED, "2.5"),
        ("0.25", PERCENT, "0.25"),
    ],
)
def test_days_are_iso(tmp_path, stored, style, text):
    assert number(tmp_path, stored, style) == text


@pytest.mark.parametrize(
    ("stored", "style", "text"),
    [
        ("39843", DAY, "2013-01-31"),
        ("0", DAY, "1904-01-01"),
        ("0.5", CLOCK, "12:00:00"),
        ("39843.25", MOMENT, "2013-01-31T06:00:00"),
        ("2957003", DAY, "9999-12-31"),
        ("2957004", DAY, "2957004"),
    ],
)
def test_days_of_the_1904_system(tmp_path, stored, style, text):
    properties = '<workbookPr date1904="1"/>'
    assert number(tmp_path, stored, style, properties=properties) == text


def test_an_extension_does_not_change_the_date_system(tmp_path):
    properties = '<workbookPr date1904="1"/><x:workbookPr xmlns:x="urn:x" dpi="1"/>'
    assert number(tmp_path, "0", DAY, properties=properties) == "1904-01-01"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="A1" t="b"><v>1</v></c>', "true"),
        ('<c r="A1" t="b"><v>0</v></c>', "false"),
        ('<c r="A1" t="e"><v>#N/A</v></c>', "#N/A"),
        ('<c r="A1" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "#DIV/0!"),
        ('<c r="A1" t="str"><f>"a"&amp;"b"</f><v>a &amp; b</v></c>', "a & b"),
        ('<c r="A1"><f>1+1</f><v>2</v></c>', "2"),
        ('<c r="A1"><f ca="1"/><v>2</v></c>', "2"),
        ('<c r="A1" t="inlineStr"><is><t>hello</t></is></c>', "hello"),
        ('<c r="A1" t="inlineStr"><is><t xml:space="preserve"> a </t></is></c>', " a "),
        ('<c r="A1" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>', "ab"),
        ('<c r="A1" t="inlineStr"><is><t>a</t><rPh sb="0" eb="1"><t>x</t></rPh></is></c>', "a"),
        ('<c r="A1" t="d"><v>2013-01-31T05:15:00.000</v></c>', "2013-01-31T05:15:00"),
        ('<c r="A1" t="d"><v>2013-01-31</v></c>', "2013-01-31"),
        ('<c r="A1" t="str"><v>_x0041__x005F_</v></c>', "A_"),
        ('<c r="A1" t="str"><v>&#65;&#x42;&lt;</v></c>', "AB<"),
        ('<c r="A1" t="str"><v>a\r\nb</v></c>', "a\nb"),
        ('<c r="A1" t="str"><v><![CDATA[<b>]]></v></c>', "<b>"),
        ('<c r="A1" t="str"><v>Zürich 東京</v></c>', "Zürich 東京"),
        ('<c t="n" r="A1"><v>7</v></c>', "7"),
        ("<c><v>7</v></c>", "7"),
        ('<c r="A1" s="99"><v>7</v></c>', "7"),
    ],
)
def test_cells_of_every_kind(tmp_path, cell, text):
    assert one(tmp_path, cell) == text


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("<t>plain</t>", "plain"),
        ("<t>007</t>", "007"),
        ('<t xml:space="preserve">  a  </t>', "  a  "),
        ("<t>a &amp; b</t>", "a & b"),
        ("<r><t>rich </t></r><r><rPr><b/></rPr><t>text</t></r>", "rich text"),
        ("<t>漢</t><rPh sb='0' eb='1'><t>kan</t></rPh>", "漢"),
        ("<t>x_x000D_y</t>", "x\ry"),
        ("<t><!-- no --><![CDATA[a<b]]></t>", "a<b"),
    ],
)
def test_shared_texts(tmp_path, entry, text):
    cell = '<c r="A1" t="s"><v>1</v></c>'
    assert one(tmp_path, cell, strings=("<t>other</t>", entry)) == text


def test_a_formula_without_a_result_is_null_and_counted(tmp_path):
    cells = '<c r="A1"><f>1+1</f></c><c r="B1"><f>2</f><v></v></c><c r="C1"><v>1</v></c>'
    path = xlsx(tmp_path / "a.xlsx", sheet_xml(f'<row r="1">{cells}</row>'))
    assert both(path, header_row=0) == [["1"]]
    assert "2 formulas without a stored result" in read(path, header_row=0)[0].notes[0]


def test_a_text_formula_that_results_in_nothing_is_no_missing_result(tmp_path):
    rows = '<row r="1"><c r="A1" t="str"><f>""</f><v></v></c><c r="B1"><v>1</v></c></row>'
    path = xlsx(tmp_path / "a.xlsx", sheet_xml(rows))
    assert both(path, header_row=0) == [["", "1"]]
    assert look(path, header_row=0)["found"].notes == ()


def test_error_cells_are_noted(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", sheet_xml(row(1, 'A:t="e":#N/A', 'B:t="e":#REF!')))
    assert look(path, header_row=0)["found"].notes[0].startswith("2 error cells")


def test_a_column_of_many_kinds_keeps_each_cell(tmp_path):
    kinds = ["A:5", 'A:t="b":1', f'A:s="{DAY}":41305', 'A:t="e":#N/A', 'A:t="str":x', "A:1.5"]
    rows = "".join(row(n, cell) for n, cell in enumerate(kinds, 1))
    texts = both(xlsx(tmp_path / "a.xlsx", sheet_xml(rows)), header_row=0)
    assert texts == [["5"], ["true"], ["2013-01-31"], ["#N/A"], ["x"], ["1.5"]]


def test_what_xlsxwriter_writes_in_one_go_and_row_by_row(tmp_path):
    rows = [["name", "n"], ["  padded ", 1], ["007", 2.5], ["a\nb & <c>", True]]
    wanted = [["  padded ", "1"], ["007", "2.5"], ["a\nb & <c>", "true"]]
    shared = write_rows(tmp_path / "a.xlsx", rows)
    inline = write_rows(tmp_path / "b.xlsx", rows, constant_memory=True)
    assert both(shared) == both(inline) == wanted


def test_dates_that_xlsxwriter_writes(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx", {"date_1904": True})
    sheet, shown = book.add_worksheet(), book.add_format({"num_format": "d mmm yyyy h:mm AM/PM"})
    sheet.write_datetime(0, 0, dt.datetime.fromisoformat("2020-02-29T13:05"), shown)
    book.close()
    assert both(tmp_path / "a.xlsx", header_row=0) == [["2020-02-29T13:05:00"]]
