"""How each field type reads text: one fast conversion, and an exact judge for single cells.

A reader is at least as strict as PostgreSQL and means the same, so a column that converts may be
sent on as it was written (`raw_safe`). Dates are ISO; a time zone is `Z` or an offset. In a column
without time zone `Z` is accepted and the wall time kept, as PostgreSQL does; another offset, which
PostgreSQL would drop without a word, is refused. In a column with time zone a text without one is
UTC.
"""

import json
import re
import uuid
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from dashboard.records.cells import Cells
from dashboard.records.fields import Field, FieldType

pc: Any = pyarrow.compute  # its published types know only some calls


Problem = tuple[str, str]
"""Code, and what is allowed (ends the message)."""

TRUE, FALSE = ("true", "t", "yes", "1"), ("false", "f", "no", "0")
YEAR = "[1-9][0-9]{3}"
MONTH_DAY = (  # all but 29 February, which the judge looks up
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.A)
DATETIME = re.compile(rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?:[ T]({CLOCK})(Z|[+-].+)?)?", re.A)
OFFSET = re.compile(r"[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?", re.A)
TIME = re.compile(CLOCK, re.A)
DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.A)
INTEGER = re.compile(r"-?[0-9]+", re.A)
UUID_TEXT = r"[0-9A-Fa-f]{8}(?:-?)[0-9A-Fa-f]{4}(?:-?)[0-9A-Fa-f]{4}(?:-?)[0-9A-Fa-f]{4}(?:-?)"
STAMP_LENGTHS = frozenset({10, 16, 19, *range(21, 27)})


class Reader:
    """Reads one field. `sure` (RE2) names cells that need no judge; "" means none is sure."""

    sure = ""

    def __init__(self, field: Field) -> None:
        self.field = field

    def convert(self, texts: Any) -> Any:
        """Texts (blank = null) to values; raises ArrowInvalid when any cell is wrong."""
        raise NotImplementedError

    def fast(self, cells: Cells) -> Any:
        """`convert`, or ArrowInvalid too when only the slow way can tell."""
        return self.convert(cells.texts)

    def judge(self, cell: str) -> Problem | None:
        """What is wrong with one cell, if anything."""
        raise NotImplementedError

    def raw_safe(self, cells: Cells, values: Any) -> bool:
        """Does PostgreSQL read these bytes as the same values?"""
        return True

    def refuse(self, condition: Any) -> None:
        if condition:
            raise pa.ArrowInvalid("refused")


class IntegerReader(Reader):
    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self.type = {16: pa.int16(), 32: pa.int32()}.get(field.bits, pa.int64())
        self.sure = f"^-?[0-9]{{1,{ {16: 4, 32: 9}.get(field.bits, 18) }}}$"
        self.limit = 2 ** (field.bits - 1)

    def convert(self, texts: Any) -> Any:
        return pc.cast(texts, self.type)

    def fast(self, cells: Cells) -> Any:
        self.refuse(cells.contains(b"x", b"X"))  # Arrow reads 0x10 as 16
        return self.convert(cells.texts)

    def judge(self, cell: str) -> Problem | None:
        if not INTEGER.fullmatch(cell):
            return "not_an_integer", "is not a whole number. Use digits only, such as 42."
        if len(cell) < 60 and -self.limit <= int(cell) < self.limit:
            return None
        span = f"{-self.limit} to {self.limit - 1}"
        return "out_of_range", f"is out of range. Use a whole number from {span}."


class NumberReader(Reader):
    sure = r"^-?[0-9]{1,30}(?:\.[0-9]{0,30})?$"

    def convert(self, texts: Any) -> Any:
        values = pc.cast(texts, pa.float64() if self.field.bits == 64 else pa.float32())
        self.refuse(pc.all(pc.is_finite(values)).as_py() is False)
        return values

    def judge(self, cell: str) -> Problem | None:
        if not re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", cell, re.A):
            return "not_a_number", "is not a number. Use digits and a point, such as 3.14."
        # float32 rounds past 3.4028235e38, so compare as the column will hold it
        with np.errstate(over="ignore"):
            held = np.float64(cell) if self.field.bits == 64 else np.float32(cell)
        if np.isfinite(held):
            return None
        return "out_of_range", "is too large. Use a number this column can hold."

    def raw_safe(self, cells: Cells, values: Any) -> bool:
        """PostgreSQL refuses what rounds to zero (1e-400); we store 0."""
        return self.field.bits == 64 and cells.longest < 300 and not cells.contains(b"e", b"E")


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
            return "not_a_number", "is not a number. Use digits and a point, such as 3.14."
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


