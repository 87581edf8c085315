"""Read a file as an import does: inspect, make its form or cut it, and take every row from that."""

import io
from pathlib import Path
from typing import NamedTuple

from dashboard.formats.delimited import cut, read_block
from dashboard.formats.forms import delimited_layout, to_form
from dashboard.formats.found import Found
from dashboard.formats.inspecting import inspect_file, preview
from dashboard.formats.reading_choices import Reading
from dashboard.formats.table_form import read_batch

Numbered = tuple[int, list[str]]


class Ours(NamedTuple):
    """`rows` have their row in the file; a cell that is absent is ''."""

    found: Found
    rows: list[Numbered]


def read_ours(path: Path, reading: Reading) -> Ours:
    form = to_form(path, path.name, reading)
    if form is None:
        return from_text(path.read_bytes(), inspect_file(path, path.name, reading))
    kept = b"".join(form.pieces)
    if form.kind == "delimited":
        return from_text(kept, form.found)
    rows: list[Numbered] = []
    for place in form.batches:
        batch = read_batch(kept[place.offset : place.offset + place.length], form.found.columns)
        cells = [column.to_pylist() for column in batch.table.columns]
        rows += zip(batch.numbers.tolist(), map(list, zip(*cells, strict=True)), strict=True)
    return Ours(form.found, rows)


def from_text(data: bytes, found: Found) -> Ours:
    stream = io.BytesIO(data)
    layout = delimited_layout(stream, found)
    rows: list[Numbered] = []
    for block, piece in cut(stream, layout):
        read = read_block(piece, layout, block)
        cells = [column.to_pylist() for column in read.table.columns]
        rows += zip(read.numbers.tolist(), map(list, zip(*cells, strict=True)), strict=True)
        rows += [(ragged.row, ragged.cells) for ragged in read.ragged]
    return Ours(found, sorted(rows))


def previewed(path: Path, reading: Reading) -> list[Numbered]:
    """The first rows that a person sees."""
    seen = preview(path, path.name, reading)
    cells = [[cell or "" for cell in row] for row in seen.rows]
    return list(zip(seen.numbers, cells, strict=True))
