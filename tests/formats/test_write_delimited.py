"""CSV and TSV from record batches: every cell unmistakable, parts that can be joined."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.errors import InputRefused
from dashboard.formats import write_lines
from dashboard.formats.write_options import WriteOptions
from dashboard.formats.write_parts import part_writer, write_batches

TEXTS = ["plain", "a,b", 'a"b', "a\nb", "a\rb", "a;b", "a\tb", "", None, " x ", "\\N", "é😀", "=1"]


def written(table: Any, **options: Any) -> bytes:
    return b"".join(write_batches(WriteOptions(**options), table.schema, [table]))


def lines(table: Any, **options: Any) -> list[str]:
    return written(table, **options).decode().splitlines()


def of(**columns: list[Any]) -> Any:
    return pa.table(columns)


def test_null_is_blank_and_the_empty_text_is_quoted() -> None:
    table = pa.table({"a": pa.array(["x", "", None]), "b": pa.array([1, None, 3])})
    assert lines(table) == ["a,b", "x,1", '"",', ",3"]


def test_a_single_column_has_no_blank_line() -> None:
    assert lines(of(a=["x", None, ""])) == ["a", "x", '""', '""']


@pytest.mark.parametrize("options", [{}, {"format": "tsv"}, {"delimiter": "|"}, {"decimal": ","}])
def test_any_text_is_read_back(options: dict[str, Any]) -> None:
    data = written(of(a=TEXTS, b=TEXTS), escape_formulas=False, **options).decode()
    mark = WriteOptions(**options).delimiter
    rows = list(csv.reader(io.StringIO(data, newline=""), delimiter=mark, strict=True))
    assert rows == [["a", "b"], *([text or ""] * 2 for text in TEXTS)]


@given(st.lists(st.text(), min_size=1))
def test_quotes_are_as_copy_sets_them(texts: list[str]) -> None:
    cells = written(of(a=texts, b=[1] * len(texts)), header=False, escape_formulas=False)
    assert cells.decode() == "".join(f"{quoted(text)},1\n" for text in texts)


def quoted(text: str) -> str:
    if text and not set(text) & set(',"\r\n'):
        return text
    return f'"{text.replace(chr(34), chr(34) * 2)}"'


def test_texts_and_names_are_escaped_but_no_number() -> None:
    table = of(**{"=a": ["=1", "-1", "-x", None], "b": [-1, -2.5, None, 0]})
    assert lines(table) == ["'=a,b", "'=1,-1", "-1,-2.5", "'-x,", ",0"]
    assert lines(table, escape_formulas=False)[:2] == ["=a,b", "=1,-1"]


def test_texts_of_a_dictionary_are_escaped() -> None:
    table = pa.table({"a": pa.array(["=1", "b"]).dictionary_encode()})
    assert lines(table) == ["a", "'=1", "b"]


def test_a_decimal_comma_is_of_numbers_only() -> None:
    table = of(f=[1.5, -1e-7], d=[Decimal("2.50"), None], i=[1, 2], s=["1.5", "v1.0"])
    assert lines(table, decimal=",") == ["f;d;i;s", "1,5;2,50;1;1.5", "-1e-07;;2;v1.0"]


def test_a_delimiter_that_stands_in_dates() -> None:
    table = pa.table({"a": pa.array([0], pa.timestamp("s")), "b": ["x"]})
    assert lines(table, delimiter=":") == ["a:b", '"1970-01-01 00:00:00":x']


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("windows-1252", "cp1252"),
        ("iso-8859-1", "latin-1"),
    ],
)
def test_other_encodings(encoding: str, codec: str) -> None:
    data = written(of(ä=["é", None], b=["x", "y"]), encoding=encoding)
    assert data.decode(codec) == "ä,b\né,x\n,y\n"


def test_the_mark_stands_there_without_a_header_too() -> None:
    assert written(of(a=["é"]), encoding="utf-16", header=False) == "é\n".encode("utf-16")


def test_a_character_the_encoding_lacks_is_named() -> None:
    table = of(id=range(10, 13), name=["a", "é", "ok Ł"])
    expected = r'^Row 4, column "name" holds “Ł” \(U\+0141\), which windows-1252 cannot write\. '
    with pytest.raises(InputRefused, match=expected) as refusal:
        written(table, encoding="windows-1252")
    assert refusal.value.code == "not_in_encoding"


def test_a_part_names_the_record_where_it_does_not_know_the_row() -> None:
    table = of(id=range(10, 13), name=["a", "é", "Ł"])
    writer = part_writer(WriteOptions(encoding="iso-8859-1"), table.schema)
    with pytest.raises(InputRefused, match=r"^The record whose \"id\" is '12', column \"name\""):
        list(writer.part([table]))


def test_a_name_the_encoding_lacks_is_refused() -> None:
    with pytest.raises(InputRefused, match="column's name holds “Ł”"):
        written(of(Ł=["a"]), encoding="windows-1252")


def test_a_value_of_no_calendar_is_named() -> None:
    table = pa.table({"a": pa.array([0, 2**31 - 1], pa.int32()).view(pa.date32())})
    with pytest.raises(InputRefused, match=r'^Row 3, column "a" holds a date .* no calendar'):
        written(table)


def test_parts_of_several_threads_are_the_file() -> None:
    table = of(a=[f"text {n}" for n in range(1_000)], b=range(1_000))
    writer = part_writer(WriteOptions(), table.schema)

    def part(start: int) -> bytes:
        return b"".join(writer.part([table.slice(start, 100)]))

    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(part, range(0, 1_000, 100)))
    assert b"".join([writer.head(), *parts, writer.tail()]) == written(table)


def test_how_batches_are_cut_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    table = of(a=TEXTS, b=list(range(len(TEXTS))))
    whole = written(table)
    monkeypatch.setattr(write_lines, "SLICE_BYTES", 100)
    assert written(table) == whole
    batches = [table.slice(0, 5), *table.slice(5).to_batches()]
    assert b"".join(write_batches(WriteOptions(), table.schema, batches)) == whole


def test_batches_get_the_types_of_the_schema() -> None:
    schema: Any = pa.schema([("a", pa.float64()), ("b", pa.string())])
    batch = pa.table({"x": [1, None], "y": pa.nulls(2)})
    assert b"".join(write_batches(WriteOptions(), schema, [batch])) == b"a,b\n1,\n,\n"


def test_batches_of_another_width_are_an_error() -> None:
    with pytest.raises(ValueError, match="1 columns for 2"):
        list(write_batches(WriteOptions(), of(a=[1], b=[2]).schema, [of(a=[1])]))


@pytest.mark.parametrize(
    ("names", "code"), [([], "no_columns"), (["a", "b", "a"], "duplicate_header")]
)
def test_columns_that_make_no_file(names: list[str], code: str) -> None:
    schema: Any = pa.schema([(name, pa.int64()) for name in names])
    with pytest.raises(InputRefused) as refusal:
        write_batches(WriteOptions(), schema, [])
    assert refusal.value.code == code
