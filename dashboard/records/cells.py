"""A column of a file as texts, with what its bytes tell at a glance."""

from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa


class Cells:
    """The texts of one column; blank cells ('') are null in `texts`. Nothing is copied."""

    def __init__(self, column: Any) -> None:
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        self.count = len(column)
        offsets: Any
        data: Any
        _, offsets, data = column.buffers()
        end = column.offset + self.count + 1
        self.offsets = np.frombuffer(offsets, np.int32, end)[column.offset :]
        self._data: Any = data if data is not None else pa.py_buffer(b"")
        self.lengths = np.diff(self.offsets)
        self.filled = self.lengths > 0
        self.all_filled = bool(self.filled.all())
        self.texts: Any = column if self.all_filled else self._only(self.filled)

    def _only(self, mask: Any) -> Any:
        """The same bytes under a validity map: null where `mask` is false."""
        validity = pa.py_buffer(np.packbits(mask, bitorder="little").tobytes())
        offsets = pa.py_buffer(self.offsets.tobytes())
        return pa.Array.from_buffers(pa.string(), self.count, [validity, offsets, self._data])

    @cached_property
    def octets(self) -> Any:
        """The column's bytes, without the breaks between cells."""
        if not self.count:
            return np.empty(0, np.uint8)
        return np.frombuffer(self._data, np.uint8)[self.offsets[0] : self.offsets[-1]]

    def contains(self, *characters: bytes) -> bool:
        text = self.octets.tobytes()
        return any(character in text for character in characters)

    @property
    def longest(self) -> int:
        """Bytes of the longest cell."""
        return int(self.lengths.max()) if self.count else 0

    def last_octets(self) -> Any:
        """The last byte of every filled cell."""
        data = np.frombuffer(self._data, np.uint8)
        return data[self.offsets[1:][self.filled] - 1]

    def only_lengths(self, allowed: frozenset[int]) -> bool:
        return set(np.unique(self.lengths).tolist()) <= allowed | {0}

    def without(self, bad: Any) -> Any:
        """The texts with the cells of the mask `bad` made null."""
        return self._only(self.filled & ~bad)
