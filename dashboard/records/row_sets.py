"""A set of row numbers in little JSON: runs, or a packed bitmap where that is shorter.

A list of texts, so that the sets of several rounds are joined by joining their lists.
"""

import base64
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

BITMAP = "z"
FEW = 50
LONGEST_BITMAP = 10_000_000


def encode(numbers: Any) -> list[str]:
    """`[2, 3, 4, 9]` → `["2-4", "9"]`; order does not matter."""
    rows = np.unique(np.asarray(numbers, np.int64))
    if not len(rows):
        return []
    breaks = np.flatnonzero(np.diff(rows) != 1)
    firsts, lasts = rows[np.r_[0, breaks + 1]].tolist(), rows[np.r_[breaks, -1]].tolist()
    runs = [str(a) if a == b else f"{a}-{b}" for a, b in zip(firsts, lasts, strict=True)]
    if len(runs) < FEW or int(rows[-1] - rows[0]) > LONGEST_BITMAP:
        return runs
    packed = [bitmap(rows)]
    return packed if len(packed[0]) < sum(len(run) + 4 for run in runs) else runs


def bitmap(rows: Any) -> str:
    """`z<first row>:<base64 of the packed bits from there>`."""
    first = int(rows[0])
    bits = np.zeros(int(rows[-1]) - first + 1, bool)
    bits[rows - first] = True
    packed = zlib.compress(np.packbits(bits).tobytes(), 6)
    return f"{BITMAP}{first}:{base64.b64encode(packed).decode()}"


def decode(parts: Sequence[str] | None) -> Any:
    """The row numbers, ascending, none twice (int64 array)."""
    found = [rows_of(part) for part in parts or ()]
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


def rows_of(part: str) -> Any:
    if part.startswith(BITMAP):
        first, _, packed = part[1:].partition(":")
        octets = np.frombuffer(zlib.decompress(base64.b64decode(packed)), np.uint8)
        return np.flatnonzero(np.unpackbits(octets)) + int(first)
    low, _, high = part.partition("-")
    return np.arange(int(low), int(high or low) + 1, dtype=np.int64)
