"""Before writing: are the keys free, or whose are they? (I5)"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Column, Connection

from dashboard.importers.batch_making import take
from dashboard.importers.hooks import Records
from dashboard.importers.job import Job
from dashboard.records.checks import existing, taken_by_others
from dashboard.records.refusals import Refusals

TAKEN = "is already in the table. Change it, or leave the row out."
OTHERS = "is another record's. Change it, or leave the row out."
REPEATED = "stands in row {first} already and must be unique. Change it or delete one of the rows."


class KeyChecks:
    """Refuses rows by their keys. `stored` holds the columns to be written, by column name."""

    def __init__(
        self, job: Job, refusals: Refusals, records: Records, stored: Mapping[str, Any]
    ) -> None:
        self.job, self.refusals = job, refusals
        self.records, self.stored = records, stored

    def run(self, connection: Connection, *, isolate: bool, again: bool) -> None:
        """`again`: a later round, whose rows may have got other keys than planning saw."""
        keys = [(number, self._columns(names)) for number, names in enumerate(self.job.keys)]
        keys = [(number, columns) for number, columns in keys if columns]
        if again:
            for number, columns in keys:
                self._repeated(number, columns)
        if not self.job.into_empty or isolate or again:
            for number, columns in keys:
                self._taken(connection, number, columns)

    def _columns(self, names: Sequence[str]) -> list[Column[Any]]:
        """The key's columns, when the job fills all of them."""
        target = self.job.target
        columns = [target.table.c[target.field(name).column] for name in names]
        return columns if all(column.name in self.stored for column in columns) else []

    def _good(self) -> Any:
        return np.flatnonzero(~self.refusals.bad[self.records.positions])

    def _cells(self, columns: Sequence[Column[Any]], places: Any) -> list[Any]:
        return [take(self.stored[column.name], places) for column in columns]

    def _refuse(self, place: int, number: int, code: str, ending: str) -> None:
        position = int(self.records.positions[place])
        if not self.refusals.bad[position]:
            self.refusals.add(position, *key_refusal(self.job.keys[number], code, ending))

    def _repeated(self, number: int, columns: Sequence[Column[Any]]) -> None:
        """Of corrected rows that now share a key the first in the file goes in."""
        good = self._good()
        keys = zip(*(cells.to_pylist() for cells in self._cells(columns, good)), strict=True)
        first: dict[tuple[Any, ...], int] = {}
        for place, key in zip(good.tolist(), keys, strict=True):
            other = first.setdefault(key, place)
            if other != place and None not in key:
                row = int(self.refusals.numbers[self.records.positions[other]])
                self._refuse(place, number, "duplicate_in_file", REPEATED.format(first=row))

    def _taken(self, connection: Connection, number: int, columns: Sequence[Column[Any]]) -> None:
        good, code = self._good(), "already_exists"
        cells = self._cells(columns, good)
        if not self.job.options.merges:
            for place in existing(connection, columns, cells).tolist():
                self._refuse(int(good[place]), number, code, TAKEN)
        elif number != self.job.key:
            own = self._columns(self.job.key_fields)
            own_cells = self._cells(own, good)
            for place in taken_by_others(connection, columns, cells, own, own_cells).tolist():
                self._refuse(int(good[place]), number, code, OTHERS)


def key_refusal(names: tuple[str, ...], code: str, ending: str) -> tuple[str, str, str]:
    """Field, code and end of the message for a row whose key is refused."""
    if len(names) == 1:
        return names[0], code, ending
    return "", code, f"has a key ({', '.join(names)}) that {ending}"
