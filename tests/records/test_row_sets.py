"""Sets of row numbers in little JSON."""

import json

import numpy as np
import pytest

from dashboard.records.row_sets import decode, encode

RANDOM = np.random.default_rng(7)
SETS = [
    [],
    [2],
    [2, 3, 4, 9],
    list(range(5, 20_005)),
    list(range(5, 20_005, 2)),
    [10**15, 10**15 + 1],
    sorted(RANDOM.choice(20_000, 9_000, replace=False).tolist()),
    [*range(0, 200, 2), 10**9],
]


@pytest.mark.parametrize("rows", SETS)
def test_what_is_written_is_read(rows):
    parts = json.loads(json.dumps(encode(rows)))
    assert decode(parts).tolist() == rows
    assert len(json.dumps(parts)) < 6_000


def test_runs_are_readable():
    assert encode([9, 4, 3, 2]) == ["2-4", "9"]


def test_a_chunk_of_every_second_row_is_small():
    assert len(json.dumps(encode(range(2, 20_002, 2)))) < 200


def test_several_rounds_are_joined_by_joining_lists():
    parts = [*encode([1, 2, 3]), *encode(range(2, 300, 2)), *encode([7])]
    assert decode(parts).tolist() == sorted({1, 3, 7, *range(2, 300, 2)})


def test_nothing_noted_is_no_row():
    assert decode(None).tolist() == []
