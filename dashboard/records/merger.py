"""A merge, step by step: look, lock, update, insert. The writers below fill in the how."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from sqlalchemy import Connection

from dashboard.records.batch import Batch, send_all, send_isolated
from dashboard.records.merge_tables import MergeTables
from dashboard.records.merging import SAMPLES, Merge
from dashboard.records.row_sets import encode
from dashboard.records.written import Written

pc: Any = pyarrow.compute  # its published types know only some calls

NONE = np.empty(0, np.int64)
LOOKS = 3
MISSING = (
    "not_found",
    "is not in the table. Correct the key, leave the row out, or import with adding new records.",
)
REPEATED = ("duplicate_in_file", "stands in the file twice. Delete one of the rows.")
NO_KEY = ("required", "is blank, but it tells which record is meant. Fill it in.")
BLANK = ("required", "is blank, but a new record needs a value. Fill it in.")


@dataclass(slots=True)
class Tally:
    """What became of some records, by place (from 1); `taken` counts those the database agreed to.

    `refused` holds (place, stored column, (code, end of the message)).
    """

    created: Any = field(default_factory=lambda: NONE)
    updated: int = 0
    unchanged: int = 0
    taken: int = 0
    refused: list[tuple[int, str, tuple[str, str]]] = field(default_factory=list)
    samples: list[dict[str, Any]] = field(default_factory=list)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            np.concatenate([self.created, other.created]),
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.taken + other.taken,
            self.refused + other.refused,
            (self.samples + other.samples)[:SAMPLES],
        )


class Merger:
    """A RecordWriter. Places count the batch's records from 1."""

    def __init__(self, batch: Batch, merge: Merge) -> None:
        self.batch, self.merge = batch, merge
        self.blank = blank_places(batch, merge.key)

    # -- what a database does its own way ----------------------------------------------------

    def open(self, connection: Connection) -> None:
        """Before the transaction begins."""

    def close(self, connection: Connection | None) -> None:
        """After it ended; without a connection when none was opened."""

    def fill(self, connection: Connection) -> None:
        """Bring the batch beside the table; records it refuses are added to the refusals."""

    def look(self, connection: Connection, places: Any) -> tuple[Any, Any]:
        """Places of new records, and of those that are there and differ."""
        raise NotImplementedError

    def lock(self, connection: Connection, places: Any) -> Any:
        """Hold these records until the end; places of those that still are there and differ."""
        return places

    def update(self, connection: Connection, places: Any) -> int:
        raise NotImplementedError

    def insert(self, connection: Connection, places: Any) -> int:
        raise NotImplementedError

    def compare(self, connection: Connection, places: Any) -> Tally:
        """What `apply` would come to, as far as can be told without writing."""
        raise NotImplementedError

    def ordered(self, connection: Connection) -> Any:
        """Every place, in the order in which records are locked."""
        return np.arange(1, self.batch.count + 1)

    # -- the steps ---------------------------------------------------------------------------

    def write(self, connection: Connection) -> Written:
        refusals, since = self.batch.refusals, self.batch.refusals.count
        self._refuse_keys()
        self.fill(connection)
        bad = refusals.bad[self.batch.positions]
        if self.merge.compare:
            tally = self.compare(connection, np.flatnonzero(~bad) + 1)
        elif self.batch.isolate:
            order = self.ordered(connection)
            tally = self._isolated(connection, order[~bad[order - 1]])
        else:
            tally = self._together(connection, np.flatnonzero(~bad) + 1)
        for place, column, problem in tally.refused:
            self.refuse(place, column, problem)
        return self._written(tally, since)

    def apply(self, connection: Connection, places: Any) -> Tally:
        tally, new, changed = Tally(), [NONE], [NONE]
        waiting = places
        for _ in range(LOOKS):  # another session may change or delete what we saw
            if len(waiting):
                missing, differing = self.look(connection, waiting)
                held = self.lock(connection, differing)
                new.append(missing)
                changed.append(held)
                waiting = np.setdiff1d(differing, held)
        found, differing = np.concatenate(new), np.concatenate(changed)
        tally.unchanged = len(places) - len(found) - len(differing) - len(waiting)
        tally.created = self.addable(found, tally)
        tally.taken = tally.unchanged + len(tally.refused)
        if len(differing):
            tally.updated = self.update(connection, differing)
        tally.taken += tally.updated
        if len(tally.created):
            tally.taken += self.insert(connection, tally.created)
        return tally

    def addable(self, new: Any, tally: Tally) -> Any:
        """New records that may be inserted; the others are refused."""
        if self.merge.mode == "update":
            tally.refused += [(place, "", MISSING) for place in new.tolist()]
            return NONE
        out: set[int] = set()
        for name, blank in self.blank.items():
            for place in np.intersect1d(new, blank).tolist():
                tally.refused.append((place, name, BLANK))
                out.add(place)
        return np.setdiff1d(new, np.array([*out], np.int64)) if out else new

    def refuse(self, place: int, column: str, problem: tuple[str, str]) -> None:
        shown = self.merge.shown.get(column, column)
        if column == "" and problem in (MISSING, REPEATED) and len(self.merge.key) == 1:
            shown = self.merge.shown.get(self.merge.key[0], self.merge.key[0])
        self.batch.refusals.add(int(self.batch.positions[place - 1]), shown, *problem)

    def rows(self, places: Any) -> Any:
        """Row numbers, as failures give them."""
        numbers = np.asarray(self.batch.refusals.numbers)
        return numbers[np.asarray(self.batch.positions)[places - 1]]

    def row(self, place: int) -> int:
        return int(self.rows(np.array([place]))[0])

    def _together(self, connection: Connection, places: Any) -> Tally:
        tally = Tally()

        def send(start: int, stop: int) -> int:
            nonlocal tally
            tally = self.apply(connection, places)
            return tally.taken

        send_all(send, len(places))
        return tally

    def _isolated(self, connection: Connection, places: Any) -> Tally:
        tallies: dict[tuple[int, int], Tally] = {}

        def send(start: int, stop: int) -> int:
            tallies[start, stop] = self.apply(connection, places[start:stop])
            return tallies[start, stop].taken

        positions = np.asarray(self.batch.positions)[places - 1]
        kept = send_isolated(self.batch.refusals, connection, send, positions)
        return sum((tallies[block] for block in kept), Tally())

    def _written(self, tally: Tally, since: int) -> Written:
        notes: dict[str, Any] = {}
        if self.merge.compare and tally.samples:
            notes["samples"] = tally.samples
        elif not self.merge.compare and len(tally.created):
            notes["created"] = encode(self.rows(tally.created))
        refused = self.batch.refusals.failures(since=since)
        return Written(refused, len(tally.created), tally.updated, tally.unchanged, notes=notes)

    def _refuse_keys(self) -> None:
        keys = [self.batch.columns[name] for name in self.merge.key]
        for name, values in zip(self.merge.key, keys, strict=True):
            if values.null_count:
                for index in np.flatnonzero(np.asarray(pc.is_null(values))).tolist():
                    self.refuse(index + 1, name, NO_KEY)
        for index in repeated(keys):
            if not self.batch.refusals.bad[self.batch.positions[index]]:
                self.refuse(index + 1, "", REPEATED)