class BooleanReader(Reader):
    words = pa.array([*TRUE, *FALSE])
    sure = "^(?i:true|t|yes|1|false|f|no|0)$"

    def convert(self, texts: Any) -> Any:
        found = pc.index_in(pc.utf8_lower(texts), self.words)
        self.refuse(found.null_count != texts.null_count)
        return pc.less(found, len(TRUE))

    def judge(self, cell: str) -> Problem | None:
        if cell.lower() in (*TRUE, *FALSE):
            return None
        return "not_a_boolean", "is neither true nor false. Use true, false, yes, no, 1 or 0."


class DateReader(Reader):
    sure = f"^{YEAR}-{MONTH_DAY}$"

    def convert(self, texts: Any) -> Any:
        values = pc.cast(texts, pa.date32())
        refuse_before(values, DAYS_TO_YEAR_ONE)
        return values

    def judge(self, cell: str) -> Problem | None:
        try:
            if DATE.fullmatch(cell):
                date.fromisoformat(cell)
                return None
        except ValueError:
            pass
        return "not_a_date", "is not a date. Use YYYY-MM-DD."


DAYS_TO_YEAR_ONE = date(1, 1, 1).toordinal() - date(1970, 1, 1).toordinal()
MICROSECONDS_A_DAY = 86_400_000_000


def refuse_before(values: Any, first: int) -> None:
    """Arrow knows a year 0, Python and PostgreSQL do not."""
    smallest = pc.min(values)
    if smallest.is_valid and smallest.value < first:
        raise pa.ArrowInvalid("year 0")


class DateTimeReader(Reader):
    def __init__(self, field: Field) -> None:
        super().__init__(field)
        zone = rf"(?:Z|{OFFSET.pattern})?" if field.timezone else "Z?"
        self.sure = rf"^{YEAR}-{MONTH_DAY}(?:[ T]{CLOCK}{zone})?$"

    def convert(self, texts: Any) -> Any:
        if not self.field.timezone:
            return self._stamps(pc.utf8_rtrim(texts, "Z"))
        dated = pc.equal(pc.binary_length(texts), 10)
        texts = pc.if_else(dated, pc.binary_join_element_wise(texts, "00:00", "T"), texts)
        zoned = pc.match_substring_regex(texts, r"[ T].*[Z+-]")
        return self._stamps(pc.if_else(zoned, texts, pc.binary_join_element_wise(texts, "Z", "")))

    def _stamps(self, texts: Any, zone: str | None = None) -> Any:
        zone = "UTC" if self.field.timezone else zone
        values = pc.cast(texts, pa.timestamp("us", zone))
        refuse_before(values, DAYS_TO_YEAR_ONE * MICROSECONDS_A_DAY)
        return values

    def fast(self, cells: Cells) -> Any:
        """All with Z or none, and no length that only Arrow accepts (2013-01-01T05)."""
        ends = cells.last_octets() == ord("Z")
        all_z = bool(len(ends)) and bool(ends.all())
        self.refuse(not all_z and (self.field.timezone or ends.any()))
        self.refuse(not cells.only_lengths(frozenset(n + all_z for n in STAMP_LENGTHS)))
        if all_z and not self.field.timezone:
            return self._stamps(cells.texts, "UTC").view(pa.timestamp("us"))
        return self._stamps(cells.texts)

    def judge(self, cell: str) -> Problem | None:
        match = DATETIME.fullmatch(cell)
        form = "Use YYYY-MM-DD HH:MM:SS, with Z or an offset for a time zone."
        if match is None:
            return "not_a_datetime", f"is not a date and time. {form}"
        day, clock, zone = match.groups()
        try:
            datetime.fromisoformat(f"{day}T{clock or '00:00'}")
        except ValueError:
            return "not_a_datetime", f"is not a date and time. {form}"
        if zone in (None, "Z"):
            return None
        if not OFFSET.fullmatch(zone):
            return "not_a_datetime", f"is not a date and time. {form}"
        return None if self.field.timezone else ("not_a_datetime", NO_OFFSET)

    def raw_safe(self, cells: Cells, values: Any) -> bool:
        return not self.field.timezone or bool((cells.last_octets() == ord("Z")).all())


