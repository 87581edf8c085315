"""Dates and numbers as people write them, turned into the one form the readers know.

A format is chosen by a person, never guessed: 03.04.2026 is a date in two orders.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from dashboard.errors import InputRefused
from dashboard.records.fields import Field, FieldType

pc: Any = pyarrow.compute  # its published types know only some calls

ORDERS = {
    "DMY": ("day.month.year", "31.12.2026"),
    "MDY": ("month/day/year", "12/31/2026"),
    "YMD": ("year-month-day", "2026-12-31"),
}
DECIMALS = (".", ",")
THOUSANDS = (".", ",", " ", "'")
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
DATED = frozenset({FieldType.DATE, FieldType.DATETIME})
COUNTED = frozenset({FieldType.INTEGER, FieldType.NUMBER, FieldType.DECIMAL})
# Two figures of a year: 69 to 99 lie in the last century, as POSIX has it.
PIVOT = 69

NAMED = (
    "(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
PARTS = {
    "D": "(?P<day>[0-9]{1,2})",
    "M": f"(?P<month>[0-9]{{1,2}}|{NAMED})",
    "Y": "(?P<year>[0-9]{4}|[0-9]{2})",
}
CLOCK = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}(?:\.[0-9]{1,6})?))?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?(?P<zone>Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
OWN_NUMBER = r"^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
ISO_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
ISO_STAMP = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].*)?$"


@dataclass(frozen=True, slots=True)
class CellFormat:
    """How one column of a file writes its dates or numbers; None: in the one form always read."""

    date: str | None = None
    decimal: str | None = None
    thousands: str | None = None

    @classmethod
    def from_options(cls, column: str, options: Any) -> "CellFormat":
        """One column's entry of the option `formats`; raises InputRefused."""
        where = f"Format of column {column!r}"
        if not isinstance(options, Mapping) or set(options) - {"date", "decimal", "thousands"}:
            raise refuse(f"{where}: use an object with date, decimal or thousands.")
        allowed = {"date": tuple(ORDERS), "decimal": DECIMALS, "thousands": THOUSANDS}
        for name, value in options.items():
            if value is not None and value not in allowed[name]:
                shown = ", ".join(map(repr, allowed[name]))
                raise refuse(f"{where}: {name} {value!r} is unknown. Use {shown}.")
        found = cls(**{name: value for name, value in options.items() if value is not None})
        if found.thousands and found.thousands == found.point:
            raise refuse(f"{where}: decimal and thousands cannot both be {found.point!r}.")
        return found

    @property
    def point(self) -> str:
        """The decimal mark; left out, it is the one that marks no thousands."""
        return self.decimal or ("," if self.thousands == "." else ".")

    def reads(self, field: Field) -> bool:
        """Does it say anything about this field? Texts stay as they are written."""
        if field.choices:
            return False
        if field.type in DATED:
            return self.date is not None
        return field.type in COUNTED and (self.decimal, self.thousands) != (None, None)

    def problem(self, field: Field) -> tuple[str, str]:
        """Code and end of the message for a cell that is not written in this format."""
        if field.type in DATED:
            form, example = ORDERS[self.date or "YMD"]
            what = "date" if field.type is FieldType.DATE else "date and time"
            code = "not_a_date" if field.type is FieldType.DATE else "not_a_datetime"
            clock = "" if field.type is FieldType.DATE else " 17:30"
            return code, (
                f"is not a {what} in the form {form}. Write it like {example}{clock}, or choose"
                " another form for the column."
            )
        kind = "a whole number" if field.type is FieldType.INTEGER else "a number"
        code = "not_an_integer" if field.type is FieldType.INTEGER else "not_a_number"
        example = f"1{self.thousands or ''}234"
        example += "" if field.type is FieldType.INTEGER else f"{self.point}56"
        return code, (
            f"is not {kind} in the chosen form. Write it like {example}, or choose another form"
            " for the column."
        )


def refuse(message: str) -> InputRefused:
    return InputRefused(message, code="format")


def normalise(
    cell_format: CellFormat, field: Field, texts: Any, *, typed: bool = False
) -> tuple[Any, Any]:
    """(texts as the readers want them, mask of the filled cells that do not match).

    Cells that do not match come back blank. A date that is in ISO form already matches any order.
    `typed`: numbers of the file's own (of a workbook, say) stand among the texts; they have a
    point, so a number with a point is one of them (and "." must not mark thousands).
    """
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    texts = pc.fill_null(texts, "")
    trimmed = pc.utf8_trim_whitespace(texts)
    filled = np.asarray(pc.greater(pc.binary_length(trimmed), 0))
    if field.type in DATED:
        found = as_iso(cell_format.date or "YMD", field, trimmed)
    else:
        found = as_plain_number(cell_format, trimmed)
        if typed:
            found = pc.if_else(pc.match_substring_regex(trimmed, OWN_NUMBER), trimmed, found)
    wrong = filled & np.asarray(pc.is_null(found))
    # Blanks alone are a value no reader takes for nothing: they stay what they are.
    blank = pc.equal(pc.binary_length(texts), 0)
    spaces = ~filled & ~np.asarray(blank)
    return pc.fill_null(found, ""), wrong | spaces


