"""Typed columns as the texts of exported cells: exact, and as PostgreSQL's COPY writes the same.

Floats are the shortest text that reads back the same (1, 0.1, 1e-05, 1e+15, NaN), decimals keep
their scale, dates are ISO 8601, times have a fraction only if it is not 0, `2013-01-31 05:15:00`,
with a zone in UTC and `+00:00` behind it. Bytes are `\\x` and hexadecimal digits. What is nested is
JSON.
"""

import binascii
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from dashboard.formats import arrow_text

pc: Any = pyarrow.compute  # its published types know only some calls
types = pa.types

# Below and from these on PostgreSQL writes an exponent, by the bits of the type.
FIXED_LEAST, FIXED_MOST = 1e-4, {32: 1e6, 64: 1e15}
# Where Arrow, which is faster, writes the same.
ALIKE_MOST = {32: 1e6, 64: 1e10}


def cell_texts(values: Any) -> Any:
    """An array of any type as an array of strings, null where it is null.

    Raises arrow_text.CellProblem, a ValueError that knows the position, for what has no text.
    """
    for applies, convert in CONVERTERS:
        if applies(values.type):
            return convert(values)
    return arrow_text.texts(values)


def same(values: Any) -> Any:
    return values


def decoded(values: Any) -> Any:
    return cell_texts(values.dictionary_decode())


def floats(values: Any) -> Any:
    if types.is_float16(values.type):
        values = values.cast(pa.float32())
    bits = values.type.bit_width
    found = pc.cast(values, pa.string())
    sizes = pc.abs(values)
    alike = pc.and_(pc.greater_equal(sizes, FIXED_LEAST), pc.less(sizes, ALIKE_MOST[bits]))
    odd = pc.invert(pc.or_(alike, pc.equal(sizes, 0.0)))
    if not pc.any(odd).as_py():
        return found
    numbers = values.filter(odd).to_numpy(zero_copy_only=False)
    texts = pa.array([odd_float(number, FIXED_MOST[bits]) for number in numbers], pa.string())
    return pc.replace_with_mask(found, pc.fill_null(odd, False), texts)


def odd_float(number: Any, fixed_most: float) -> str:
    """One that is very small or large, or no number at all."""
    if np.isfinite(number):
        if FIXED_LEAST <= abs(number) < fixed_most:
            return str(np.format_float_positional(number, trim="-"))
        return str(np.format_float_scientific(number, trim="-", exp_digits=2))
    return "NaN" if np.isnan(number) else ("Infinity" if number > 0 else "-Infinity")


def timestamps(values: Any) -> Any:
    zoned, unit = values.type.tz is not None, values.type.unit
    if zoned:
        values = pc.local_timestamp(values.cast(pa.timestamp(unit, "UTC")))
    found = without_zeros(values, pa.timestamp("s"))
    return pc.binary_join_element_wise(found, "+00:00", "") if zoned else found


def times(values: Any) -> Any:
    return without_zeros(values, pa.time32("s"))


def without_zeros(values: Any, whole: Any) -> Any:
    """As text, with no needless zeros in the fraction of a second; `whole` has no fraction."""
    try:
        return arrow_text.in_range(values.cast(whole))
    except pa.ArrowInvalid:
        return pc.replace_substring_regex(arrow_text.in_range(values), r"\.?0+$", "")


def binaries(values: Any) -> Any:
    """Digits twice as long as the bytes, so that the offsets double too."""
    values = values.cast(pa.binary())
    _, offsets, data = values.buffers()
    bounds = np.frombuffer(offsets, np.int32, values.offset + len(values) + 1)[values.offset :]
    first, last = (int(bounds[0]), int(bounds[-1])) if len(values) else (0, 0)
    digits = binascii.hexlify(memoryview(data)[first:last] if data is not None else b"")
    doubled = pa.py_buffer(((bounds - first) * 2).astype(np.int32).tobytes())
    buffers = [None, doubled, pa.py_buffer(digits)]
    found = pa.Array.from_buffers(pa.string(), len(values), buffers)
    marked = pc.binary_join_element_wise("\\x", found, "")
    return pc.if_else(values.is_valid(), marked, pa.scalar(None, pa.string()))


def is_text(kind: Any) -> bool:
    """May its cells say anything at all?"""
    if types.is_dictionary(kind):
        kind = kind.value_type
    return types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)


def is_binary(kind: Any) -> bool:
    return (
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_binary_view(kind)
        or types.is_fixed_size_binary(kind)
    )


CONVERTERS: tuple[tuple[Callable[[Any], bool], Callable[[Any], Any]], ...] = (
    (types.is_string, same),
    (types.is_dictionary, decoded),
    (types.is_floating, floats),
    (types.is_timestamp, timestamps),
    (types.is_time, times),
    (is_binary, binaries),
)
