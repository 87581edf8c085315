"""Collects what is wrong with a chunk's rows; Python values are made for bad rows only."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from dashboard.records.failures import HIDDEN, Failure

LONGEST_SHOWN = 120


class Refusals:
    """Failures of one chunk by position; `bad` marks the rows that have any.

    `texts` is the chunk as the file gives it, `numbers` the row numbers, `shown` maps a field to
    the file's column, `sensitive` names file columns whose cells nobody may read.
    """

    def __init__(
        self,
        texts: Any,
        numbers: Any,
        shown: Mapping[str, str],
        sensitive: Collection[str] = (),
    ) -> None:
        self.texts, self.numbers, self.shown = texts, numbers, shown
        self.sensitive = frozenset(sensitive)
        self.bad = np.zeros(len(numbers), bool)
        self._found: list[tuple[int, str, str, str]] = []
        self._columns: dict[str, Any] = {}

    def add(self, position: int, field: str, code: str, ending: str) -> None:
        """A bad cell; the message is the quoted cell followed by `ending`."""
        self._found.append((position, field, code, ending))
        self.bad[position] = True

    def extend(self, field: str, found: Iterable[tuple[int, str, str]]) -> None:
        for position, code, ending in found:
            self.add(position, field, code, ending)

    def failures(self, since: int = 0) -> list[Failure]:
        """In the order of the file; a row's cells in the order found."""
        found = sorted(self._found[since:], key=lambda item: item[0])
        positions = sorted({item[0] for item in found})
        rows = self._rows(positions)
        return [self._failure(rows[position], *item) for position, *item in found]

    @property
    def count(self) -> int:
        return len(self._found)

    def _rows(self, positions: Sequence[int]) -> dict[int, tuple[int, dict[str, str], str]]:
        names = self.texts.column_names
        columns = [
            [HIDDEN] * len(positions)
            if name in self.sensitive
            else self.texts.column(index).take(pa.array(positions, pa.int64())).to_pylist()
            for index, name in enumerate(names)
        ]
        found = {}
        for position, cells in zip(positions, zip(*columns, strict=True), strict=True):
            record = json.dumps(cells, ensure_ascii=False)
            cell_of = dict(zip(names, cells, strict=True))
            found[position] = (int(self.numbers[position]), cell_of, record)
        return found

    def _failure(
        self, row: tuple[int, dict[str, str], str], field: str, code: str, ending: str
    ) -> Failure:
        number, cell_of, record = row
        column = self.shown.get(field, field)
        value = cell_of.get(column)
        message = ending if not value else f"{quote(value)} {ending}"
        if not value:
            message = f"{column or 'The row'} {ending}"
        return Failure(number, column, code, message, value, record)


def ragged_failures(ragged: Iterable[Any], sensitive: Collection[str]) -> list[Failure]:
    """Rows with too few or too many cells (`row`, `found`, `expected`, `cells`).

    Their cells may stand under another column's name, so one sensitive column hides them all.
    """
    found = []
    for row in ragged:
        cells = [HIDDEN] * len(row.cells) if sensitive else row.cells
        amount = f"The row has {row.found} cell{'' if row.found == 1 else 's'}"
        message = f"{amount}, but the header names {row.expected}. {repair(row)}"
        record = json.dumps(cells, ensure_ascii=False)
        found.append(Failure(row.row, "", "wrong_cell_count", message, None, record))
    return found


def repair(row: Any) -> str:
    if row.found < row.expected:
        return "Add the missing cells; leave a cell blank where there is no value."
    return "Remove the extra cells, or quote a cell that holds the delimiter."


def quote(value: str) -> str:
    """A cell in a message: in quotes, cut when long, on one line."""
    text = value if len(value) <= LONGEST_SHOWN else value[:LONGEST_SHOWN] + "…"
    return '"' + " ".join(text.split("\n")) + '"'