def as_iso(order: str, field: Field, texts: Any) -> Any:
    """ISO dates, or dates and times; null where the cell is written in another form."""
    iso = pc.match_substring_regex(texts, ISO_DATE if field.type is FieldType.DATE else ISO_STAMP)
    if pc.all(iso).as_py():
        return texts
    parts = pc.extract_regex(texts, date_pattern(order))
    part = {f.name: pc.struct_field(parts, f.name) for f in parts.type}
    day = pc.binary_join_element_wise(
        full_year(part["year"]), month_number(part["month"]), two(part["day"]), "-"
    )
    same = pc.equal(part["first"], pc.replace_substring(part["next"], ",", ""))
    day = pc.if_else(same, day, pa.scalar(None, pa.string()))
    clock = clock_of(part)
    if field.type is FieldType.DATE:
        midnight = pc.match_substring_regex(clock, r"^(?:|T00:00(?::00(?:\.0+)?)?)$")
        made = pc.if_else(midnight, day, pa.scalar(None, pa.string()))
    else:
        made = pc.binary_join_element_wise(day, clock, "")
    return pc.if_else(iso, texts, made)


def date_pattern(order: str) -> str:
    """One mark between the parts, the same twice ("Dec 31, 2026" has a comma besides)."""
    first, middle, last = (PARTS[letter] for letter in order)
    marks = f"(?P<first>[-./ ]){middle}(?P<next>,? |[-./])"
    return rf"^{first}{marks}{last}(?:,?[ T]+{CLOCK})?$"


def full_year(years: Any) -> Any:
    short = pc.equal(pc.binary_length(years), 2)
    number = pc.cast(pc.if_else(short, years, "0"), pa.int32())
    century = pc.if_else(pc.less(number, PIVOT), "20", "19")
    return pc.binary_join_element_wise(pc.if_else(short, century, ""), years, "")


def month_number(months: Any) -> Any:
    """Figures as they are; a name by its first three letters."""
    place = pc.index_in(pc.utf8_lower(pc.utf8_slice_codeunits(months, 0, 3)), pa.array(MONTHS))
    named = pc.cast(pc.add(place, 1), pa.string())
    return two(pc.coalesce(named, months))


def two(figures: Any) -> Any:
    return pc.utf8_lpad(figures, 2, "0")


def clock_of(part: Mapping[str, Any]) -> Any:
    """`T05:30:00` and so on, '' where there is none; hours by the 24 hour clock."""
    half, given = pc.utf8_lower(part["half"]), pc.not_equal(part["hour"], "")
    hours = pc.cast(pc.if_else(given, part["hour"], "0"), pa.int32())
    by_half = pc.not_equal(half, "")
    # 13 p.m. is no hour: 99 makes the reader refuse it.
    wrong = pc.and_(by_half, pc.or_(pc.less(hours, 1), pc.greater(hours, 12)))
    twelve = pc.if_else(pc.equal(hours, 12), 0, hours)
    shifted = pc.if_else(pc.equal(half, "p"), pc.add(twelve, 12), twelve)
    hours = pc.if_else(wrong, 99, pc.if_else(by_half, shifted, hours))
    seconds = pc.if_else(pc.equal(part["second"], ""), "00", part["second"])
    clock = pc.binary_join_element_wise(
        two(pc.cast(hours, pa.string())), part["minute"], seconds, ":"
    )
    return pc.if_else(given, pc.binary_join_element_wise("T", clock, part["zone"], ""), "")


def as_plain_number(cell_format: CellFormat, texts: Any) -> Any:
    """Digits with a point and no marks; null where the cell is written in another form."""
    point, mark = re.escape(cell_format.point), mark_class(cell_format.thousands)
    whole = f"[0-9]+|[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+" if mark else "[0-9]+"
    pattern = rf"^[+-]?(?:(?:{whole})(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?$"
    fits = pc.match_substring_regex(texts, pattern)
    if mark:
        texts = pc.replace_substring_regex(texts, mark, "")
    if cell_format.point != ".":
        texts = pc.replace_substring(texts, cell_format.point, ".")
    return pc.if_else(fits, texts, pa.scalar(None, pa.string()))


def mark_class(thousands: str | None) -> str:
    """The mark with its typographic twins: spaces that do not break, the curly apostrophe."""
    if thousands is None:
        return ""
    twins = {" ": "[ \u00a0\u202f]", "'": "['\u2019]"}
    return twins.get(thousands, re.escape(thousands))


def date_orders(texts: Any) -> dict[str, int]:
    """How many cells are a real day read in each order: the page asks when two orders have most."""
    texts = pc.fill_null(pa.array(texts, pa.string()), "")
    field, counts = Field("", "", FieldType.DATETIME, ""), {}
    for order in ORDERS:
        dates = pc.utf8_slice_codeunits(as_iso(order, field, texts), 0, 10)
        stamps = pc.strptime(dates, format="%Y-%m-%d", unit="s", error_is_null=True)
        # strptime turns 31 February into 3 March.
        real = pc.equal(pc.strftime(stamps, format="%Y-%m-%d"), dates)
        counts[order] = int(pc.sum(pc.fill_null(real, False)).as_py() or 0)
    return counts
