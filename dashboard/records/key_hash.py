"""A 64-bit hash for each row of key columns, computed by numpy from Arrow's own buffers."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Column: TypeAlias = "pa.Array[Any]"
Hashes = npt.NDArray[np.uint64]

ODD = np.uint64(0x9E3779B97F4A7C15)
ODD_TOO = np.uint64(0xC2B2AE3D27D4EB4F)
SHIFT = np.uint64(29)
WORD = 8


def is_whole_number(kind: pa.DataType) -> bool:
    """Integers that fit 64 signed bits are their own hash."""
    return bool(pa.types.is_integer(kind)) and not pa.types.is_uint64(kind)


def mix(hashes: Hashes, words: Hashes) -> Hashes:
    mixed = (hashes ^ words) * ODD
    return np.asarray((mixed ^ (mixed >> SHIFT)) * ODD_TOO)


def hash_columns(columns: Sequence[Column]) -> Hashes:
    """Equal keys have equal hashes; the columns hold no nulls."""
    hashes = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        kind = column.type
        if is_whole_number(kind):
            hashes = mix(hashes, column.cast(pa.int64()).to_numpy().view(np.uint64))
        elif pa.types.is_date32(kind):
            hashes = mix(hashes, column.view(pa.int32()).to_numpy().astype(np.uint64))
        elif pa.types.is_timestamp(kind):
            hashes = mix(hashes, column.view(pa.int64()).to_numpy().view(np.uint64))
        else:
            hashes = hash_text(hashes, column.cast(pa.string()))
    return hashes


def hash_text(hashes: Hashes, column: Column) -> Hashes:
    """Word by word of 8 bytes; each round only touches the rows that are long enough."""
    buffers: list[Any] = column.buffers()
    _, offsets_buffer, text_buffer = buffers
    offsets = np.frombuffer(offsets_buffer, np.int32)
    offsets = offsets[column.offset : column.offset + len(column) + 1].astype(np.int64)
    begin, end = int(offsets[0]), int(offsets[-1])
    padded = np.zeros(end - begin + WORD, np.uint8)
    if end > begin:
        padded[: end - begin] = np.frombuffer(text_buffer, np.uint8)[begin:end]
    words = np.ndarray((end - begin + 1,), "<u8", padded, strides=(1,))
    starts = offsets[:-1] - begin
    left = np.diff(offsets)
    hashes = mix(hashes, left.view(np.uint64))
    rows = np.flatnonzero(left)
    while len(rows):
        unused = np.maximum(WORD - left[rows], 0).astype(np.uint64) * np.uint64(8)
        word = (words[starts[rows]] << unused) >> unused
        hashes[rows] = mix(hashes[rows], word)
        starts[rows] += WORD
        left[rows] -= WORD
        rows = rows[left[rows] > 0]
    return hashes
