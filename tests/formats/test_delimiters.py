"""Delimiter and quote found from several records."""

import pytest

from dashboard.formats.delimiters import find_delimiter
from tests.formats.looking import Looking


@pytest.mark.parametrize("mark", [",", ";", "\t", "|", "^", "~"])
def test_each_candidate_is_found(look: Looking, mark: str) -> None:
    assert look.found(f"a{mark}b\n1{mark}2\n".encode()).delimiter == mark


@pytest.mark.parametrize(
    ("lines", "mark"),
    [
        (["name;price", "x;1,5", "y;2,5"], ";"),
        (["a;b;c", "x;1,5;2,5", "y;1,5;3,5"], ";"),
        (["a,b,c;d", "1,2,3", "4,5,6;7"], ","),
        (["Name, first;Age", "Lovelace, Ada;36", "Babbage, Charles;79"], ";"),
        (["x,y|z", "1|2", "3|4"], "|"),
        (["a\tb", "x, y\t1", "z\t2"], "\t"),
        (["text", "one; two; three", "four"], ","),
        (["Report, 2020", "a;b;c", "1;2;3", "4;5;6"], ";"),
        (['a,"x;y;z"', '1,";;"'], ","),
        (["a,b", "1,2^3^4", "5,6^7^8"], ","),
        (["single"], ","),
        (["when", "12:30|x", "13:30"], ","),
    ],
)
def test_the_delimiter_that_cuts_evenly_wins(lines: list[str], mark: str) -> None:
    assert find_delimiter(lines, '"') == mark


@pytest.mark.parametrize("mark", [":", " ", "\x01", "a", "'", "."])
def test_any_single_ascii_character_may_be_chosen(look: Looking, mark: str) -> None:
    seen = look.seen(f"X{mark}Y\n1{mark}2\n".encode(), delimiter=mark)
    assert seen.rows == [["1", "2"]]


def test_single_quotes_around_header_and_cells(look: Looking) -> None:
    seen = look.seen(b"'a','b'\n1,'it''s, x'\n2,'\"y\"'\n")
    assert (seen.found.quote, seen.found.columns) == ("'", ("a", "b"))
    assert [row[1] for row in seen.rows] == ["it's, x", '"y"']
    assert "single quotes" in seen.found.notes[0]


@pytest.mark.parametrize(
    "data",
    [
        b"a,b\n'x','y'\n'z','w'\n",
        b"'a',b\n'x','y'\n",
        b"'a','b'\n'x,y'z,'w'\n",
        b"'a','b'\nx,y\n",
        b"'a','b'\n",
    ],
)
def test_single_quotes_that_are_not_consistent_are_text(look: Looking, data: bytes) -> None:
    assert look.found(data).quote == '"'


def test_a_single_column(look: Looking) -> None:
    seen = look.seen(b"name\nx\n y \n007\n")
    assert (seen.found.columns, seen.rows) == (("name",), [["x"], [" y "], ["007"]])
