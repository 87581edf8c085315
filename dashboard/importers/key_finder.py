"""Finds the rows of a file that share a unique key, while the file is being cut."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from dashboard.importers.duplicate_rows import Hint, KeyChoice, settle_duplicates
from dashboard.importers.key_cells import cast_key
from dashboard.records.duplicates import KeyScan

Rewrite = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class KeySpec:
    """A unique key: its columns as the file names them and the type each is compared as.

    `rewrites` are, for columns whose cells are not read as they are written, what makes them so.
    """

    columns: tuple[str, ...]
    types: tuple[pa.DataType, ...]
    null_tokens: tuple[str, ...] = ("",)
    rewrites: tuple[Rewrite | None, ...] = ()


@dataclass(slots=True)
class _Key:
    number: int
    spec: KeySpec
    scan: KeyScan = field(default_factory=KeyScan)

    def add(self, table: pa.Table, numbers: Any) -> None:
        spec = self.spec
        rewrites = spec.rewrites or (None,) * len(spec.columns)
        columns = []
        for name, kind, rewrite in zip(spec.columns, spec.types, rewrites, strict=True):
            cells: Any = table.column(name)
            if rewrite is not None:
                cells = pa.chunked_array([rewrite(cells)])
            columns.append(cast_key(cells, kind, spec.null_tokens))
        self.scan.add(columns, numbers)


class KeyFinder:
    """Sees block after block; close it, for it holds temporary files.

    Keys that name a column the file lacks are left out. `needed` are the columns it looks at.
    """

    def __init__(self, specs: Sequence[KeySpec], columns: Sequence[str]) -> None:
        known = set(columns)
        looked_at = [(n, s) for n, s in enumerate(specs) if s.columns]
        self._keys = [_Key(n, s) for n, s in looked_at if known.issuperset(s.columns)]
        self.needed = list(dict.fromkeys(name for key in self._keys for name in key.spec.columns))

    def add(self, table: pa.Table, numbers: Any) -> None:
        """The needed columns of one block as texts and the file row of each record."""
        for key in self._keys:
            key.add(table, numbers)

    def hints(self, first_rows: Sequence[int], choice: KeyChoice) -> list[list[Hint]]:
        """For each block, by its first row, what becomes of the duplicates in it."""
        found = {key.number: key.scan.finish() for key in self._keys}
        hints = sorted(settle_duplicates(found, choice), key=lambda hint: (hint[0], hint[1]))
        parted: list[list[Hint]] = [[] for _ in first_rows]
        places = np.searchsorted(first_rows, [hint[0] for hint in hints], side="right") - 1
        for hint, place in zip(hints, places.tolist(), strict=True):
            parted[place].append(hint)
        return parted

    def close(self) -> None:
        for key in self._keys:
            key.scan.close()
