"""What can be chosen about a file that is written, and what is refused, named by its key."""

from typing import Any

import pytest

from dashboard.errors import InputRefused
from dashboard.formats.write_options import FORMATS, WriteOptions


def refused(**options: Any) -> str:
    with pytest.raises(InputRefused) as refusal:
        WriteOptions.from_options(options)
    field: str = refusal.value.details["field"]
    assert field in refusal.value.message
    return field


def test_nothing_chosen_is_plain_csv() -> None:
    assert WriteOptions.from_options({}) == WriteOptions("csv", ",", ".", "utf-8", "none")


def test_everything_chosen() -> None:
    chosen = {
        "format": "csv",
        "delimiter": "|",
        "decimal": ",",
        "encoding": "utf-16",
        "compression": "gzip",
        "escapeFormulas": False,
        "header": False,
    }
    found = WriteOptions.from_options({**chosen, "filters": []})
    assert found == WriteOptions("csv", "|", ",", "utf-16", "gzip", False, False)
    assert found.to_options() == chosen


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_kept_is_read_again(format: str) -> None:
    found = WriteOptions.from_options({"format": format, "header": False})
    assert WriteOptions.from_options(found.to_options()) == found


def test_blank_choices_of_a_form_are_left_open() -> None:
    assert WriteOptions.from_options({"format": "tsv", "delimiter": ""}).delimiter == "\t"


def test_a_decimal_comma_goes_with_semicolons() -> None:
    assert WriteOptions.from_options({"decimal": ","}).delimiter == ";"


@pytest.mark.parametrize(("word", "mark"), [("tab", "\t"), ("\\t", "\t"), ("semicolon", ";")])
def test_spelled_delimiters(word: str, mark: str) -> None:
    assert WriteOptions.from_options({"delimiter": word}).delimiter == mark


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("format", {"format": "xls"}),
    ("format", {"format": ["csv"]}),
    ("decimal", {"decimal": ",", "delimiter": ","}),
    ("decimal", {"decimal": ";"}),
    *(
        ("delimiter", {"delimiter": mark})
        for mark in (";;", '"', "\n", "é", "'", ".", "-", "a", "0")
    ),
    ("delimiter", {"format": "tsv", "delimiter": ","}),
    ("encoding", {"encoding": "latin-9"}),
    ("compression", {"compression": "bzip2"}),
    ("escapeFormulas", {"escapeFormulas": "yes"}),
    ("header", {"header": 1}),
    *(("delimiter", {"format": name, "delimiter": ";"}) for name in ("xlsx", "parquet")),
    *(("encoding", {"format": name, "encoding": "utf-16"}) for name in ("xlsx", "json-lines")),
    ("decimal", {"format": "json-lines", "decimal": ","}),
    *(("compression", {"format": name, "compression": "zip"}) for name in ("xlsx", "parquet")),
]


@pytest.mark.parametrize(("field", "options"), REFUSED)
def test_what_cannot_be_is_refused(field: str, options: dict[str, Any]) -> None:
    assert refused(**options) == field


@pytest.mark.parametrize(
    ("options", "suffix", "media_type"),
    [
        (WriteOptions(), ".csv", "text/csv"),
        (WriteOptions("tsv"), ".tsv", "text/tab-separated-values"),
        (WriteOptions(compression="gzip"), ".csv.gz", "application/gzip"),
        (WriteOptions("json-lines", compression="zip"), ".jsonl.zip", "application/zip"),
        (WriteOptions("parquet"), ".parquet", "application/vnd.apache.parquet"),
    ],
)
def test_names_and_kinds_of_files(options: WriteOptions, suffix: str, media_type: str) -> None:
    assert (options.suffix, options.media_type) == (suffix, media_type)


def test_only_formats_of_spreadsheets_are_escaped() -> None:
    assert [name for name in FORMATS if WriteOptions(name).escapes] == ["csv", "tsv", "xlsx"]
    assert not WriteOptions("csv", escape_formulas=False).escapes
