"""Read as: what was found in the file, not what it was turned into."""

import pytest

from dashboard.jobs.reading_words import read_as

TEXT = {"columns": ["a", "b"], "encoding": "utf-8", "delimiter": ",", "header_row": 1}
LATIN = {**TEXT, "format": "delimited", "encoding": "windows-1252", "delimiter": ";"}
BOOK = {"columns": ["a"], "format": "xlsx", "sheet": "EU net", "header_row": 3}
LINES = {"columns": ["a"], "format": "json-lines", "compression": "gzip"}


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        ({}, ""),
        (TEXT, "UTF-8, comma, 2 columns, header in line 1"),
        ({**TEXT, "found": LATIN}, "WINDOWS-1252, semicolon, 2 columns, header in line 1"),
        ({**TEXT, "header_row": 0}, "UTF-8, comma, 2 columns, no header"),
        ({"columns": ["a"], "found": BOOK}, "XLSX, sheet “EU net”, 1 column, header in line 3"),
        ({"columns": ["a"], "found": LINES}, "JSON Lines, in gzip, 1 column"),
    ],
)
def test_in_words(layout, words):
    assert read_as(layout) == words
