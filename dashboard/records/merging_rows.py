"""Merging record by record through SQLAlchemy: any other database it speaks to."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, and_, bindparam, insert, update

from dashboard.records.batch import Batch
from dashboard.records.defaults import onupdate_values, plain
from dashboard.records.failures import HIDDEN
from dashboard.records.images import IMAGES
from dashboard.records.lookup import find_all
from dashboard.records.merger import NONE, Merger, Tally
from dashboard.records.merging import SAMPLES, Merge
from dashboard.records.raw_values import pack, shown
from dashboard.records.values import records


class RowMerger(Merger):
    """Compares in Python what the table holds with what the file gives.

    A check sees no constraints of the table here, only what was looked up before it.
    """

    def __init__(self, batch: Batch, merge: Merge) -> None:
        super().__init__(batch, merge)
        self.records = records(batch.table, batch.columns, 0, batch.count)
        not_given = {*merge.key, *batch.defaults}
        self.given = [name for name in batch.columns if name not in not_given]
        self.held: dict[int, dict[str, Any]] = {}

    def look(self, connection: Connection, places: Any) -> tuple[Any, Any]:
        table, indexes = self.batch.table, places - 1
        keys = [self.batch.columns[name].take(indexes) for name in self.merge.key]
        wanted = [table.c[name] for name in (*self.given, *self._touched)]
        key = [table.c[name] for name in self.merge.key]
        found = find_all(connection, key, keys, wanted or key)
        self.held |= {
            int(places[index]): dict(zip((column.name for column in wanted), values, strict=False))
            for index, values in found
        }
        there = np.array(sorted(int(places[index]) for index, _ in found), np.int64)
        differing = [place for place in there.tolist() if self._changes(place)]
        return np.setdiff1d(places, there), np.array(differing, np.int64)

    @property
    def _touched(self) -> list[str]:
        """Columns an update fills besides those of the file."""
        return [*onupdate_values(self.batch.table, [*self.given, *self.merge.key])]

    def _changes(self, place: int) -> dict[str, Any]:
        """Column → new value, where that differs."""
        record, held = self.records[place - 1], self.held[place]
        return {
            name: record[name]
            for name in self.given
            if not (self.merge.leave_blank and record[name] is None)
            and self._kept(name, record[name]) != self._kept(name, held[name])
        }

    def _kept(self, name: str, value: Any) -> Any:
        """Alike for what the file and what the database gives; a naive time is UTC."""
        if isinstance(value, datetime):
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return plain(self.batch.table.c[name], value) if not isinstance(value, dict) else value

    def update(self, connection: Connection, places: Any) -> int:
        """One statement for each set of changed columns."""
        table, groups = self.batch.table, dict[tuple[str, ...], list[dict[str, Any]]]()
        for place in places.tolist():
            changes = self._changes(place)
            row = {f"jobengine_{name}": self.records[place - 1][name] for name in self.merge.key}
            groups.setdefault((*changes,), []).append(row | changes)
        same = [table.c[name] == bindparam(f"jobengine_{name}") for name in self.merge.key]
        before = self._read(connection, places) if self.merge.images else {}
        for rows in groups.values():
            connection.execute(update(table).where(and_(*same)), rows)
        if self.merge.images:
            self._keep(connection, before, self._read(connection, places))
        return len(places)

    def _read(self, connection: Connection, places: Any) -> dict[int, dict[str, Any]]:
        self.look(connection, places)
        return {place: self.held[place] for place in places.tolist()}

    def _keep(self, connection: Connection, before: dict[int, Any], after: dict[int, Any]) -> None:
        job_uuid, chunk = self.merge.images or ("", 0)
        images = []
        for place, old in before.items():
            names = [name for name, was in old.items() if was != after[place][name]]
            record = self.records[place - 1]
            image = {
                "row": self.row(place),
                "key": {name: pack(record[name]) for name in self.merge.key},
                "before": {name: pack(old[name]) for name in names},
                "after": {name: pack(after[place][name]) for name in names},
            }
            images.append({"job_uuid": job_uuid, "chunk": chunk, **image})
        connection.execute(insert(IMAGES), images)

    def insert(self, connection: Connection, places: Any) -> int:
        new = [self.records[place - 1] for place in places.tolist()]
        connection.execute(insert(self.batch.table), new)
        return len(new)

    def compare(self, connection: Connection, places: Any) -> Tally:
        tally, new, differing = Tally(), places, NONE
        if self.merge.mode != "insert":
            new, differing = self.look(connection, places)
        tally.unchanged = len(places) - len(new) - len(differing)
        tally.created, tally.updated = self.addable(new, tally), len(differing)
        tally.samples = [self._sample(place) for place in differing[:SAMPLES].tolist()]
        return tally

    def _sample(self, place: int) -> dict[str, Any]:
        def told(name: str, value: Any) -> str | None:
            hidden = name in self.merge.hidden and value is not None
            return HIDDEN if hidden else shown(value, self.batch.table.c[name].type)

        record, held, field = self.records[place - 1], self.held[place], self.merge.shown
        key = {field.get(name, name): told(name, record[name]) for name in self.merge.key}
        changes = {
            field.get(name, name): [told(name, held[name]), told(name, new)]
            for name, new in self._changes(place).items()
        }
        return {"row": self.row(place), "key": key, "changes": changes}
