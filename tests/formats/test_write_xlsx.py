"""Workbooks from record batches: read back equal by two readers, nothing runs, nothing is lost."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from python_calamine import CalamineWorkbook

from dashboard.errors import InputRefused
from dashboard.formats import write_lines, write_xlsx, write_xlsx_zip
from dashboard.formats.write_options import WriteOptions
from dashboard.formats.write_parts import write_batches

at = datetime.fromisoformat
D = Decimal
US = pa.timestamp("us")


def written(table: Any, **options: Any) -> bytes:
    return b"".join(write_batches(WriteOptions("xlsx", **options), table.schema, [table]))


def one(value: Any, kind: Any = None, **options: Any) -> bytes:
    """A workbook of one value, with others around it."""
    return written(pa.table({"a": pa.array([value, None], kind), "b": [1, 2]}), **options)


def by_openpyxl(data: bytes, sheet: int = 0) -> list[list[Any]]:
    rows = openpyxl.load_workbook(io.BytesIO(data)).worksheets[sheet].iter_rows(values_only=True)
    return [list(row) for row in rows]


def by_calamine(data: bytes, sheet: int = 0) -> list[list[Any]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return book.get_sheet_by_index(sheet).to_python()


STAMP = at("2013-01-31T05:15:00")
VALUES = [
    (7, None, 7),
    (10**15 - 1, None, 10**15 - 1),
    (-(10**15), None, "-1000000000000000"),
    (2**64 - 1, pa.uint64(), "18446744073709551615"),
    (0.1 + 0.2, None, 0.1 + 0.2),
    (1e300, None, 1e300),
    (5e-324, None, "5e-324"),
    (0.0, None, 0),
    (float("nan"), None, "NaN"),
    (-float("inf"), None, "-Infinity"),
    (0.1, pa.float32(), 0.1),
    (D("1.50"), None, 1.5),
    (D("99999999999.9999"), pa.decimal128(30, 6), 99999999999.9999),
    (D("12345678901234567890.1"), None, "12345678901234567890.1"),
    (D("1.5"), pa.decimal256(60, 10), 1.5),
    (True, None, True),
    (False, None, False),
    ("007", None, "007"),
    ("http://example.org", None, "http://example.org"),
    ("<r><t>x</t></r>&amp;", None, "<r><t>x</t></r>&amp;"),
    ("  spaces ", None, "  spaces "),
    ("a\nb\tc", None, "a\nb\tc"),
    ("é😀", None, "é😀"),
    ("-1", None, "-1"),
    ("=1+1", None, "'=1+1"),
    ("'@x", None, "''@x"),
    ("y" * 32_767, None, "y" * 32_767),
    (b"\x01", None, "\\x01"),
    (date(2013, 1, 31), None, at("2013-01-31")),
    (date(1900, 3, 1), None, at("1900-03-01")),
    (date(1900, 2, 28), None, "1900-02-28"),
    (date(9999, 12, 31), None, at("9999-12-31")),
    (STAMP, US, STAMP),
    (at("2013-01-31T23:59:59"), pa.timestamp("ms"), at("2013-01-31T23:59:59")),
    (at("1899-12-31"), US, "1899-12-31 00:00:00"),
    (at("2013-01-31T05:15:00.000001"), US, "2013-01-31 05:15:00.000001"),
    (STAMP.replace(tzinfo=UTC), pa.timestamp("us", "Europe/Berlin"), STAMP),
    (time(5, 15), pa.time64("us"), time(5, 15)),
    (time(23, 59, 59), pa.time32("s"), time(23, 59, 59)),
    (time(5, 15, 0, 7), pa.time64("us"), "05:15:00.000007"),
]


@pytest.mark.parametrize(("value", "kind", "expected"), VALUES)
def test_two_readers_find_the_value(value: Any, kind: Any, expected: Any) -> None:
    data = one(value, kind)
    found = by_openpyxl(data)[1][0]
    assert (found, type(found)) == (expected, type(expected))
    other = by_calamine(data)[1][0]
    midnight = type(other) is date
    assert (datetime.combine(other, time()) if midnight else other) == expected


@pytest.mark.parametrize("text", ["a\x01b", "a\rb", "\x1f", "_x0041_", "_x000D_\r", "_x_x0041_x"])
def test_controls_are_spelled_as_spreadsheets_do(text: str) -> None:
    assert by_calamine(one(text))[1][0] == text


def test_nulls_and_kinds_of_cells_in_one_column() -> None:
    table = pa.table({"a": pa.array([1.5, None, float("inf"), -2.0]), "b": ["x", None, "", "y"]})
    expected = [["a", "b"], [1.5, "x"], [None, None], ["Infinity", ""], [-2, "y"]]
    assert by_openpyxl(written(table)) == expected


def sheet_xml(data: bytes, sheet: int = 1) -> str:
    return zipfile.ZipFile(io.BytesIO(data)).read(f"xl/worksheets/sheet{sheet}.xml").decode()


def test_no_formula_and_no_link() -> None:
    data = one("=1+1", escape_formulas=False)
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert not [name for name in names if "_rels/sheet" in name]
    assert "<f>" not in sheet_xml(data)
    assert by_openpyxl(data)[1][0] == "=1+1"


def test_every_cell_says_where_it_is() -> None:
    table = pa.table({f"c{number}": [number] for number in range(703)})
    xml = sheet_xml(written(table))
    assert '<row r="2"><c r="A2"><v>0</v></c><c r="B2">' in xml
    assert '<c r="Z2"><v>25</v></c><c r="AA2">' in xml
    assert '<c r="ZZ2"><v>701</v></c><c r="AAA2">' in xml


def test_the_header_is_bold_in_sight_and_escaped() -> None:
    data = written(pa.table({"=a": [1]}))
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert (sheet["A1"].value, sheet["A1"].font.b, sheet.freeze_panes) == ("'=a", True, "A2")
    assert not sheet["A2"].font.b


def test_without_a_header() -> None:
    data = written(pa.table({"a": [1, 2]}), header=False)
    assert by_openpyxl(data) == [[1], [2]]
    assert "pane" not in sheet_xml(data)


def test_dates_show_as_dates_and_instants_say_utc() -> None:
    columns = {"d": pa.date64(), "t": US, "z": pa.timestamp("us", "UTC"), "c": pa.time64("us")}
    table = pa.table({name: pa.array([0]).cast(kind) for name, kind in columns.items()})
    sheet = openpyxl.load_workbook(io.BytesIO(written(table))).worksheets[0]
    formats = [cell.number_format for cell in sheet[2]]
    assert formats == ["yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", 'yyyy-mm-dd hh:mm:ss" UTC"', "hh:mm:ss"]


def test_no_rows_are_a_sheet_all_the_same() -> None:
    empty = pa.table({"a": pa.array([], pa.int64())})
    assert by_openpyxl(written(empty)) == by_calamine(written(empty)) == [["a"]]


@pytest.mark.parametrize("text", ["x" * 32_768, "😀" * 16_384])
def test_a_text_too_long_for_a_cell_is_refused(text: str) -> None:
    with pytest.raises(InputRefused, match=r'^Row 3, column "a" has .* holds 32,767') as refusal:
        written(pa.table({"a": ["x" * 32_767, text]}))
    assert refusal.value.code == "cell_too_long"


@pytest.mark.parametrize("text", ["\ufffe", "a\uffff", "\0"])
def test_a_character_no_workbook_holds_is_refused(text: str) -> None:
    with pytest.raises(InputRefused, match=r"^Row 2, .* holds the character U\+") as refusal:
        one(text)
    assert refusal.value.code == "forbidden_character"


def test_more_columns_than_a_sheet_has_are_refused() -> None:
    schema: Any = pa.schema([(f"c{n}", pa.int64()) for n in range(16_385)])
    with pytest.raises(InputRefused, match=r"16,385 columns.* Use CSV"):
        list(write_batches(WriteOptions("xlsx"), schema, []))


def test_rows_go_on_on_the_next_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_xlsx, "MOST_ROWS", 4)
    monkeypatch.setattr(write_lines, "SLICE_BYTES", 100)
    data = written(pa.table({"a": list(range(7))}))
    assert by_openpyxl(data) == by_calamine(data) == [["a"], [0], [1], [2]]
    assert by_openpyxl(data, 1) == by_calamine(data, 1) == [["a"], [3], [4], [5]]
    assert by_openpyxl(data, 2) == by_calamine(data, 2) == [["a"], [6]]


def test_a_full_sheet_is_followed_by_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_xlsx, "MOST_ROWS", 4)
    data = written(pa.table({"a": [1, 2, 3]}))
    assert len(openpyxl.load_workbook(io.BytesIO(data)).worksheets) == 1


def test_rows_are_counted_over_all_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_xlsx, "MOST_ROWS", 3)
    with pytest.raises(InputRefused, match=r"^Row 5,"):
        written(pa.table({"a": ["x", "x", "x", "\0"]}))


def test_a_sheet_of_too_many_bytes_goes_on_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_xlsx, "MOST_SHEET_BYTES", 1_000)
    monkeypatch.setattr(write_lines, "SLICE_BYTES", 100)
    data = written(pa.table({"a": list(range(500))}))
    sheets = openpyxl.load_workbook(io.BytesIO(data)).worksheets
    rows = [row for sheet in sheets for (row,) in sheet.iter_rows(2, values_only=True)]
    assert (len(sheets) > 2, rows) == (True, list(range(500)))


def test_an_archive_of_more_than_4_gb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_xlsx_zip, "MOST", 2_000)
    with pytest.raises(InputRefused, match="more than 4 GB") as refusal:
        written(pa.table({"a": list(range(5_000))}))
    assert refusal.value.code == "workbook_too_large"


def test_the_same_rows_are_the_same_bytes() -> None:
    table = pa.table({"a": list(range(30_000)), "b": ["x"] * 30_000})
    assert written(table) == written(table)


def test_pieces_come_while_rows_are_still_made() -> None:
    made = 0

    def batches() -> Iterator[Any]:
        nonlocal made
        for _ in range(200):
            made += 1
            yield pa.table({"a": list(range(10_000))}).to_batches()[0]

    pieces = write_batches(WriteOptions("xlsx"), pa.schema([("a", pa.int64())]), batches())
    for _, _ in zip(range(5), pieces, strict=False):
        pass
    pieces.close()
    assert made < 50


def test_what_batches_raise_comes_through() -> None:
    def batches() -> Iterator[Any]:
        yield pa.table({"a": [1]})
        raise InterruptedError

    with pytest.raises(InterruptedError):
        list(write_batches(WriteOptions("xlsx"), pa.schema([("a", pa.int64())]), batches()))
