"""Any table, written in any of the ways that are read, is seen cell by cell as it was written."""

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.errors import FileRefused
from tests.formats.looking import Looking, zip_of

PACKS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zip": lambda data: zip_of(("x.csv", data)),
}
LETTERS = st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs"])
CELL = st.text(LETTERS, max_size=6) | st.sampled_from(["", "007", "NA", '"', "'x'", ",;\t|", "\n"])
TABLE = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=5)
)
WORD = st.sampled_from(["x", "two words", "é", "5", "-1.5", "", "a.b", "O'Neil", '5"', "ü"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("property")


def write(rows: list[list[str]], delimiter: str, quoting: int = csv.QUOTE_ALL) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerows(rows)  # type: ignore[arg-type]
    return out.getvalue()


@settings(max_examples=60, deadline=None)
@given(
    TABLE,
    st.sampled_from(",;\t|^: "),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32-be", "gb18030", "utf-7"]),
    st.sampled_from(list(PACKS)),
)
def test_with_everything_chosen(
    folder: Path, rows: list[list[str]], delimiter: str, codec: str, pack: str
) -> None:
    names = [[f"c{number}" for number in range(len(rows[0]))]]
    data = PACKS[pack](write(names + rows, delimiter).encode(codec))
    choices = {"delimiter": delimiter, "encoding": codec, "quote": '"', "headerRow": 1}
    seen = Looking(folder).seen(data, **choices, format="csv")
    assert (seen.rows, seen.total_rows) == (rows, len(rows))


@settings(max_examples=80, deadline=None)
@given(
    st.integers(2, 4).flatmap(
        lambda n: st.lists(st.lists(WORD, min_size=n, max_size=n), min_size=2, max_size=6)
    ),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-16", "cp1252"]),
    st.sampled_from(list(PACKS)),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_with_nothing_chosen(
    folder: Path, rows: list[list[str]], delimiter: str, codec: str, pack: str, quoting: int
) -> None:
    names = [["id", "name", "city", "note"][: len(rows[0])]]
    data = PACKS[pack](write(names + rows, delimiter, quoting).encode(codec))
    seen = Looking(folder).seen(data)
    assert seen.found.columns == tuple(names[0])
    assert seen.rows == rows


@settings(max_examples=40, deadline=None)
@given(TABLE, st.sampled_from(["utf-16", "utf-32", "gb18030", "utf-7"]))
def test_a_form_is_the_text_in_utf8(folder: Path, rows: list[list[str]], codec: str) -> None:
    text = write([["a", "b"], *rows], ",")
    form = Looking(folder).text(text.encode(codec), encoding=codec, format="csv", headerRow=1)
    assert form.decode() == text


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60) | st.text("a,\"'\n\r;{[}]1é\0", max_size=30).map(str.encode))
def test_any_bytes_are_read_or_refused(folder: Path, data: bytes) -> None:
    look = Looking(folder)
    try:
        seen = look.seen(data)
        counted = look.count(data)
    except FileRefused:
        return
    assert seen.total_rows == counted == len(seen.numbers)
