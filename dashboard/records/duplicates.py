"""Find rows of one file that share a unique key: vectorised, memory flat, exact."""

import tempfile
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dashboard.records.key_hash import Column, hash_columns, is_whole_number

Numbers = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

SPILL_ROWS = 1_000_000
PARTITIONS = 64


class Duplicate(NamedTuple):
    """A row whose key an earlier row of the file has."""

    row: int
    first_row: int


class KeyScan:
    """Sees one unique key's columns block after block; `finish` names the duplicates.

    The first row of the file wins. A row with a null in its key has no key (as in SQL). A single
    integer column that only grows, the usual `id`, costs two comparisons a block and no memory
    beyond a note for each block.
    """

    def __init__(self, spill_rows: int = SPILL_ROWS) -> None:
        self._pairs = PairStore(spill_rows)
        self._values = ValueStore()
        self._runs: list[tuple[Numbers, Numbers] | tuple[int, int, int]] = []
        self._last: int | None = None
        self._growing = True

    def add(self, columns: Sequence[Column], rows: Numbers) -> None:
        """Cast key columns of one block and the file row of each record, in file order."""
        valid = columns[0].is_valid()
        for column in columns[1:]:
            valid = pc.and_(valid, column.is_valid())
        if not pc.all(valid).as_py():
            rows = rows[valid.to_numpy(zero_copy_only=False)]
            columns = [column.filter(valid) for column in columns]
        if not len(rows):
            return
        if len(columns) == 1 and is_whole_number(columns[0].type):
            self._add_integers(columns[0].cast(pa.int64()).to_numpy(), rows)
        else:
            self._values.add(columns, rows)
            self._pairs.add(hash_columns(columns), rows)

    def _add_integers(self, values: Numbers, rows: Numbers) -> None:
        if self._growing:
            steps = np.diff(values)
            grows = len(steps) == 0 or int(steps.min()) > 0
            self._growing = grows and (self._last is None or int(values[0]) > self._last)
            self._last = int(values[-1])
            if self._growing:
                self._remember_run(values, rows)
                return
            self._give_up_growing()
        # An integer is its own hash: equal hashes are equal keys.
        self._pairs.add(values.view(np.uint64), rows)

    def _remember_run(self, values: Numbers, rows: Numbers) -> None:
        first, last, count = int(values[0]), int(values[-1]), len(values)
        even = last - first == count - 1 and int(rows[-1]) - int(rows[0]) == count - 1
        self._runs.append((first, int(rows[0]), count) if even else (values, rows))

    def _give_up_growing(self) -> None:
        """The keys seen so far were in order; from now on any of them may come again."""
        for run in self._runs:
            if len(run) == 3:
                first, row, count = run
                values, rows = np.arange(first, first + count), np.arange(row, row + count)
            else:
                values, rows = run
            self._pairs.add(values.view(np.uint64), rows)
        self._runs.clear()

    def finish(self) -> list[Duplicate]:
        """All duplicates in file order."""
        found: list[Duplicate] = []
        if not self._growing or self._values.used:
            for hashes, rows in self._pairs.partitions():
                found += self._confirm(*same_hash(hashes, rows))
        return sorted(found)

    def close(self) -> None:
        """Give the temporary files back."""
        self._pairs.close()
        self._values.close()

    def _confirm(self, hashes: Hashes, rows: Numbers) -> list[Duplicate]:
        """Candidates in file order to duplicates, comparing the keys themselves."""
        keys: list[Any] = hashes.tolist() if not self._values.used else self._values.of(rows)
        first: dict[Any, int] = {}
        found = []
        for key, row in zip(keys, rows.tolist(), strict=True):
            first_row = first.setdefault(key, row)
            if first_row != row:
                found.append(Duplicate(row, first_row))
        return found


