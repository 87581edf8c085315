"""What a file is, and its first rows."""

import pytest

from dashboard.errors import FileRefused
from tests.formats.looking import Looking, packed

JSON = b'{"a":1,"b":"x"}\n{"b":"y"}\n'


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"a,b\n1,2\n", "x.csv", "delimited"),
        (b"a,b\n1,2\n", "x.xlsx", "delimited"),
        (JSON, "x.jsonl", "json-lines"),
        (JSON, "x.csv", "json-lines"),
        (b' \n{"a": 1}', "x", "json-lines"),
        (b'[{"a": 1}]', "x.txt", "json-lines"),
        (b"{a},b\n1,2\n", "x.csv", "delimited"),
        (b"[1],b\n1,2\n", "x.csv", "delimited"),
        (packed(JSON), "x", "json-lines"),
        (JSON.decode().encode("utf-16"), "x", "json-lines"),
    ],
)
def test_the_contents_tell_the_format(look: Looking, data: bytes, name: str, kind: str) -> None:
    assert look.found(data, name).format == kind


@pytest.mark.parametrize(
    ("data", "name", "note"),
    [
        (b"a,b\n1,2\n", "x.XLSX", "ends in .xlsx, but it is delimited text"),
        (JSON, "x.csv", "ends in .csv, but it is JSON Lines"),
        (packed(b"a,b\n1,2\n"), "x.csv", "ends in .csv, but it is packed with gzip"),
        (b"a,b\n1,2\n", "x.gz", "ends in .gz, but it is delimited text"),
    ],
)
def test_a_lying_name_is_told(look: Looking, data: bytes, name: str, note: str) -> None:
    assert note in look.found(data, name).notes[0]


@pytest.mark.parametrize("name", ["x.csv", "x.TSV", "x.txt", "x.dat", "x", "x.csv.bak", "x.gz"])
def test_other_names_say_nothing(look: Looking, name: str) -> None:
    data = b"a,b\n1,2\n"
    assert look.found(packed(data) if name == "x.gz" else data, name).notes == ()


def test_a_chosen_format_wins(look: Looking) -> None:
    found = look.found(b'{"a",b\n1,2\n', format="csv", quote="")
    assert found.columns == ('{"a"', "b")
    assert look.found(b"a,b\tc\n", format="tsv").columns == ("a,b", "c")


@pytest.mark.parametrize(
    ("data", "chosen", "code"),
    [
        (b"a,b\n1,2\n", "xlsx", "bad_format"),
        (b"a,b\n1,2\n", "parquet", "bad_format"),
        (b"PAR1" + bytes(40), "csv", "bad_format"),
        (b"PAR1" + bytes(40), "xlsx", "bad_format"),
        (b"\xd0\xcf\x11\xe0" + bytes(40), "json-lines", "bad_format"),
    ],
)
def test_a_chosen_format_that_cannot_be(look: Looking, data: bytes, chosen: str, code: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        look.found(data, format=chosen)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7\n",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"GIF89a,b\n",
        b"SQLite format 3\0",
        b"{\\rtf1 a,b}",
        b"BZh91AY&SY",
        b"7z\xbc\xaf\x27\x1c",
        b"\x28\xb5\x2f\xfd",
        b"<!DOCTYPE html><table>",
        b"\n <table>\n<tr>",
        b'<?xml version="1.0"?>',
        b"\x7fELF\2",
        b"x" * 257 + b"ustar\0",
        b"\0" * 500,
        bytes(range(256)) * 4,
    ],
)
@pytest.mark.parametrize("name", ["x.csv", "x.xlsx"])
def test_what_is_no_text_is_refused(look: Looking, data: bytes, name: str) -> None:
    with pytest.raises(FileRefused, match=r"Save it as") as refusal:
        look.found(data, name)
    assert refusal.value.code == "not_text"


def test_ragged_rows_are_shown_as_they_are(look: Looking) -> None:
    seen = look.seen(b'a,b\n1\n2,3,"4"\n5,6\n')
    assert seen.rows == [["1", None], ["2", "3", "4"], ["5", "6"]]
    assert (seen.ragged, seen.total_rows) == ([2, 3], 3)


def test_cells_are_shown_as_written(look: Looking) -> None:
    cells = ["007", "NA", " x ", "", "1.50", "\\N", "null"]
    seen = look.seen(("a,b,c,d,e,f,g\n" + ",".join(cells) + "\n").encode())
    assert seen.rows == [cells]


def test_a_header_without_rows_is_shown_with_none(look: Looking) -> None:
    seen = look.seen(b"a,b\n\n")
    assert (seen.rows, seen.numbers, seen.total_rows) == ([], [], 0)
    assert look.count(b"a,b\n\n") == 0


def test_rows_are_limited_and_the_total_is_known_for_a_small_file(look: Looking) -> None:
    seen = look.seen(b"a\n" + b"x\n\n" * 50, rows=3)
    assert (seen.numbers, seen.total_rows) == ([2, 4, 6], 50)


def test_the_total_of_a_longer_file_is_left_open(look: Looking) -> None:
    data = b"a,b\n" + b"1,2\n" * 100_000
    assert look.seen(data).total_rows is None
    assert (look.count(data), len(look.seen(data, rows=2000).rows)) == (100_000, 2000)


def test_wide_rows_are_shown_too(look: Looking) -> None:
    data = b"a,b\n" + b'1,"' + b"x" * 400_000 + b'"\n2,y\n'
    seen = look.seen(data, rows=2)
    assert [len(row[1] or "") for row in seen.rows] == [400_000, 1]


def test_of_very_long_rows_fewer_are_shown(look: Looking) -> None:
    data = b"a\n" + (b"x" * (3 << 20) + b"\n") * 6
    assert 1 <= len(look.seen(data, rows=6).rows) < 6


@pytest.mark.parametrize(
    ("data", "code", "row"),
    [
        (b"a,b\n1,2\n3,\0\n", "nul_byte", 3),
        (b"a,b\n1,2\rx\n", "lone_return", 2),
        (b'a,b\n1,2"x\n', "stray_quote", 2),
        (b'a,b\n1,"2\n', "unclosed_quote", 2),
        (b'a,"b\n', "unclosed_quote", 1),
        (b"", "file_empty", None),
        (b"\xef\xbb\xbf\n\n", "file_empty", None),
        (b"a,b\n" + b"x" * (9 << 20), "line_too_long", 2),
    ],
)
def test_what_cannot_be_read_is_refused(
    look: Looking, data: bytes, code: str, row: int | None
) -> None:
    with pytest.raises(FileRefused) as refusal:
        look.seen(data)
    assert (refusal.value.code, refusal.value.details.get("row")) == (code, row)


def test_an_error_goes_away_with_the_right_choice(look: Looking) -> None:
    data = b'size,name\n5",pipe\n6,"rod\n'
    with pytest.raises(FileRefused):
        look.seen(data)
    assert look.seen(data, quote="").rows == [['5"', "pipe"], ["6", '"rod']]
