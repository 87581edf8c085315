"""The tags of a sheet's rows, told apart at vector speed by the few bytes they begin with."""

from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]


def word(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(text, "little"))


MASKS = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)
UNKNOWN, ROW, ROW_END, CELL, CELL_END, VALUE, VALUE_END, FORMULA, FORMULA_END = range(9)
INLINE, INLINE_END, TEXT, TEXT_END, KEPT_TEXT, NO_VALUE, SPACED_NO_VALUE = range(9, 16)
# A tag is known by the two bytes behind "<", and checked by the third where one is given.
TAGS = (
    (ROW, b"row"),
    (ROW_END, b"/ro"),
    (CELL, b"c r"),
    (CELL_END, b"/c>"),
    (VALUE, b"v>"),
    (VALUE_END, b"/v>"),
    (FORMULA, b"f>"),
    (FORMULA, b"f "),
    (FORMULA, b"f/"),
    (FORMULA_END, b"/f>"),
    (INLINE, b"is>"),
    (INLINE_END, b"/is"),
    (TEXT, b"t>"),
    (TEXT_END, b"/t>"),
    (KEPT_TEXT, b"t x"),
    (NO_VALUE, b"v/>"),
    (SPACED_NO_VALUE, b"v /"),
)
KIND_BY_START = np.zeros(1 << 16, np.uint8)
THIRD_BYTE = np.zeros(16, np.uint8)
for _kind, _tag in TAGS:
    KIND_BY_START[_tag[0] | _tag[1] << 8] = _kind
    THIRD_BYTE[_kind] = _tag[2] if len(_tag) > 2 else 0
CELL_START, ROW_START = b'<c r="', b'<row r="'
KEEP = b'<t xml:space="preserve">'


class Unusual(Exception):
    """The block is written in another way."""


def check(right: Any) -> None:
    if not right:
        raise Unusual


def classify(heads: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    """Tags by their first four bytes."""
    kinds = KIND_BY_START[(heads >> np.uint32(8)).astype(np.uint16)]
    third = THIRD_BYTE[kinds]
    kinds[(third != 0) & (third != (heads >> np.uint32(24)).astype(np.uint8))] = UNKNOWN
    kinds[kinds == SPACED_NO_VALUE] = NO_VALUE
    return kinds