NO_OFFSET = "has an offset, but this column keeps no time zone. Write the time in UTC, without one."


class TimeReader(Reader):
    sure = f"^{CLOCK}$"

    def convert(self, texts: Any) -> Any:
        self.refuse(pc.all(pc.match_substring_regex(texts, self.sure)).as_py() is False)
        stamps = pc.cast(pc.binary_join_element_wise("1970-01-01", texts, "T"), pa.timestamp("us"))
        return pc.cast(stamps, pa.time64("us"))

    def judge(self, cell: str) -> Problem | None:
        try:
            if TIME.fullmatch(cell):
                time.fromisoformat(cell)
                return None
        except ValueError:
            pass
        return "not_a_time", "is not a time. Use HH:MM or HH:MM:SS."


class StringReader(Reader):
    def fast(self, cells: Cells) -> Any:
        limit = self.field.max_length
        self.refuse(cells.contains(b"\0"))
        if limit is not None and cells.longest > limit:
            self.refuse(pc.any(pc.greater(pc.utf8_length(cells.texts), limit)).as_py())
        return cells.texts

    def convert(self, texts: Any) -> Any:
        return texts

    def judge(self, cell: str) -> Problem | None:
        limit = self.field.max_length
        if "\0" in cell:
            return "not_a_text", "holds a NUL character. Remove it."
        if limit is not None and len(cell) > limit:
            return "too_long", f"has {len(cell)} characters. Use at most {limit}."
        return None


class ChoiceReader(Reader):
    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self.allowed = pa.array(field.choices, pa.string())

    def convert(self, texts: Any) -> Any:
        self.refuse(pc.any(pc.and_(pc.is_valid(texts), pc.invert(self.known(texts)))).as_py())
        return texts

    def known(self, texts: Any) -> Any:
        return pc.is_in(texts, self.allowed)

    def judge(self, cell: str) -> Problem | None:
        if cell in self.field.choices:
            return None
        shown = ", ".join(self.field.choices[:10]) + (" …" if len(self.field.choices) > 10 else "")
        return "not_a_choice", f"is not one of the choices. Use {shown}."


class UuidReader(Reader):
    sure = f"^{UUID_TEXT}[0-9A-Fa-f]{{12}}$"

    def convert(self, texts: Any) -> Any:
        self.refuse(pc.all(pc.match_substring_regex(texts, self.sure)).as_py() is False)
        return texts

    def judge(self, cell: str) -> Problem | None:
        try:
            if re.fullmatch(self.sure[1:-1], cell, re.A):
                uuid.UUID(cell)
                return None
        except ValueError:
            pass
        return "not_a_uuid", "is not a UUID. Use 32 hexadecimal digits, such as 6ba7b810-9dad-…."


class JsonReader(Reader):
    def fast(self, cells: Cells) -> Any:
        self.refuse(any(self.judge(cell) for cell in cells.texts.to_pylist() if cell is not None))
        return cells.texts

    def convert(self, texts: Any) -> Any:
        return texts

    def judge(self, cell: str) -> Problem | None:
        try:
            json.loads(cell, parse_constant=refuse_constant)
        except (ValueError, RecursionError):
            return "not_json", 'is not JSON. Use text such as {"a": 1}.'
        return None


def refuse_constant(name: str) -> Any:
    raise ValueError(name)


READERS: dict[FieldType, type[Reader]] = {
    FieldType.INTEGER: IntegerReader,
    FieldType.NUMBER: NumberReader,
    FieldType.DECIMAL: DecimalReader,
    FieldType.BOOLEAN: BooleanReader,
    FieldType.DATE: DateReader,
    FieldType.TIME: TimeReader,
    FieldType.DATETIME: DateTimeReader,
    FieldType.STRING: StringReader,
    FieldType.CHOICE: ChoiceReader,
    FieldType.UUID: UuidReader,
    FieldType.JSON: JsonReader,
}


def reader_for(field: Field) -> Reader:
    if field.choices:
        return ChoiceReader(field)
    return READERS[field.type](field)
