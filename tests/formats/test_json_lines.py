"""JSON Lines: everything as written, or a refusal that names the row."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.errors import FileRefused
from dashboard.formats import json_records
from dashboard.formats.found import Preview
from dashboard.formats.json_lines import (
    count_json_lines,
    inspect_json_lines,
    json_lines_batches,
    preview_json_lines,
)
from dashboard.formats.reading_choices import Reading
from dashboard.formats.table_form import read_batch

READING = Reading()


def preview(text: str | bytes, rows: int = 20) -> Preview:
    data = text.encode() if isinstance(text, str) else text
    return preview_json_lines(io.BytesIO(data), "x.jsonl", READING, rows)


def read(text: str | bytes) -> tuple[list[str], list[dict[str, str]], list[int]]:
    """Columns, records and row numbers by way of the table form."""
    data = text.encode() if isinstance(text, str) else text
    batches = list(json_lines_batches(io.BytesIO(data), "x.jsonl", READING))
    columns = batches[-1].columns
    rows = [read_batch(batch.data, columns) for batch in batches]
    records = [record for row in rows for record in row.table.to_pylist()]
    return list(columns), records, [n for row in rows for n in row.numbers.tolist()]


CELLS = [
    ("1.10", "1.10"),
    ("1e5", "1e5"),
    ("-0", "-0"),
    ("12345678901234567890123", "12345678901234567890123"),
    ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
    ("9" * 5000, "9" * 5000),
    ('"007"', "007"),
    ('""', ""),
    ('"é\\u00e9\\ud83d\\ude00"', "éé😀"),
    ('"a\\nb\\\\n"', "a\nb\\n"),
    ('"\\\\u0000"', "\\u0000"),
    ("true", "true"),
    ("false", "false"),
    ("null", None),
    ("[]", "[]"),
    ('{ "x" : [ 1.10, "ü", null, true ] }', '{"x":[1.10,"ü",null,true]}'),
    ('["\\u00e9\\n", 1E+2]', '["é\\n",1E+2]'),
]


@pytest.mark.parametrize(("written", "cell"), CELLS)
def test_a_value_as_a_cell(written: str, cell: str | None) -> None:
    assert preview(f'{{"a": {written}}}').rows == [[cell]]
    assert read(f'{{"a": {written}}}')[1] == [{"a": cell or ""}]


def test_columns_are_all_names_in_the_order_they_appear() -> None:
    columns, records, _ = read('{"b": 1}\n{"a": 2, "b": 3}\n{"c": 4}')
    assert columns == ["b", "a", "c"]
    assert records[0] == {"b": "1", "a": "", "c": ""}


def test_a_name_that_appears_late_is_a_column_of_the_whole_file() -> None:
    lines = ['{"a": 1}'] * 120_000 + ['{"a": 1, "late": 2}']
    columns, records, _ = read("\n".join(lines))
    assert columns == ["a", "late"]
    assert (records[0]["late"], records[-1]["late"]) == ("", "2")


def test_rows_are_lines_and_blank_ones_count() -> None:
    found = preview('\n{"a": 1}\r\n \t\r\n\n{"a": 2}\n')
    assert (found.numbers, found.rows, found.total_rows) == ([2, 5], [["1"], ["2"]], 2)


def test_a_mark_of_byte_order_is_no_text() -> None:
    assert preview('\ufeff{"a": 1}').found.columns == ("a",)


def test_blank_names_become_columns() -> None:
    found = preview('{"": 1, " ": 2, "column_1": 3}').found
    assert found.columns == ("column_1", "column_2", "column_1_2")
    assert found.headers == ("", " ", "column_1")


def test_an_array_of_objects_is_read_too() -> None:
    text = '\n [ {"a": "é"},\n\n {"a": 2.50, "b": {"c": []}}\n] \n'
    assert read(text) == (["a", "b"], [{"a": "é", "b": ""}, {"a": "2.50", "b": '{"c":[]}'}], [1, 2])


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_an_array_may_be_cut_anywhere_while_it_is_read(size: int) -> None:
    data = '[{"a": "日本é😀"}, {"a": [1, 2.5]},{"a":"x"}]'.encode()
    blocks = json_records.read_texts(io.BytesIO(data), size)
    texts = [text for block in blocks for text in block.texts]
    assert [json.loads(text)["a"] for text in texts] == ["日本é😀", [1, 2.5], "x"]


@pytest.mark.parametrize("size", [1, 5, 16, 1000])
def test_lines_may_be_cut_anywhere_while_they_are_read(size: int) -> None:
    data = '{"a":"é日"}\n\n{"a":1}\r\n{"a":2}'.encode()
    blocks = list(json_records.read_texts(io.BytesIO(data), size))
    assert [number for block in blocks for number in block.numbers] == [1, 3, 4]


REFUSED = [
    ("", "file_empty", None),
    (" \n\t\n", "file_empty", None),
    ("[]", "no_rows", None),
    ("{}\n{}", "no_columns", None),
    ('{"a":1}\n{"a":}', "not_json", 2),
    ('{"a":1}\n\n{"a":1} x', "not_json", 3),
    ('{"a":1}{"a":2}', "not_json", 1),
    ('{\n"a": 1\n}', "not_json", 1),
    ('{"a":01}', "not_json", 1),
    ('{"a":"x\ty"}', "not_json", 1),
    ("{'a': 1}", "not_json", 1),
    ('{"a":1}\n{"a":NaN}', "not_json", 2),
    ('{"a":-Infinity}', "not_json", 1),
    ('{"a":1,"a":2}', "duplicate_key", 1),
    ('{"a":1}\n{"a":{"b":1,"b":1}}', "duplicate_key", 2),
    ("[1,2]\n[3,4]", "not_an_object", 1),
    ('{"a":1}\n3', "not_an_object", 2),
    ('"a"', "not_an_object", 1),
    ('{"a":1}\nnull', "not_an_object", 2),
    ('{"a":1}\n{"a":"\\ud800"}', "lone_surrogate", 2),
    ('{"\\udc00":1}', "lone_surrogate", 1),
    ('{"a":["\\ud800"]}', "lone_surrogate", 1),
    ('{"a":1}\n{"a":"\\u0000"}', "nul_byte", 2),
    ('{"a":1}\n{"a":"\0"}', "nul_byte", 2),
    (b'{"a":1}\n{"a":"\xe9"}', "wrong_encoding", 2),
    (b'[{"a":"\xe9"}]', "wrong_encoding", 1),
    ('{"a":' + "[" * 100_000 + "}", "nested_too_deep", 1),
    ('{"a":1}\n{"a":"' + "x" * (9 << 20) + '"}', "line_too_long", 2),
    ("[{" + " " * (10 << 20), "line_too_long", 1),
    ('[{"a":1}', "not_json", 1),
    ('[{"a":1},', "not_json", 1),
    ('[{"a":1},]', "not_json", 2),
    ('[{"a":1} {"a":2}]', "not_json", 1),
    ('[{"a":1}] []', "not_json", 1),
    ('[{"a":1}, 2]', "not_an_object", 2),
    ("{" + ",".join(f'"c{n}":1' for n in range(1601)) + "}", "too_many_columns", 1),
]


@pytest.mark.parametrize(("text", "code", "row"), REFUSED)
def test_what_is_refused(text: str | bytes, code: str, row: int | None) -> None:
    with pytest.raises(FileRefused) as refusal:
        read(text)
    assert refusal.value.code == code
    assert refusal.value.details.get("row") in (row, None)
    with pytest.raises(FileRefused) as refusal:
        preview(text)
    assert refusal.value.code == code


def test_a_refusal_names_row_and_character() -> None:
    with pytest.raises(FileRefused, match=r"^Row 2, character 6: .* Write one whole object"):
        read('{"a":1}\n{"a":}')


def test_a_preview_reads_a_part() -> None:
    class Stream(io.BytesIO):
        given = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            self.given += len(data)
            return data

    stream = Stream(b'{"a": 1}\n' * 800_000)
    found = preview_json_lines(stream, "x.jsonl", READING, 20)
    assert (len(found.rows), found.total_rows) == (20, None)
    assert stream.given < 4 << 20


def test_rows_are_counted_and_judged() -> None:
    assert count_json_lines(io.BytesIO(b'{"a":1}\n\n{"a":2}'), "x", READING) == 2
    with pytest.raises(FileRefused):
        count_json_lines(io.BytesIO(b'{"a":1}\n{"a"'), "x", READING)


def test_what_was_found() -> None:
    found = inspect_json_lines(io.BytesIO(b'{"a":1}'), "x", READING)
    assert (found.format, found.header_row, found.encoding) == ("json-lines", 0, "utf-8")


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    PLAIN | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner),
    max_leaves=6,
)
RECORDS = st.lists(
    st.dictionaries(TEXTS.filter(str.strip), VALUES, min_size=1), min_size=1, max_size=8
)


def expected_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@settings(max_examples=40, derandomize=True, deadline=None)
@given(RECORDS, st.booleans(), st.booleans())
def test_any_records_come_back(
    records: list[dict[str, Any]], ascii_only: bool, array: bool
) -> None:
    if array:
        text = json.dumps(records, ensure_ascii=ascii_only, indent=1)
    else:
        text = "\n".join(json.dumps(record, ensure_ascii=ascii_only) for record in records)
    columns, found, _ = read(text)
    assert columns == list(dict.fromkeys(name for record in records for name in record))
    assert found == [{name: expected_cell(r.get(name)) for name in columns} for r in records]
