"""What was found, kept as JSON."""

import json

import pytest

from dashboard.formats.found import Found
from tests.formats.looking import Looking

FOUND = Found("delimited", ("a", "a_2"), ("a", "a"), 3, "gzip", "utf-8", ";", "'", notes=("x",))


def test_found_comes_back_from_json() -> None:
    assert Found.from_json(json.loads(json.dumps(FOUND.to_json()))) == FOUND


def test_only_delimited_text_is_no_table() -> None:
    assert [Found(kind, (), ()).is_table for kind in ("delimited", "json-lines")] == [False, True]


@pytest.mark.parametrize(
    ("data", "options"),
    [
        (b"a;b\n1;2\n", {}),
        (b"Title\na\tb\tc\n1\t2\t3\n", {}),
        (b"sep=^\na^b\n1^2\n", {}),
        (b"1,2\n3,4\n", {"headerRow": 0}),
        ("a,b\né,2\n".encode("utf-16"), {}),
        (b'{"a":1}\n', {}),
    ],
)
def test_its_reading_finds_the_same_again(
    look: Looking, data: bytes, options: dict[str, object]
) -> None:
    seen = look.seen(data, **options)
    again = look.seen(data, **seen.found.reading().to_options())
    assert (again.found.columns, again.rows) == (seen.found.columns, seen.rows)
