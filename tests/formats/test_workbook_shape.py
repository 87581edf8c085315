"""Sheets, headers, titles, blank rows and columns, and the notes for people."""

import pytest

from dashboard.errors import FileRefused
from tests.formats.workbook_files import row, sheet_xml, write_rows, xlsx
from tests.formats.workbook_looks import both, look, read

HEADED = row(1, 'A:t="str":a', 'B:t="str":b') + row(2, "A:1", "B:2")


def sheets(tmp_path, *rows, **options):
    return xlsx(tmp_path / "a.xlsx", *(sheet_xml(text) for text in rows), **options)


def code(path, **choices):
    with pytest.raises(FileRefused) as refused:
        look(path, **choices)
    with pytest.raises(FileRefused) as again:
        read(path, **choices)
    assert again.value.message == refused.value.message
    return refused.value.code


def test_the_first_row_is_the_header(tmp_path):
    found = look(sheets(tmp_path, HEADED))["found"]
    assert (found.columns, found.header_row, found.sheet) == (("a", "b"), 1, "S1")


def test_all_rows_are_counted_when_all_were_read(tmp_path):
    assert look(sheets(tmp_path, HEADED))["total_rows"] == 1


def test_a_preview_of_more_rows_than_it_reads_has_no_total(tmp_path):
    path = write_rows(tmp_path / "a.xlsx", [["a"], *([n] for n in range(200))])
    seen = look(path, 3)
    assert (seen["total_rows"], seen["numbers"]) == (None, [2, 3, 4])


def test_blank_rows_are_no_records_and_keep_their_numbers(tmp_path):
    path = sheets(tmp_path, HEADED + row(3) + '<row r="4"><c r="A4" s="1"/></row>' + row(9, "B:7"))
    assert both(path) == [["1", "2"], [None, "7"]]
    assert look(path)["numbers"] == [2, 9]


def test_a_row_of_empty_texts_is_blank(tmp_path):
    empty = row(3, 'A:t="str":', 'B:t="str":')
    assert both(sheets(tmp_path, HEADED + empty)) == [["1", "2"]]


def test_leading_blank_rows_and_columns_are_left_out(tmp_path):
    path = sheets(tmp_path, row(3, 'C:t="str":a', 'D:t="str":b') + row(4, "C:1", "D:2"))
    assert both(path) == [["1", "2"]]
    assert look(path)["found"].header_row == 3


def test_a_blank_column_between_others_stays(tmp_path):
    path = sheets(tmp_path, row(1, 'A:t="str":a', 'C:t="str":c') + row(2, "A:1", "C:3"))
    assert look(path)["found"].columns == ("a", "column_2", "c")
    assert both(path) == [["1", None, "3"]]


def test_doubled_headers_get_numbers(tmp_path):
    path = sheets(tmp_path, row(1, 'A:t="str":a', 'B:t="str":a') + row(2, "A:1"))
    found = look(path)["found"]
    assert (found.columns, found.headers) == (("a", "a_2"), ("a", "a"))


def test_wider_rows_make_columns_without_a_name(tmp_path):
    assert look(sheets(tmp_path, HEADED + row(3, "A:1", "D:4")))["found"].columns[2:] == (
        "column_3",
        "column_4",
    )


def test_a_column_first_used_far_down_is_read(tmp_path):
    rows = [["a"], *([n] for n in range(300)), [1, "late"]]
    found, cells, _ = read(write_rows(tmp_path / "a.xlsx", rows))
    assert found.columns == ("a", "column_2")
    assert (cells[0], cells[-1]) == (["0", None], ["1", "late"])


def test_no_header(tmp_path):
    path = sheets(tmp_path, HEADED)
    assert both(path, header_row=0) == [["a", "b"], ["1", "2"]]
    assert look(path, header_row=0)["found"].columns == ("column_1", "column_2")


def test_a_chosen_header_row_and_what_is_above_it(tmp_path):
    path = sheets(tmp_path, row(1, "F:1") + HEADED.replace('1"', '5"').replace('2"', '6"'))
    assert both(path, header_row=5) == [["1", "2"]]
    assert look(path, header_row=5)["found"].columns == ("a", "b")


@pytest.mark.parametrize("number", [3, 900])
def test_a_header_row_that_is_blank_is_refused(tmp_path, number):
    assert code(sheets(tmp_path, HEADED), header_row=number) == "blank_header"


