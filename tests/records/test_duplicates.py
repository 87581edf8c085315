"""In-file duplicates against a dict, in memory and spilled, with hashes that collide."""

import random
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dashboard.records import duplicates
from dashboard.records.duplicates import Duplicate, KeyScan
from dashboard.records.key_hash import hash_columns


def scan(columns: Sequence[pa.Array], block: int = 7, spill_rows: int = 4_000_000) -> list[Any]:
    """Feed whole columns in blocks; rows count from 2."""
    rows = np.arange(2, 2 + len(columns[0]))
    with closing(KeyScan(spill_rows)) as key_scan:
        for start in range(0, len(rows), block):
            part = slice(start, start + block)
            key_scan.add([column[part] for column in columns], rows[part])
        return key_scan.finish()


def expected(columns: Sequence[pa.Array]) -> list[Duplicate]:
    first: dict[Any, int] = {}
    keys = list(zip(*(column.to_pylist() for column in columns), strict=True))
    numbered = [(row, key) for row, key in enumerate(keys, 2) if None not in key]
    pairs = [(row, first.setdefault(key, row)) for row, key in numbered]
    return [Duplicate(row, first_row) for row, first_row in pairs if row != first_row]


MAKERS = {
    "integer": lambda rng: pa.array([rng.choice([None, *range(-60, 60)]) for _ in range(100)]),
    "small": lambda rng: pa.array([rng.randrange(9) for _ in range(100)], pa.int16()),
    "date": lambda rng: pa.array([date(2026, 1, rng.randint(1, 28)) for _ in range(100)]),
    "decimal": lambda rng: pa.array([f"{rng.randrange(90)}.10" for _ in range(100)]).cast(
        pa.decimal128(9, 2)),
    "time": lambda rng: pa.array([rng.randrange(70) for _ in range(100)], pa.timestamp("us")),
    "float": lambda rng: pa.array([rng.randrange(70) / 8 for _ in range(100)]),
}  # fmt: skip


@pytest.mark.parametrize("spill_rows", [4_000_000, 10])
@pytest.mark.parametrize("kind", [*MAKERS, "small,date"])
def test_duplicates_are_those_a_dict_finds(kind: str, spill_rows: int) -> None:
    rng = random.Random(len(kind))
    columns = [MAKERS[name](rng) for name in kind.split(",")]
    found = scan(columns, spill_rows=spill_rows)
    assert found == expected(columns)
    assert found


@pytest.mark.parametrize("seed", range(20))
def test_text_keys_of_every_length(seed: int) -> None:
    rng = random.Random(seed)
    words = ["", "é", "日本", *("k" * size for size in range(40)), *"abc", None]
    columns = [pa.array(rng.choices(words, k=100)) for _ in range(rng.randint(1, 2))]
    assert scan(columns, spill_rows=rng.choice([9, 1000])) == expected(columns)


def test_growing_integers_have_no_duplicates_and_are_not_kept() -> None:
    assert scan([pa.array(range(100))]) == []


@pytest.mark.parametrize("values", [[1, 2, 3, 4, 5, 5], [1, 3, 9, 4, 3], [5, 4, 5, 5], [1, 1]])
def test_order_that_breaks_late_finds_the_earlier_rows(values: list[int]) -> None:
    column = pa.array(values)
    assert scan([column], block=2) == expected([column]) != []


def test_a_hole_in_the_row_numbers_keeps_them_right() -> None:
    key_scan = KeyScan()
    key_scan.add([pa.array([1, 2, 3])], np.array([2, 5, 6]))
    key_scan.add([pa.array([2])], np.array([9]))
    assert key_scan.finish() == [Duplicate(9, 5)]


def test_nulls_are_never_equal() -> None:
    columns = [pa.array([1, 1, 1]), pa.array([None, None, "x"])]
    assert scan(columns) == []


def test_equal_hashes_of_different_keys_refuse_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "hash_columns", lambda columns: np.zeros(len(columns[0]), "u8"))
    column = pa.array(["a", "b", "a", "c"])
    assert scan([column], block=2) == [Duplicate(4, 2)]


def test_hashes_of_many_texts_differ() -> None:
    texts = pa.array([f"{number}" for number in range(50_000)])
    assert len(np.unique(hash_columns([texts]))) == 50_000


def test_hash_of_a_slice_is_the_slice_of_the_hashes() -> None:
    texts = pa.array(["a", "bc", "d" * 20, "", "e" * 8])
    assert hash_columns([texts[2:]]).tolist() == hash_columns([texts]).tolist()[2:]
    assert hash_columns([pa.array(["", ""])]).tolist()[0] != hash_columns([pa.array(["a"])])[0]
