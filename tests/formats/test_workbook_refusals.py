"""Bombs, liars and locked workbooks: refused soon, in a process that is not ours (I9)."""

import os
import re
import time
import zipfile

import psutil
import pytest

from dashboard.errors import FileRefused
from dashboard.formats import child
from dashboard.formats.reading_choices import Reading
from dashboard.formats.workbooks import (
    READER,
    asked,
    count_workbook,
    inspect_workbook,
    preview_workbook,
    workbook_batches,
)
from tests.formats.workbook_files import (
    archive,
    compound,
    in_memory,
    ods,
    ods_row,
    ods_text,
    row,
    sheet_xml,
    write_rows,
    xlsx,
)
from tests.formats.workbook_looks import look, read

ANY = Reading()
HEADED = row(1, 'A:t="str":a') + row(2, "A:1")
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
    '<worksheet><sheetData><row r="1"><c r="A1" t="str"><v>&c;</v></c></row></sheetData>'
    "</worksheet>"
)


def code_of(path, **choices):
    with pytest.raises(FileRefused) as looked:
        look(path, **choices)
    with pytest.raises(FileRefused) as tabled:
        read(path, **choices)
    assert looked.value.code == tabled.value.code
    assert looked.value.message.endswith((".", ")"))
    return looked.value.code


def sheet(tmp_path, text, **options):
    return xlsx(tmp_path / "a.xlsx", text, **options)


def zip_bomb(path):
    with zipfile.ZipFile(xlsx(path, sheet_xml(HEADED)), "a", zipfile.ZIP_DEFLATED) as made:
        made.writestr("xl/media/big.xml", bytes(60 << 20))
    return path


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    assert code_of(zip_bomb(tmp_path / "a.xlsx")) == "workbook_bomb"


@pytest.mark.parametrize("number", [1, 1_048_576])
def test_one_cell_at_the_far_end_is_refused(tmp_path, number):
    assert code_of(sheet(tmp_path, sheet_xml(row(number, "XFD:1")))) == "too_many_columns"


def test_a_cell_in_the_last_row_is_just_a_cell(tmp_path):
    path = sheet(tmp_path, sheet_xml(HEADED + row(1_048_576, "A:1")))
    assert read(path)[2] == look(path)["numbers"] == [2, 1_048_576]


@pytest.mark.parametrize("place", ["XFE1", "A0", "A1048577", "1A", "", "AAAA1"])
def test_places_that_no_sheet_has_are_refused(tmp_path, place):
    rows = f'<row r="1"><c r="{place}"><v>1</v></c></row>'
    assert code_of(sheet(tmp_path, sheet_xml(rows))) == "workbook_damaged"


@pytest.mark.parametrize("rows", [row(2, "A:1") + row(1, "A:1"), row(1_048_577, "A:1")])
def test_rows_out_of_order_are_refused(tmp_path, rows):
    assert code_of(sheet(tmp_path, sheet_xml(rows))) == "workbook_damaged"


def test_entities_are_refused(tmp_path):
    assert code_of(sheet(tmp_path, LAUGHS)) == "workbook_doctype"


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/styles.xml", "_rels/.rels"])
def test_entities_in_other_parts_are_refused(tmp_path, part):
    path = sheet(tmp_path, sheet_xml(HEADED))
    with zipfile.ZipFile(path) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    assert (
        code_of(archive(path, {**parts, part: LAUGHS.replace("sheet", "book")}))
        == "workbook_doctype"
    )


def test_entities_in_shared_texts_are_refused(tmp_path):
    shared = '<!DOCTYPE sst [<!ENTITY a "ha">]><sst><si><t>&a;</t></si></sst>'
    path = sheet(tmp_path, sheet_xml(row(1, 'A:t="s":0') + row(2, "A:1")), shared=shared)
    assert code_of(path) == "workbook_doctype"


def test_unknown_entities_are_refused(tmp_path):
    path = sheet(tmp_path, sheet_xml(HEADED.replace(">a<", ">&who;<")))
    assert code_of(path) == "workbook_damaged"


@pytest.mark.parametrize("number", ["5", "-1", "x"])
def test_a_shared_text_that_is_not_there(tmp_path, number):
    path = sheet(tmp_path, sheet_xml(row(1, f'A:t="s":{number}') + row(2, "A:1")))
    assert code_of(path) == "workbook_damaged"


def test_a_workbook_with_a_password_is_refused(tmp_path):
    path = compound(tmp_path / "a.xlsx", "EncryptedPackage")
    assert code_of(path) == code_of(path, chosen="xlsx") == "workbook_encrypted"


def test_an_ods_with_a_password_is_refused(tmp_path):
    manifest = "<manifest:manifest><manifest:encryption-data/></manifest:manifest>"
    assert code_of(ods(tmp_path / "a.ods", "", manifest=manifest)) == "workbook_encrypted"


def test_an_encrypted_zip_is_refused(tmp_path):
    path = sheet(tmp_path, sheet_xml(HEADED))
    data = bytearray(path.read_bytes())
    for found in re.finditer(b"PK\x01\x02", bytes(data)):
        data[found.start() + 8] |= 1
    path.write_bytes(data)
    assert code_of(path) == "workbook_encrypted"


