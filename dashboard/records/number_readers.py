"""How numbers and truth values are read from text."""

import re
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from dashboard.records.cells import Cells
from dashboard.records.fields import Field
from dashboard.records.reader import Problem, Reader

pc: Any = pyarrow.compute  # its published types know only some calls

TRUE, FALSE = ("true", "t", "yes", "1"), ("false", "f", "no", "0")
DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.A)
MARKED = re.compile(r"[+-]?[0-9]{1,3}(?:[.,' \u00a0\u202f\u2019]?[0-9]{3})*(?:[.,][0-9]*)?", re.A)
INTEGER = re.compile(r"-?[0-9]+", re.A)


class IntegerReader(Reader):
    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self.type = {16: pa.int16(), 32: pa.int32()}.get(field.bits, pa.int64())
        self.sure_digits = {16: 4, 32: 9}.get(field.bits, 18)
        self.limit = 2 ** (field.bits - 1)

    def convert(self, texts: Any) -> Any:
        return pc.cast(texts, self.type)

    def fast(self, cells: Cells) -> Any:
        self.refuse(cells.contains(b"x", b"X"))  # Arrow reads 0x10 as 16
        return self.convert(cells.texts)

    def suspects(self, cells: Cells) -> Any:
        """Cells that hold anything but digits behind a minus, or more digits than always fit."""
        octets = cells.octets
        starts = cells.offsets[:-1] - cells.offsets[0]
        odd = np.flatnonzero((octets - np.uint8(ord("0"))) > 9)
        where = np.searchsorted(starts, odd, side="right") - 1
        minus = (octets[odd] == ord("-")) & (starts[where] == odd) & (cells.lengths[where] > 1)
        suspect = cells.lengths > self.sure_digits
        suspect[where[~minus]] = True
        return suspect & cells.filled

    def judge(self, cell: str) -> Problem | None:
        if not INTEGER.fullmatch(cell):
            marked = ", or choose the marks of this column's numbers" if grouped(cell) else ""
            return "not_an_integer", f"is not a whole number. Use digits only, such as 42{marked}."
        if len(cell) < 60 and -self.limit <= int(cell) < self.limit:
            return None
        span = f"{-self.limit} to {self.limit - 1}"
        return "out_of_range", f"is out of range. Use a whole number from {span}."


def grouped(cell: str) -> bool:
    """Digits in groups of three, as in 1,234,567."""
    return (
        re.fullmatch(r"[+-]?[0-9]{1,3}(?:([.,' \u00a0\u202f\u2019])[0-9]{3})(?:\1[0-9]{3})*", cell)
        is not None
    )


class NumberReader(Reader):
    sure = r"^-?[0-9]{1,30}(?:\.[0-9]{0,30})?$"

    def convert(self, texts: Any) -> Any:
        values = pc.cast(texts, pa.float64() if self.field.bits == 64 else pa.float32())
        self.refuse(pc.all(pc.is_finite(values)).as_py() is False)
        return values

    def judge(self, cell: str) -> Problem | None:
        if not re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", cell, re.A):
            return "not_a_number", not_a_number(cell)
        # float32 rounds past 3.4028235e38, so compare as the column will hold it
        with np.errstate(over="ignore"):
            held = np.float64(cell) if self.field.bits == 64 else np.float32(cell)
        if np.isfinite(held):
            return None
        return "out_of_range", "is too large. Use a number this column can hold."

    def raw_safe(self, cells: Cells, values: Any) -> bool:
        """PostgreSQL refuses what rounds to zero (1e-400); we store 0."""
        return self.field.bits == 64 and cells.longest < 300 and not cells.contains(b"e", b"E")


def not_a_number(cell: str) -> str:
    marked = ", or choose the marks of this column's numbers" if MARKED.fullmatch(cell) else ""
    return f"is not a number. Use digits and a point, such as 3.14{marked}."


class DecimalReader(Reader):
    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self.precision, self.scale = field.precision or 76, field.scale
        self.free = field.precision is None or field.precision > 76
        self.type = pa.float64() if self.free else decimal_type(self.precision, self.scale or 0)

    def convert(self, texts: Any) -> Any:
        if not self.free:
            return pc.cast(texts, self.type)
        self.refuse(
            pc.all(pc.match_substring_regex(texts, f"^{DECIMAL.pattern}$")).as_py() is False
        )
        return texts

    def judge(self, cell: str) -> Problem | None:
        if not DECIMAL.fullmatch(cell):
            return "not_a_number", not_a_number(cell)
        if self.free:
            return None
        try:
            value = Decimal(cell)
            exponent = value.normalize().as_tuple().exponent
        except InvalidOperation:
            return "out_of_range", "is out of range. Use a smaller number."
        if value and -int(exponent) > (self.scale or 0):
            return "too_many_decimals", f"has too many decimals. Use at most {self.scale or 0}."
        whole = self.precision - (self.scale or 0)
        if abs(value) >= 10**whole:
            return "out_of_range", f"is too large. Use at most {whole} digits before the point."
        return None


def decimal_type(precision: int, scale: int) -> Any:
    make = pa.decimal128 if precision <= 38 else pa.decimal256
    return make(precision, scale)


@cache
def boolean_words() -> Any:
    """Made when first needed: the first array of an Arrow process imports pandas."""
    return pa.array([*TRUE, *FALSE])


class BooleanReader(Reader):
    sure = "^(?i:true|t|yes|1|false|f|no|0)$"

    def convert(self, texts: Any) -> Any:
        found = pc.index_in(pc.utf8_lower(texts), boolean_words())
        self.refuse(found.null_count != texts.null_count)
        return pc.less(found, len(TRUE))

    def judge(self, cell: str) -> Problem | None:
        if cell.lower() in (*TRUE, *FALSE):
            return None
        return "not_a_boolean", "is neither true nor false. Use true, false, yes, no, 1 or 0."