def same_hash(hashes: Hashes, rows: Numbers) -> tuple[Hashes, Numbers]:
    """The rows whose hash occurs more than once, in file order."""
    ordered = np.sort(hashes)
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(repeated):
        return hashes[:0], rows[:0]
    repeated = np.unique(repeated)
    place = np.minimum(np.searchsorted(repeated, hashes), len(repeated) - 1)
    mask = repeated[place] == hashes
    hashes, rows = hashes[mask], rows[mask]
    order = np.argsort(rows)
    return hashes[order], rows[order]


class PairStore:
    """(hash, row) pairs: in memory at first, then in a temporary file parted by hash."""

    def __init__(self, spill_rows: int) -> None:
        self._spill_rows = spill_rows
        self._hashes: list[Hashes] = []
        self._rows: list[Numbers] = []
        self._count = 0
        self._file: IO[bytes] | None = None
        self._segments: list[list[tuple[int, int]]] = [[] for _ in range(PARTITIONS)]

    def add(self, hashes: Hashes, rows: Numbers) -> None:
        self._hashes.append(hashes)
        self._rows.append(rows)
        self._count += len(rows)
        if self._count >= self._spill_rows:
            self._spill()

    def _take(self) -> tuple[Hashes, Numbers]:
        hashes = np.concatenate(self._hashes) if self._hashes else np.empty(0, np.uint64)
        self._hashes.clear()
        rows = np.concatenate(self._rows) if self._rows else np.empty(0, np.int64)
        self._rows.clear()
        self._count = 0
        return hashes, rows

    def _spill(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        hashes, rows = self._take()
        part = partition_of(hashes)
        order = np.argsort(part, kind="stable")
        bounds = np.searchsorted(part[order], np.arange(PARTITIONS + 1, dtype=np.uint8))
        for number, (begin, end) in enumerate(pairwise(bounds.tolist())):
            chosen = order[begin:end]
            self._segments[number].append((self._file.tell(), len(chosen)))
            self._file.write(hashes[chosen].tobytes())
            self._file.write(rows[chosen].tobytes())

    def partitions(self) -> Iterator[tuple[Hashes, Numbers]]:
        """Pairs of arrays; equal hashes are in the same one."""
        if self._file is None:
            yield self._take()
            return
        if self._count:
            self._spill()
        for segments in self._segments:
            hashes, rows = [], []
            for offset, count in segments:
                self._file.seek(offset)
                hashes.append(np.frombuffer(self._file.read(count * 8), np.uint64))
                rows.append(np.frombuffer(self._file.read(count * 8), np.int64))
            yield np.concatenate(hashes), np.concatenate(rows)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def partition_of(hashes: Hashes) -> npt.NDArray[np.uint8]:
    """Neighbouring integers go to different parts."""
    return ((hashes * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(58)).astype(np.uint8)


class ValueStore:
    """The keys themselves in a temporary file, to compare the few whose hashes are equal."""

    def __init__(self) -> None:
        self._file: Any = None
        self._writer: Any = None
        self._first_rows: list[int] = []

    @property
    def used(self) -> bool:
        return self._file is not None

    def add(self, columns: Sequence[Column], rows: Numbers) -> None:
        names = [str(number) for number in range(len(columns))]
        batch = pa.record_batch([*columns, pa.array(rows)], [*names, "row"])
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
            self._writer = pa.ipc.new_file(self._file, batch.schema)
        self._writer.write_batch(batch)
        self._first_rows.append(int(rows[0]))

    @cached_property
    def _reader(self) -> Any:
        self._writer.close()
        return pa.ipc.open_file(self._file)

    def of(self, rows: Numbers) -> list[tuple[Any, ...]]:
        """The keys of these rows (in file order)."""
        batches = np.searchsorted(self._first_rows, rows, side="right") - 1
        keys: list[tuple[Any, ...]] = []
        for number in np.unique(batches):
            batch = self._reader.get_batch(int(number))
            place = np.searchsorted(batch.column("row").to_numpy(), rows[batches == number])
            chosen = batch.take(pa.array(place))
            lists = [column.to_pylist() for column in chosen.columns[:-1]]
            keys += zip(*lists, strict=True)
        return keys

    def close(self) -> None:
        if self._file is not None:
            self._writer.close()
            self._file.close()