LIARS = {
    "a Word document": in_memory({"[Content_Types].xml": "", "word/document.xml": ""}),
    "a ZIP archive of something else": in_memory({"a.csv": "a,b\n1,2\n"}),
    "text such as CSV": b"a,b\n1,2\n",
    "a web page": b"<html><table><tr><td>1</td></tr></table></html>",
    "an XML spreadsheet": b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:'
    b'office:spreadsheet">',
    "an empty file": b"",
    "a workbook of Excel 2 to 4": b"\x09\x04\x06\x00\x00\x00\x10\x00",
    "something else": b"\x00\x01\x02",
}


@pytest.mark.parametrize("what", LIARS)
def test_files_that_lie_are_called_by_their_names(tmp_path, what):
    path = tmp_path / "a.xlsx"
    path.write_bytes(LIARS[what])
    with pytest.raises(FileRefused, match=re.escape(what)) as refused:
        look(path)
    assert refused.value.code == "not_a_workbook"


def test_an_old_word_document_is_refused(tmp_path):
    assert code_of(compound(tmp_path / "a.xls", "WordDocument")) == "not_a_workbook"


def test_a_binary_workbook_is_refused(tmp_path):
    with zipfile.ZipFile(sheet(tmp_path, sheet_xml(HEADED))) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    parts["_rels/.rels"] = parts["_rels/.rels"].replace(b"workbook.xml", b"workbook.bin")
    assert code_of(archive(tmp_path / "a.xlsx", parts)) == "workbook_binary"


@pytest.mark.parametrize("chosen", ["xls", "ods"])
def test_another_format_was_chosen(tmp_path, chosen):
    assert code_of(sheet(tmp_path, sheet_xml(HEADED)), chosen=chosen) == "wrong_format"


def test_a_truncated_file_is_refused(tmp_path):
    path = write_rows(tmp_path / "a.xlsx", [["a"], *([n] for n in range(500))])
    path.write_bytes(path.read_bytes()[:-400])
    assert code_of(path) == "workbook_damaged"


def test_a_flipped_byte_is_found(tmp_path):
    path = write_rows(tmp_path / "a.xlsx", [["a"], *([n * 7919] for n in range(3000))])
    data = bytearray(path.read_bytes())
    data[data.index(b"sheet1.xml") + 4000] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(FileRefused) as refused:
        read(path)
    assert refused.value.code == "workbook_damaged"


@pytest.mark.parametrize("cut", ["</row>", "</sheetData>", "</worksheet>"])
def test_xml_that_ends_early_is_refused(tmp_path, cut):
    text = sheet_xml(HEADED)
    assert code_of(sheet(tmp_path, text[: text.rindex(cut)])) == "workbook_damaged"


def test_too_many_sheets_are_refused(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", *[sheet_xml("")] * 1001)
    assert code_of(path) == "too_many_sheets"


def test_ods_cells_that_repeat_without_end_are_refused(tmp_path):
    repeated = ods_text("x", 'table:number-columns-repeated="1000"')
    rows = ods_row(repeated, attributes='table:number-rows-repeated="1000000"')
    with pytest.raises(FileRefused) as refused:
        read(ods(tmp_path / "a.ods", rows))
    assert refused.value.code == "workbook_bomb"


def test_texts_that_unpack_to_very_much_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("dashboard.formats.workbook_table_child.MOST_TEXT", 1 << 20)
    monkeypatch.setattr("dashboard.formats.workbook_table_child.MOST_GROWTH", 0)
    rows = "".join(row(n, 'A:t="s":0') for n in range(1, 200))
    path = sheet(tmp_path, sheet_xml(rows), strings=(f"<t>{'x' * 30_000}</t>",))
    with pytest.raises(FileRefused) as refused:
        read(path)
    assert refused.value.code == "workbook_bomb"


def test_a_bomb_costs_this_process_neither_memory_nor_time(tmp_path):
    bombs = [zip_bomb(tmp_path / "a.xlsx"), sheet(tmp_path, sheet_xml(row(1, "XFD:1")))]
    before, began = psutil.Process().memory_info().rss, time.monotonic()
    for path in bombs:
        for act in (inspect_workbook, preview_workbook, count_workbook, workbook_batches):
            with pytest.raises(FileRefused):
                act(path, "a file", ANY, *([20] if act is preview_workbook else []))
    assert psutil.Process().memory_info().rss - before < 50 << 20
    assert time.monotonic() - began < 5 * 8


def test_what_needs_more_memory_than_it_may_is_refused(tmp_path):
    path = write_rows(tmp_path / "a.xlsx", [["a"], [1]])
    request = asked(path, ANY, "read")
    with pytest.raises(FileRefused) as refused:
        list(child.ask(READER, request, name="a file", seconds=30, memory_bytes=60 << 20))
    assert refused.value.code in ("workbook_too_large", "workbook_unreadable")


def test_what_takes_longer_than_it_may_is_refused_and_ended(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    others = set(psutil.Process().children())  # a browser of other tests, for one
    frames = child.ask(READER, asked(path, ANY, "read"), name="a file", seconds=0.5)
    with pytest.raises(FileRefused) as refused:
        list(frames)
    assert refused.value.code == "workbook_too_slow"
    assert set(psutil.Process().children()) <= others