TABLE = row(4, 'A:t="str":x', 'B:t="str":y', 'C:t="str":z') + row(5, "A:1", "B:2", "C:3")
TITLE = row(1, 'A:t="str":Report') + row(2, 'A:t="str":of May')


def test_title_lines_are_left_out_with_a_note(tmp_path):
    found = look(sheets(tmp_path, TITLE + TABLE))["found"]
    assert found.header_row == 4
    assert found.notes == ("2 title lines above the header in row 4 left out.",)


def test_one_column_has_no_titles(tmp_path):
    found = look(sheets(tmp_path, TITLE + row(3, "A:1")))["found"]
    assert (found.header_row, found.columns) == (1, ("Report",))


def test_a_narrow_table_has_no_titles(tmp_path):
    assert look(sheets(tmp_path, TITLE + row(3, "A:1", "B:2")))["found"].header_row == 1


def test_hidden_sheets_are_passed_over_but_listed(tmp_path):
    found = look(sheets(tmp_path, row(1, "A:9") * 2, HEADED, hidden="1"))["found"]
    assert (found.sheet, found.sheets) == ("S2", ("S1", "S2"))
    assert 'Hidden: "S1". A hidden sheet is read only when it is chosen.' in found.notes


def test_a_hidden_sheet_can_be_chosen(tmp_path):
    path = sheets(tmp_path, HEADED, HEADED.replace("<v>2", "<v>5"), hidden="2")
    assert both(path, sheet="S2") == [["1", "5"]]


def test_blank_sheets_are_passed_over(tmp_path):
    assert look(sheets(tmp_path, "", HEADED))["found"].sheet == "S2"


def test_a_blank_sheet_that_was_chosen_is_refused(tmp_path):
    assert code(sheets(tmp_path, "", HEADED), sheet="S1") == "file_empty"


def test_an_unknown_sheet_is_refused(tmp_path):
    assert code(sheets(tmp_path, HEADED), sheet="Other") == "no_such_sheet"


def test_a_header_alone_is_refused(tmp_path):
    assert code(sheets(tmp_path, row(1, "A:1"))) == "no_rows"


def test_merged_and_hidden_cells_are_noted(tmp_path):
    rows = HEADED + '<row r="3" hidden="1"><c r="A3"><v>1</v></c></row>'
    before = '<cols><col min="1" max="1" hidden="1"/></cols>'
    after = '<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>'
    path = xlsx(tmp_path / "a.xlsx", sheet_xml(rows, before=before, after=after))
    both(path)
    first, second, third = look(path)["found"].notes
    assert first.startswith("1 merged range:")
    assert (second[:12], third[:14]) == ("1 hidden row", "Hidden columns")


def test_merged_cells_behind_many_rows_are_noted_in_a_look(tmp_path):
    rows = HEADED + "".join(row(n, "A:1") for n in range(3, 5000))
    after = '<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>'
    path = xlsx(tmp_path / "a.xlsx", sheet_xml(rows, after=after))
    assert look(path)["found"].notes[0].startswith("1 merged range:")


def test_strict_workbooks_are_read(tmp_path):
    main = "http://purl.oclc.org/ooxml/spreadsheetml/main"
    assert both(xlsx(tmp_path / "a.xlsx", sheet_xml(HEADED, main=main), main=main)) == [["1", "2"]]


def test_prefixed_names_are_read(tmp_path):
    text = sheet_xml(HEADED).replace("<", "<x:").replace("<x:/", "</x:").replace("<x:?", "<?")
    text = text.replace("xmlns=", "xmlns:x=")
    assert both(xlsx(tmp_path / "a.xlsx", text)) == [["1", "2"]]


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_other_encodings_of_the_xml_are_read(tmp_path, encoding):
    text = sheet_xml(HEADED.replace(">b<", ">é<")).replace("UTF-8", encoding).encode(encoding)
    assert look(xlsx(tmp_path / "a.xlsx", text))["found"].columns == ("a", "é")
    assert read(xlsx(tmp_path / "a.xlsx", text))[1] == [["1", "2"]]


def test_pretty_printed_xml_is_read(tmp_path):
    assert both(sheets(tmp_path, HEADED.replace("><", ">\n  <"))) == [["1", "2"]]


def test_rows_and_cells_without_their_places_are_counted_up(tmp_path):
    cells = '<c t="str"><v>a</v></c><c t="str"><v>b</v></c>'
    path = sheets(tmp_path, f"<row>{cells}</row><row>{cells.replace('a<', '1<')}</row>")
    assert both(path) == [["1", "b"]]
