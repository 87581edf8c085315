"""Columns as what a sheet stores as numbers: only values that come back from it the very same.

A sheet's number is a double of which people see and keep 15 digits; days count from 1900 on, times
of day are fractions of a day. Whatever would lose something is left null here, and becomes text.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute

from dashboard.formats.write_texts import cell_texts

pc: Any = pyarrow.compute  # its published types know only some calls
types = pa.types

DIGITS = 15
LEAST_NORMAL = 2.0**-1022
# Day 60 is a 29 February 1900 that never was: days before 1 March 1900 are no numbers.
FIRST_DAY, LAST_DAY, EPOCH = 61, 2_958_465, 25_569
DAY_SECONDS = 86_400.0
A_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


class Style(NamedTuple):
    """How cells of one kind look: their `format`, their place among the book's, and a width."""

    number: int
    format: str
    width: int


GENERAL = Style(0, "General", 10)
DAY = Style(2, "yyyy-mm-dd", 11)
STAMP = Style(3, "yyyy-mm-dd hh:mm:ss", 20)
INSTANT = Style(4, 'yyyy-mm-dd hh:mm:ss" UTC"', 24)
CLOCK = Style(5, "hh:mm:ss", 10)
STYLES = (DAY, STAMP, INSTANT, CLOCK)


def style_of(kind: Any) -> Style:
    if types.is_timestamp(kind):
        return STAMP if kind.tz is None else INSTANT
    if types.is_date(kind):
        return DAY
    return CLOCK if types.is_time(kind) else GENERAL


def sheet_numbers(values: Any) -> Any:
    """The numbers as texts, null where there is none; None: this type has no numbers."""
    for applies, convert in CONVERTERS:
        if applies(values.type):
            return convert(values)
    return None


def kept(texts: Any, exact: Any) -> Any:
    if pc.all(exact).as_py() is not False:
        return texts
    return pc.if_else(exact, texts, pa.scalar(None, pa.string()))


def integers(values: Any) -> Any:
    texts = pc.cast(values, pa.string())
    if values.type.bit_width <= 32:
        return texts
    digits = pc.utf8_ltrim(texts, "-")
    return kept(texts, pc.less_equal(pc.binary_length(digits), DIGITS))


def floats(values: Any) -> Any:
    """NaN and the infinities are no numbers of a sheet, and numbers next to zero become zero."""
    sizes = pc.abs(values)
    normal = pc.or_(pc.equal(sizes, 0.0), pc.greater_equal(sizes, LEAST_NORMAL))
    return kept(cell_texts(values), pc.and_(normal, pc.is_finite(values)))


def decimals(values: Any) -> Any:
    texts = cell_texts(values)
    if values.type.precision <= DIGITS:
        return texts
    digits = pc.utf8_rtrim(texts, "0") if values.type.scale > 0 else texts
    digits = pc.utf8_ltrim(pc.replace_substring(digits, ".", ""), "-0")
    return kept(texts, pc.less_equal(pc.utf8_length(digits), DIGITS))


def truths(values: Any) -> Any:
    return pc.cast(pc.cast(values, pa.int8()), pa.string())


def dates(values: Any) -> Any:
    days = pc.add(pc.cast(values.cast(pa.date32()), pa.int32()), EPOCH)
    return kept(pc.cast(days, pa.string()), in_time(days))


def timestamps(values: Any) -> Any:
    """With a zone: as UTC has it."""
    days, whole = in_days(pc.cast(values, pa.int64()), values.type.unit)
    days = pc.add(days, float(EPOCH))
    return kept(pc.cast(days, pa.string()), pc.and_(whole, in_time(days)))


def in_time(days: Any) -> Any:
    return pc.and_(pc.greater_equal(days, FIRST_DAY), pc.less(days, LAST_DAY + 1))


def times(values: Any) -> Any:
    counts = pc.cast(values, pa.int64() if types.is_time64(values.type) else pa.int32())
    days, whole = in_days(counts, values.type.unit)
    return kept(pc.cast(days, pa.string()), whole)


def in_days(counts: Any, unit: str) -> tuple[Any, Any]:
    """(days and parts of them, a mask of the whole seconds)."""
    seconds = pc.divide(counts, A_SECOND[unit])
    whole = pc.equal(pc.multiply(seconds, A_SECOND[unit]), counts)
    return pc.divide(pc.cast(seconds, pa.float64()), DAY_SECONDS), whole


CONVERTERS: tuple[tuple[Callable[[Any], bool], Callable[[Any], Any]], ...] = (
    (types.is_boolean, truths),
    (types.is_integer, integers),
    (types.is_floating, floats),
    (types.is_decimal, decimals),
    (types.is_date, dates),
    (types.is_timestamp, timestamps),
    (types.is_time, times),
)
