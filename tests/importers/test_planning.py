"""One pass over a file: its layout, chunks and duplicate keys."""

import io
import json
from typing import Any

import pyarrow as pa
import pytest

from dashboard.errors import FileRefused
from dashboard.importers.key_cells import cast_key
from dashboard.importers.planning import KeySpec, plan_delimited, read_chunk
from dashboard.jobs.chunk_job import Plan, PlannedChunk

ID = KeySpec(("id",), (pa.int64(),))
ROUTE = KeySpec(("from", "to"), (pa.string(), pa.string()))


def plan(data: bytes, *keys: KeySpec, **choices: Any) -> Plan:
    return plan_delimited(io.BytesIO(data), key_columns=keys, **choices)


def duplicates(planned: Plan) -> list[Any]:
    return [found for chunk in planned.chunks for found in chunk.hints["duplicates"]]


def stored(planned: PlannedChunk) -> PlannedChunk:
    """As it comes back from the database in another process."""
    hints = json.loads(json.dumps(planned.hints))
    return PlannedChunk(planned.offset, planned.length, planned.first_row, planned.rows, hints)


def test_chunks_are_enough_to_read_the_file_again() -> None:
    data = 'id,b\r\n1,x\r\n\r\n2,é\r\n3,"x\r\ny"\r\n4,w'.encode()
    made = plan(data, chunk_rows=1)
    layout = json.loads(json.dumps(made.layout))
    read = [
        read_chunk(data[c.offset : c.offset + c.length], layout, stored(c)) for c in made.chunks
    ]
    assert [rows.numbers.tolist() for rows in read] == [[2], [4], [5], [7]]
    assert [rows.table["b"][0].as_py() for rows in read] == ["x", "é", "x\r\ny", "w"]


def test_counts_add_up_over_the_chunks() -> None:
    data = b"id\n" + b"".join(b"%d\n" % number for number in range(1000))
    made = plan(data, ID, chunk_bytes=100)
    assert (made.rows, len(made.chunks) > 30) == (1000, True)
    assert sum(chunk.length for chunk in made.chunks) == len(data) - 3


def test_duplicates_lie_with_their_chunk() -> None:
    made = plan(b"id,b\n1,x\n2,x\n1,x\n02,x\n", ID, chunk_rows=2)
    assert [c.hints["duplicates"] for c in made.chunks] == [[], [[4, 0, 2], [5, 0, 3]]]


def test_each_key_is_named_by_its_place() -> None:
    data = b"id,from,to\n1,a,b\n1,a,b\n2,a,b\n3,b,a\n"
    assert duplicates(plan(data, ID, ROUTE)) == [[3, 0, 2], [3, 1, 2], [4, 1, 2]]


def test_a_key_the_file_lacks_is_left_out() -> None:
    assert duplicates(plan(b"from,to\na,b\na,b\n", ID, ROUTE)) == [[3, 1, 2]]


def test_blank_null_token_and_wrong_cells_are_no_key() -> None:
    key = KeySpec(("id",), (pa.int64(),), null_tokens=("", "NA"))
    data = b"id,b\n,1\n,1\nNA,1\nNA,1\nx,1\nx,1\n7,1\n7,1\n99999999999999999999,1\n"
    assert duplicates(plan(data, key)) == [[9, 0, 8]]


def test_null_tokens_of_text_keys() -> None:
    key = KeySpec(("id",), (pa.string(),), null_tokens=("", "NA"))
    assert duplicates(plan(b"id,b\nNA,1\nNA,1\n,1\n,1\nx,1\nx,1\n", key)) == [[7, 0, 6]]


def test_ragged_rows_have_no_key_and_shift_none() -> None:
    data = b"id,b\n1,x\n1\n2,x\n\n1,x\n"
    assert duplicates(plan(data, ID)) == [[6, 0, 2]]


@pytest.mark.parametrize(
    ("kind", "cells", "expected"),
    [
        (pa.int16(), ["1", "x", "40000", "-3"], [1, None, None, -3]),
        (pa.date32(), ["2013-02-30", "1970-01-02", "x"], [None, 1, None]),
        (pa.float64(), ["1.5", "", "1e3"], [1.5, None, 1000.0]),
    ],
)
def test_cells_that_cannot_be_cast_are_null(kind: Any, cells: list[str], expected: Any) -> None:
    cast = cast_key(pa.chunked_array([cells]), kind, [""])
    plain = cast.view(pa.int32()) if kind == pa.date32() else cast
    assert plain.to_pylist() == expected


def test_choices_reach_the_layout() -> None:
    made = plan(b'a|b;c\n1|2;"3\n', delimiter="|", quote="")
    assert (made.layout["columns"], made.layout["quote"]) == (["a", "b;c"], "")


def test_a_bad_file_is_refused() -> None:
    with pytest.raises(FileRefused) as refusal:
        plan(b'a,b\n1,2\n3,"4\n')
    assert (refusal.value.code, refusal.value.details) == ("unclosed_quote", {"row": 3})
