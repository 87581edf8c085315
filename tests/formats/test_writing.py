"""Writing rows in every format: exact, typed where the format has types, no cell runs."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashboard.errors import InputRefused
from dashboard.formats import writing_xlsx
from dashboard.formats.writing import FORMATS, write_rows

at = datetime.fromisoformat


class Colour(Enum):
    RED = "r"


def write(format: str, values: list[Any], **options: Any) -> bytes:
    rows = [(value, "end") for value in values]
    return b"".join(write_rows(format, ["value", "last"], rows, **options))


def sheet_cell(value: Any) -> Any:
    book = openpyxl.load_workbook(io.BytesIO(write("xlsx", [value])))
    return book.worksheets[0]["A2"].value


D = Decimal
TEXTS = [
    (None, ""),
    ("007", "007"),
    (-5, "-5"),
    (2**70, str(2**70)),
    (0.1 + 0.2, "0.30000000000000004"),
    (1.0, "1.0"),
    (float("nan"), "NaN"),
    (-float("inf"), "-Infinity"),
    (D("1.50"), "1.50"),
    (D("1E+3"), "1000"),
    (D("1E-10"), "0.0000000001"),
    (True, "true"),
    (date(2013, 1, 31), "2013-01-31"),
    (at("2013-01-31T05:15:00"), "2013-01-31T05:15:00"),
    (datetime(2013, 1, 31, 5, 15, tzinfo=timezone(timedelta(hours=2))), "2013-01-31T03:15:00Z"),
    (time(5, 15, 0, 7), "05:15:00.000007"),
    (UUID(int=5), str(UUID(int=5))),
    (Colour.RED, "RED"),
]


@pytest.mark.parametrize(("value", "text"), TEXTS)
def test_a_value_as_text(value: Any, text: str) -> None:
    assert write("csv", [value]) == f"value,last\r\n{text},end\r\n".encode()


def test_what_is_nested_is_json() -> None:
    line = write("tsv", [{"a": [1, D("1.10"), None, "é"]}]).decode().splitlines()[1]
    assert line == '"{""a"":[1,1.10,null,""é""]}"\tend'


@pytest.mark.parametrize(
    ("value", "cell"), [("=1+1", "'=1+1"), ("-1", "-1"), ("-x", "'-x"), ("@a", "'@a"), (-1, "-1")]
)
def test_no_text_runs_as_a_formula(value: Any, cell: str) -> None:
    assert write("csv", [value]).splitlines()[1] == f"{cell},end".encode()


def test_formulas_are_kept_for_programs() -> None:
    assert b"\n=1+1," in write("csv", ["=1+1"], escape_formulas=False)


@pytest.mark.parametrize(
    ("value", "json_text"),
    [
        (None, "null"),
        ("007", '"007"'),
        (7, "7"),
        (1.5, "1.5"),
        (float("nan"), '"NaN"'),
        (D("1.10"), "1.10"),
        (False, "false"),
        (date(2013, 1, 31), '"2013-01-31"'),
        ('a"\n\u2028é', '"a\\"\\n\u2028é"'),
        ([1, {"b": None}], '[1,{"b":null}]'),
    ],
)
def test_json_lines_keep_types(value: Any, json_text: str) -> None:
    line = write("json-lines", [value]).decode().removesuffix("\n")
    assert line == f'{{"value":{json_text},"last":"end"}}'
    assert json.loads(line)["last"] == "end"


SHEET = [
    (None, None),
    (7, 7),
    (2**53 + 2, str(2**53 + 2)),
    (0.1 + 0.2, 0.1 + 0.2),
    (1e300, 1e300),
    (D("1.50"), 1.5),
    (D("12345678901234567890.1"), "12345678901234567890.1"),
    (float("nan"), "NaN"),
    (True, True),
    ("007", "007"),
    ("=1+1", "=1+1"),
    ("http://example.org", "http://example.org"),
    ("<r><t>x</t></r>", "<r><t>x</t></r>"),
    ("  spaces ", "  spaces "),
    ("a\nb", "a\nb"),
    ("é😀<&>", "é😀<&>"),
    (date(2013, 1, 31), at("2013-01-31")),
    (at("2013-01-31T05:15:00"), at("2013-01-31T05:15:00")),
    (at("2013-01-31T05:15:00.000001"), "2013-01-31T05:15:00.000001"),
    (datetime(2013, 1, 31, tzinfo=UTC), "2013-01-31T00:00:00Z"),
    (date(1899, 12, 31), "1899-12-31"),
    (date(1900, 2, 28), "1900-02-28"),
    (time(5, 15), time(5, 15)),
]


@pytest.mark.parametrize(("value", "expected"), SHEET)
def test_a_workbook_keeps_types_and_never_makes_formulas(value: Any, expected: Any) -> None:
    found = sheet_cell(value)
    assert found == expected
    assert type(found) is type(expected)


def test_a_workbook_has_no_formula_and_no_link() -> None:
    data = write("xlsx", ["=1+1", "http://example.org", "{=1}"])
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert not [name for name in archive.namelist() if "_rels/sheet" in name]
    assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("text", ["x" * 32_768, "😀" * 16_384])
def test_a_text_too_long_for_a_cell_is_refused(text: str) -> None:
    with pytest.raises(
        InputRefused, match=r'^Row 3, column "value" has .* holds 32,767'
    ) as refusal:
        write("xlsx", ["x" * 32_767, text])
    assert refusal.value.code == "cell_too_long"


@pytest.mark.parametrize("text", ["\ufffe", "a\uffff", "\ud800"])
def test_a_character_no_workbook_holds_is_refused(text: str) -> None:
    with pytest.raises(InputRefused, match=r"^Row 2, .* holds the character U\+") as refusal:
        write("xlsx", [text])
    assert refusal.value.code == "forbidden_character"


def test_more_columns_than_a_sheet_has_are_refused() -> None:
    with pytest.raises(InputRefused, match=r"16,385 columns.* Use CSV"):
        list(write_rows("xlsx", [f"c{n}" for n in range(16_385)], []))


def test_more_rows_than_a_sheet_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing_xlsx, "MOST_ROWS", 10)
    assert len(list(write_rows("xlsx", ["a"], [["x"]] * 9))) > 0
    with pytest.raises(InputRefused, match=r"more rows than a sheet has \(9 below the header\)"):
        list(write_rows("xlsx", ["a"], [["x"]] * 10))


def read_parquet(data: bytes) -> pa.Table:
    return pq.ParquetFile(io.BytesIO(data)).read(use_threads=False)


def test_parquet_is_text_unless_types_are_given() -> None:
    table = read_parquet(write("parquet", ["007", None, 1.5]))
    assert table["value"].to_pylist() == ["007", None, "1.5"]


def test_parquet_keeps_the_types_given() -> None:
    types = [pa.decimal128(5, 2), pa.string()]
    table = read_parquet(write("parquet", [D("1.5"), None], types=types))
    assert table.schema.types == types
    assert table["value"].to_pylist() == [D("1.50"), None]


def test_a_value_that_does_not_fit_its_type_is_named() -> None:
    with pytest.raises(
        InputRefused, match=r'^Row 2, column "value": \'x\' cannot be written as int'
    ):
        write("parquet", [1, "x"], types=[pa.int64(), pa.string()])


@pytest.mark.parametrize("format", FORMATS)
def test_no_rows_are_a_file_all_the_same(format: str) -> None:
    data = write(format, [])
    assert data or format == "json-lines"


@pytest.mark.parametrize("format", ["csv", "tsv", "json-lines", "parquet"])
def test_pieces_come_while_rows_are_still_made(format: str) -> None:
    made = 0

    def rows() -> Iterator[tuple[str, int]]:
        nonlocal made
        for made in range(200_000):
            yield "some text that takes its place", made

    pieces = write_rows(format, ["text", "number"], rows())
    sum(len(piece) for piece, _ in zip(pieces, range(2), strict=False))
    assert 0 < made < 100_000


@pytest.mark.parametrize("format", FORMATS)
def test_a_row_of_another_width_is_an_error(format: str) -> None:
    with pytest.raises(ValueError, match="2 values for 1 columns"):
        list(write_rows(format, ["a"], [["x", "y"]]))


@pytest.mark.parametrize(
    ("format", "columns", "code"),
    [("xml", ["a"], "bad_format"), ("csv", ["a", "a"], "duplicate_header")],
)
def test_what_cannot_be_written(format: str, columns: list[str], code: str) -> None:
    with pytest.raises(InputRefused) as refusal:
        write_rows(format, columns, [])
    assert refusal.value.code == code


def test_bytes_are_refused() -> None:
    with pytest.raises(InputRefused, match="Bytes cannot be written"):
        write("csv", [b"x"])
