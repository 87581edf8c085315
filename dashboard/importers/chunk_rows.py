"""The rows a chunk works on: as the file has them, without those left out, corrections in place."""

from collections.abc import Mapping, Sequence
from dataclasses import fields as dataclass_fields
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from dashboard.formats.delimited import Layout, Ragged, Rows, read_block
from dashboard.formats.table_form import TableRows, read_batch
from dashboard.importers.duplicate_rows import SKIP
from dashboard.importers.planning import block_of
from dashboard.importers.upload import TABLE
from dashboard.jobs.chunk_job import Chunk

LAYOUT_NAMES = tuple(field.name for field in dataclass_fields(Layout))


class ChunkRows:
    """`texts` (a pa.Table of cells as written, '' = blank) and `numbers`, their rows in the file.

    `ragged` are the rows without a full set of cells. `skipped` counts the rows a person left out
    and the duplicates the job leaves out. `whole`: `texts` are all rows of `read`, unchanged.
    """

    def __init__(self, chunk: Chunk, *, nulls: bool = False) -> None:
        """`nulls`: cells that are absent in a table form are null, not ''."""
        self.chunk = chunk
        self.read: Rows | TableRows = read_rows(chunk, nulls=nulls)
        only = chunk.only_rows
        self.corrections = {
            row: cells for row, cells in chunk.corrections.items() if only is None or row in only
        }
        mask: Any = self._mask(only)
        self.texts: Any = self.read.table
        self.numbers: Any = self.read.numbers
        self.whole = bool(mask.all())
        if not self.whole:
            kept: Any = pa.array(mask)
            self.texts = self.texts.filter(kept)
            self.numbers = self.numbers[mask]
        self.ragged = [
            row
            for row in self.read.ragged
            if row.row not in self.corrections and (only is None or row.row in only)
        ]
        self._put_corrections()

    def _mask(self, only: frozenset[int] | None) -> Any:
        """Which of the rows read are worked on as the file has them."""
        numbers = self.read.numbers
        mask = np.ones(len(numbers), bool) if only is None else is_one_of(numbers, only)
        if self.corrections:
            mask &= ~is_one_of(numbers, self.corrections)
        duplicates = self.chunk.planned.hints.get("duplicates", ())
        left_out = [row for row, _, _, *what in duplicates if what == [SKIP]]
        doubled = mask & is_one_of(numbers, left_out) if left_out else np.zeros(len(mask), bool)
        self.skipped = int(doubled.sum())
        self.skipped += sum(cells is None for cells in self.corrections.values())
        return mask & ~doubled

    def _put_corrections(self) -> None:
        columns = self.texts.column_names
        full: dict[int, Sequence[str]] = {}
        for row, cells in sorted(self.corrections.items()):
            if cells is None:
                continue
            if len(cells) == len(columns):
                full[row] = cells
            else:
                self.ragged.append(Ragged(row, len(cells), len(columns), list(cells)))
        if not full:
            return
        self.whole = False
        cells_of = zip(*full.values(), strict=True)
        added = pa.table([pa.array(cells, pa.string()) for cells in cells_of], names=columns)
        numbers = np.r_[self.numbers, np.fromiter(full, np.int64, len(full))]
        order: Any = np.argsort(numbers, kind="stable")
        self.texts = pa.concat_tables([self.texts, added]).take(order).combine_chunks()
        self.numbers = numbers[order]

    @cached_property
    def _row_of(self) -> Mapping[int, int]:
        """Where the corrected rows stand in what was read."""
        numbers = self.read.numbers
        return {
            row: int(np.searchsorted(numbers, row))
            for row in self.corrections
            if len(numbers) and bool(np.isin(row, numbers))
        }

    def as_in_file(self, row: int, column: str) -> str | None:
        """A corrected row's cell before it was corrected; None for a row without all its cells."""
        if row not in self._row_of:
            return None
        cell: str = self.read.table[column][self._row_of[row]].as_py()
        return cell

    def position(self, row: int) -> int | None:
        """The place of a row in `texts`."""
        place = int(np.searchsorted(self.numbers, row))
        found = place < len(self.numbers) and int(self.numbers[place]) == row
        return place if found else None


def read_rows(chunk: Chunk, *, nulls: bool = False) -> Rows | TableRows:
    if chunk.layout.get("kind") != TABLE:
        return read_block(chunk.data, layout_of(chunk.layout), block_of(chunk.planned))
    rows = read_batch(chunk.data, chunk.layout["columns"], nulls=nulls)
    part = chunk.planned.hints.get("slice")
    if part is None:
        return rows
    start, stop = part
    return TableRows(rows.table.slice(start, stop - start), rows.numbers[start:stop])


def layout_of(layout: Mapping[str, Any]) -> Layout:
    """How delimited bytes become rows, from all that a job's layout holds."""
    return Layout.from_json({name: layout[name] for name in LAYOUT_NAMES if name in layout})


def is_one_of(numbers: Any, rows: Any) -> Any:
    return np.isin(numbers, np.fromiter(rows, np.int64, len(rows)))
