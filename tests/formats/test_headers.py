"""Which record is the header, and what its names come to."""

import pytest

from dashboard.errors import FileRefused
from dashboard.formats.headers import check_headers
from dashboard.formats.naming import unique_names
from tests.formats.looking import Looking


@pytest.mark.parametrize(
    ("data", "row", "columns"),
    [
        (b"Report\na,b,c\n1,2,3\n", 2, "abc"),
        (b"Report\n\nof 2020\na;b;c\n1;2;3\n4;5;6\n", 4, "abc"),
        (b"Report,,\na,b,c\n1,2,3\n", 2, "abc"),
        (b'"A title, with a comma"\na,b,c\n1,2,3\n', 2, "abc"),
    ],
)
def test_titles_are_skipped_and_told(look: Looking, data: bytes, row: int, columns: str) -> None:
    found = look.found(data)
    assert (found.header_row, "".join(found.columns)) == (row, columns)
    assert "skipped as " in found.notes[0]


@pytest.mark.parametrize(
    "data",
    [
        b"a\nx,y\nz,w\n",  # two cells are not enough
        b"a\n1,2,3\n4,5,6\n",  # no names below
        b"a\nx,y,z\n",  # no row below the names
        b"a\nx,y,z\n1,2\n",  # not the same count
        b",a,\nx,y,z\n1,2,3\n",  # a header with blank names
        b"a\nx,y,x\n1,2,3\n",
        b"name\nx\ny\n",
    ],
)
def test_what_may_be_a_header_is_no_title(look: Looking, data: bytes) -> None:
    assert (look.found(data).header_row, look.found(data).notes) == (1, ())


def test_a_chosen_header_row_is_the_line_of_the_file(look: Looking) -> None:
    seen = look.seen(b'\xef\xbb\xbf"title\n\n"x"\na,b\n1,2\n', headerRow=4)
    assert (seen.found.columns, seen.rows, seen.numbers) == (("a", "b"), [["1", "2"]], [5])


def test_choosing_row_one_takes_a_title_for_the_header(look: Looking) -> None:
    assert look.found(b"Report\na,b,c\n1,2,3\n", headerRow=1).columns == ("Report",)


def test_no_header(look: Looking) -> None:
    seen = look.seen(b"\n1,2\n3\n4,5\n", headerRow=0)
    assert seen.found.columns == ("column_1", "column_2")
    assert (seen.found.headers, seen.numbers) == (("", ""), [2, 3, 4])


@pytest.mark.parametrize("row", [2, 4, 9])
def test_a_header_row_that_is_blank_or_missing_is_refused(look: Looking, row: int) -> None:
    with pytest.raises(FileRefused, match=f"Row {row} was chosen as the header"):
        look.found(b"a,b\n\n1,2\n", headerRow=row)


def test_a_header_far_down(look: Looking) -> None:
    data = b"note\n" * 100_000 + b"a,b\n1,2\n"
    assert look.seen(data, headerRow=100_001).rows == [["1", "2"]]


def test_the_line_that_names_the_delimiter_is_followed_and_skipped(look: Looking) -> None:
    seen = look.seen(b'"sep=|"\r\na,x|b\r\n1|2\r\n')
    assert (seen.found.columns, seen.found.header_row) == (("a,x", "b"), 2)
    assert "sep=" in seen.found.notes[0]


def test_blank_and_doubled_headers_get_names(look: Looking) -> None:
    found = look.found(b"a,,a\n1,2,3\n")
    assert (found.columns, found.headers) == (("a", "column_2", "a_2"), ("a", "", "a"))


def test_a_header_of_numbers_is_told(look: Looking) -> None:
    assert "numbers only" in look.found(b"1,2.5\n3,4\n").notes[0]


@pytest.mark.parametrize(
    ("headers", "chosen"),
    [
        (["a", "b"], []),
        (["a", "b", "a"], ["a", "a_2"]),
        (["a", " ", "c"], ["column_2"]),
    ],
)
def test_headers_that_tell_which_column_is_which(headers: list[str], chosen: list[str]) -> None:
    check_headers(unique_names(headers), headers, 4, chosen)


@pytest.mark.parametrize(
    ("headers", "chosen", "code"),
    [
        (["a", "b", "a"], [], "duplicate_header"),
        (["a", "b", "a"], ["a_2"], "duplicate_header"),
        (["a", " ", "c"], ["a"], "missing_header"),
    ],
)
def test_headers_that_do_not_are_refused(headers: list[str], chosen: list[str], code: str) -> None:
    with pytest.raises(FileRefused, match=r"^Row 4: column.*\.$") as refusal:
        check_headers(unique_names(headers), headers, 4, chosen)
    assert refusal.value.code == code
