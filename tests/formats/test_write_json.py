"""JSON Lines from record batches: valid, typed, one record a line."""

import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.formats.write_json import JSON_FIELD
from dashboard.formats.write_options import WriteOptions
from dashboard.formats.write_parts import write_batches


def written(table: Any) -> str:
    options = WriteOptions("json-lines")
    return b"".join(write_batches(options, table.schema, [table])).decode()


def line(value: Any, kind: Any = None) -> str:
    """The value's JSON."""
    found = written(pa.table({"a": pa.array([value], kind)}))
    assert json.loads(found)
    return found.removeprefix('{"a":').removesuffix("}\n")


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (7, None, "7"),
        (1.5, None, "1.5"),
        (1e300, None, "1e+300"),
        (float("nan"), None, '"NaN"'),
        (-float("inf"), None, '"-Infinity"'),
        (Decimal("1.10"), None, "1.10"),
        (True, None, "true"),
        (None, pa.int64(), "null"),
        (None, pa.string(), "null"),
        ("007", None, '"007"'),
        ("=1+1", None, '"=1+1"'),
        ('a"\\\n\x01\u2028é', None, '"a\\"\\\\\\n\\u0001\u2028é"'),
        (0, pa.date32(), '"1970-01-01"'),
        (b"a", None, '"\\\\x61"'),
        ([{"b": None}, {"b": 1}], None, '[{"b":null},{"b":1}]'),
    ],
)
def test_a_value(value: Any, kind: Any, expected: str) -> None:
    assert line(value, kind) == expected


def test_names_and_nulls() -> None:
    table = pa.table({'a"b': [1, None], "é\n": ["x", None]})
    assert written(table) == '{"a\\"b":1,"é\\n":"x"}\n{"a\\"b":null,"é\\n":null}\n'


@given(st.lists(st.none() | st.text(), min_size=1))
def test_any_text_is_read_back(texts: list[str | None]) -> None:
    table = pa.table({"a": pa.array(texts, pa.string())})
    found = [json.loads(text)["a"] for text in written(table).split("\n")[:-1]]
    assert found == texts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"b": [1.10, "x\\n"]}', '{"b": [1.10, "x\\n"]}'),
        (' {\r\n"b":1\n}\n', '{  "b":1 }'),
        ("null", '"null"'),
        ('"x"', '"\\"x\\""'),
        ('[{"a":1,"a":2}]', '"[{\\"a\\":1,\\"a\\":2}]"'),
        ('["\\ud800"]', '"[\\"\\\\ud800\\"]"'),
        ("[NaN]", '"[NaN]"'),
        ("{broken", '"{broken"'),
        (None, "null"),
    ],
)
def test_a_column_of_json_is_no_text(text: str | None, expected: str) -> None:
    schema: Any = pa.schema([pa.field("a", pa.string(), metadata=JSON_FIELD)])
    assert written(pa.table({"a": [text]}, schema=schema)) == f'{{"a":{expected}}}\n'
