"""The fast reader against a slow one, on files made to break it."""

import io
import random

import pytest

from dashboard.errors import FileRefused
from dashboard.formats.delimited import Block, Layout, Rows, cut, detect, read_block
from tests.formats.csv_reference import is_strict, random_file, read_slowly

SEEDS = range(150)


def read_fast(data: bytes, delimiter: str, rng: random.Random) -> list[Rows]:
    stream = io.BytesIO(data)
    layout = detect(stream, delimiter=delimiter)
    sizes = {"block_bytes": rng.choice([1, 5, 20, 1000]), "block_rows": rng.choice([None, 1, 3])}
    blocks = [block for block, _ in cut(stream, layout, **sizes)]
    return [read_block(data[b.offset : b.offset + b.length], layout, b) for b in blocks]


def whole_records(rows: Rows) -> list[tuple[int, list[str]]]:
    columns = [column.to_pylist() for column in rows.table.columns]
    return list(zip(rows.numbers.tolist(), map(list, zip(*columns, strict=True)), strict=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_record_is_read_as_written(seed: int) -> None:
    rng = random.Random(seed)
    data, delimiter, columns = random_file(rng)
    blocks = read_fast(data, delimiter, rng)
    expected = read_slowly(data, delimiter)
    whole = [record for rows in blocks for record in whole_records(rows)]
    ragged = [(bad.row, bad.cells) for rows in blocks for bad in rows.ragged]
    assert whole == [record for record in expected if len(record[1]) == columns]
    assert ragged == [record for record in expected if len(record[1]) != columns]


@pytest.mark.parametrize("seed", SEEDS)
def test_raw_bytes_of_kept_rows_read_back_the_same(seed: int) -> None:
    rng = random.Random(seed)
    for rows in read_fast(*random_file(rng)[:2], rng):
        raw = bytes(rows.raw_slice()) or b"\n"
        layout = Layout.from_json(rows.layout.to_json())
        again = read_block(raw, layout, Block(0, len(raw), 1, rows.table.num_rows))
        assert again.table.equals(rows.table)
        assert b"\r\n" not in raw or rows.quoted


@pytest.mark.parametrize("seed", range(400))
def test_quotes_and_returns_are_judged_like_a_strict_reader(seed: int) -> None:
    rng = random.Random(seed)
    marks = rng.choices('a,"\n\r', weights=[4, 4, rng.choice([1, 5]), 3, 1], k=rng.randint(1, 14))
    text = "x,y\n1,1\n" + "".join(marks)
    try:
        read_fast(text.encode(), ",", rng)
        accepted = True
    except FileRefused:
        accepted = False
    assert accepted == is_strict(text)
