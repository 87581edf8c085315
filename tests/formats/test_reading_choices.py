"""What a person may choose about reading."""

from typing import Any

import pytest

from dashboard.errors import FileRefused
from dashboard.formats.reading_choices import Reading


def test_options_there_and_back() -> None:
    options = {"format": "csv", "delimiter": ";", "quote": "", "encoding": "utf-16-le"}
    options |= {"sheet": "Two", "headerRow": 0}
    assert Reading.from_options({**options, "mode": "insert"}).to_options() == options


def test_nothing_chosen_leaves_everything_open() -> None:
    blank = {"format": "", "delimiter": "", "encoding": "", "sheet": "", "headerRow": ""}
    assert Reading.from_options(blank) == Reading() == Reading.from_options({"quote": None})


@pytest.mark.parametrize(
    ("written", "meant"), [("\\t", "\t"), ("tab", "\t"), ("semicolon", ";"), ("^", "^")]
)
def test_delimiters_may_be_spelled(written: str, meant: str) -> None:
    assert Reading.from_options({"delimiter": written}).delimiter == meant


def test_tsv_means_tab_unless_another_delimiter_is_chosen() -> None:
    assert Reading(format="tsv").mark == "\t"
    assert Reading(format="tsv", delimiter=";").mark == ";"


@pytest.mark.parametrize(
    ("name", "usual"),
    [("CP1252", "windows-1252"), ("latin1", "iso-8859-1"), ("UTF8", "utf-8"), ("ascii", "utf-8")],
)
def test_encodings_have_one_name(name: str, usual: str) -> None:
    assert Reading(encoding=name).encoding == usual


def test_header_row_may_be_text() -> None:
    assert Reading.from_options({"headerRow": " 3 "}).header_row == 3


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"format": "docx"}, "bad_format"),
        ({"delimiter": "ab"}, "bad_delimiter"),
        ({"delimiter": "\n"}, "bad_delimiter"),
        ({"delimiter": "é"}, "bad_delimiter"),
        ({"delimiter": "'", "quote": "'"}, "bad_delimiter"),
        ({"quote": "''"}, "bad_quote"),
        ({"quote": "\0"}, "bad_quote"),
        ({"encoding": "rot13"}, "bad_encoding"),
        ({"encoding": "hex"}, "bad_encoding"),
        ({"encoding": "idna"}, "bad_encoding"),
        ({"encoding": "no such"}, "bad_encoding"),
        ({"encoding": "a\0b"}, "bad_encoding"),
        ({"headerRow": -1}, "bad_header_row"),
        ({"headerRow": 10**12}, "bad_header_row"),
        ({"headerRow": True}, "bad_header_row"),
        ({"headerRow": "1.5"}, "bad_header_row"),
        ({"headerRow": []}, "bad_header_row"),
        ({"sheet": 3}, "bad_choice"),
        ({"delimiter": ["a"]}, "bad_choice"),
    ],
)
def test_choices_that_cannot_be_followed(options: dict[str, Any], code: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        Reading.from_options(options)
    assert refusal.value.code == code
