"""Rows as columns of text: what every reader of workbooks ends in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from dashboard.formats import workbook_refusals as refusals
from dashboard.formats.workbook_rows import Facts, Row

pc: Any = pyarrow.compute  # its published types know only some calls

Positions = npt.NDArray[np.int64]


@dataclass
class Part:
    """Rows that hold a cell. `columns`: texts by column (A = 0), a column without any left out.

    `last_row` may be a blank one.
    """

    numbers: Positions
    columns: dict[int, Any]
    first_row: int
    last_row: int
    facts: Facts

    def slice(self, start: int, stop: int) -> "Part":
        columns = {at: texts.slice(start, stop - start) for at, texts in self.columns.items()}
        return Part(self.numbers[start:stop], columns, self.first_row, self.last_row, self.facts)

    def rows(self, most: int) -> list[Row]:
        """The first `most` rows, cell by cell."""
        cells: list[dict[int, str | int]] = [{} for _ in self.numbers[:most]]
        for at in sorted(self.columns):
            for place, text in enumerate(self.columns[at].slice(0, most).to_pylist()):
                if text is not None:
                    cells[place][at] = text
        return [Row(int(n), found) for n, found in zip(self.numbers, cells, strict=False)]


def part_of(rows: Sequence[Row], strings: Any) -> Part:
    """`strings` holds the shared texts, null when there are none."""
    columns: dict[int, list[str | None]] = {}
    for place, row in enumerate(rows):
        for at, cell in row.cells.items():
            if at not in columns:
                columns[at] = [None] * len(rows)
            columns[at][place] = shared(cell, strings) if isinstance(cell, int) else cell
    numbers = np.array([row.number for row in rows], np.int64)
    texts = {at: pa.array(column, pa.string()) for at, column in columns.items()}
    return Part(numbers, texts, rows[0].number, rows[-1].number, Facts())


def shared(number: int, strings: Any) -> str | None:
    if strings is None or not 0 <= number < len(strings):
        raise refusals.damaged("a cell names a shared text that is not there")
    text: str | None = strings[number].as_py()
    return text


def without_blanks(part: Part) -> Part:
    """Leaves out rows whose texts are all empty; they count as blank rows."""
    empty = [texts for texts in part.columns.values() if has_empty(texts)]
    if not empty:
        return part
    filled = np.zeros(len(part.numbers), np.bool_)
    for texts in part.columns.values():
        lengths = pc.fill_null(pc.binary_length(texts), 0)
        filled |= lengths.to_numpy(zero_copy_only=False) > 0
    if filled.all():
        return part
    kept = pa.array(filled)
    columns = {at: texts.filter(kept) for at, texts in part.columns.items()}
    return Part(part.numbers[filled], columns, part.first_row, part.last_row, part.facts)


def has_empty(texts: Any) -> bool:
    return bool(pc.min(pc.binary_length(texts)).as_py() == 0)


def widened(columns: Mapping[int, Any], places: range, rows: int) -> list[Any]:
    """One array per place, nulls where a column has none."""
    blank = pa.nulls(rows, pa.string())
    return [columns.get(at, blank) for at in places]


def spread(made: Any, places: Positions, rows: int) -> Any:
    """A column's cells at their rows, null in between."""
    index = np.full(rows, -1, np.int64)
    index[places] = np.arange(len(places))
    return made.take(pa.array(index, mask=index < 0))