class SetMerger(Merger):
    """Merges by statements over two tables; `pick` narrows one to some places of the stage."""

    tables: MergeTables

    def pick(self, query: Any, places: Any) -> Any:
        raise NotImplementedError

    def hold(self, connection: Connection) -> None:
        """Lock every record of the batch that is there, where others could write meanwhile."""


def blank_places(batch: Batch, key: tuple[str, ...]) -> dict[str, Any]:
    """Places with a null where a new record needs a value, by stored column."""
    return {
        name: np.flatnonzero(np.asarray(pc.is_null(values))) + 1
        for name, values in batch.columns.items()
        if values.null_count and not batch.table.c[name].nullable and name not in key
    }


def repeated(keys: list[Any]) -> list[int]:
    """Indexes of the records whose key stands earlier in the batch."""
    if not keys or (
        len(keys) == 1 and pc.count_distinct(keys[0], mode="all").as_py() == len(keys[0])
    ):
        return []
    names = [f"k{number}" for number in range(len(keys))]
    places = pa.array(np.arange(len(keys[0])))
    table = pa.table([*keys, places], names=[*names, "place"])
    first = table.group_by(names, use_threads=False).aggregate([("place", "min")])["place_min"]
    found: list[int] = np.setdiff1d(np.asarray(places), np.asarray(first)).tolist()
    return found
