"""How a sample of cells writes dates and numbers: what is certain, and what must be asked."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

ORDERS = ("DMY", "MDY", "YMD")
# Of the filled cells, so that a few words ("unknown") do not hide what the others are.
LEAST_SHARE = 0.9
FIRST_LOOK = 50
# Of a wide sample only every second, third … row: some tenths of a second.
MOST_CELLS = 40_000
PIVOT = 69  # two figures of a year: 69 to 99 lie in the last century

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
NAMED = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
PART = rf"(\d{{4}}|\d{{1,2}}|{NAMED})"
ZONE = r"(?:Z|[+-]\d{2}:?(?:\d{2})?)?"
CLOCK = rf"(?:,?[ T]+\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)?(?: ?[ap]\.?m\.?)?{ZONE})?"
DATE = re.compile(rf"{PART}([-./ ]){PART}(?:,?\2){PART}{CLOCK}", re.IGNORECASE)
ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?")

# Marks of thousands with their typographic twins.
TWINS = {".": ".", ",": ",", " ": " \u00a0\u202f", "'": "'\u2019"}
EXPONENT = r"(?:[eE][-+]?\d+)?"
NUMBER = re.compile(rf"[-+]?[.,]?\d(?:[\d.,'\u2019 \u00a0\u202f]*\d)?{EXPONENT}")
MARK = re.compile(r"[^-+\deE]")
Pair = tuple[str, str | None]
"""Decimal mark and mark of thousands."""


def shape_of(decimal: str, thousands: str | None) -> re.Pattern[str]:
    whole = r"\d*"
    if thousands:
        whole = rf"(?:\d*|[1-9]\d{{0,2}}(?:[{TWINS[thousands]}]\d{{3}})+)"
    return re.compile(rf"[-+]?{whole}(?:[{decimal}]\d+)?{EXPONENT}")


# The plainest first.
SHAPES = [
    ((decimal, thousands), shape_of(decimal, thousands))
    for thousands in (None, ",", ".", " ", "'")
    for decimal in (".", ",")
    if decimal != thousands
]


@dataclass(frozen=True, slots=True)
class Hint:
    """What the cells of one column look like.

    `kind` is date or number. `date` is ISO, DMY, MDY or YMD when only that reads every date, else
    None with the `orders` to choose from and `ambiguous`, the cells that are another day in
    another order. `decimal` and `thousands` likewise: None with `ambiguous` cells that a comma or
    point divides in two ways; `sample` is one such cell.
    """

    kind: str
    filled: int
    matched: int
    ambiguous: int = 0
    date: str | None = None
    orders: tuple[str, ...] = ()
    decimal: str | None = None
    thousands: str | None = None
    sample: str | None = None

    @property
    def must_ask(self) -> bool:
        if self.kind == "date":
            return self.date is None
        return self.decimal is None

    @property
    def cell_format(self) -> dict[str, str]:
        """The option `formats` of this column, as far as it is certain; {} needs none."""
        if self.kind == "date":
            return {"date": self.date} if self.date in ORDERS else {}
        marks = {"decimal": self.decimal, "thousands": self.thousands}
        if marks == {"decimal": ".", "thousands": None}:
            return {}
        return {name: mark for name, mark in marks.items() if mark}

    def to_json(self) -> dict[str, Any]:
        found = {**asdict(self), "orders": list(self.orders)}
        return {**found, "mustAsk": self.must_ask, "format": self.cell_format}


def column_hints(rows: Sequence[Sequence[str | None]], columns: Sequence[str]) -> dict[str, Hint]:
    """By column; those that look like neither dates nor numbers with marks are left out."""
    found = {}
    rows = rows[:: max(1, len(rows) * len(columns) // MOST_CELLS)]
    for place, column in enumerate(columns):
        cells = [text for row in rows if place < len(row) and (text := (row[place] or "").strip())]
        hint = date_hint(cells) or number_hint(cells)
        if hint is not None:
            found[column] = hint
    return found


def enough(matched: int, cells: Sequence[str]) -> bool:
    return bool(cells) and matched >= LEAST_SHARE * len(cells)


def looks_like(pattern: re.Pattern[str], cells: Sequence[str]) -> bool:
    """A look at the first cells spares the rest of most columns."""
    first = cells[:FIRST_LOOK]
    return enough(sum(pattern.fullmatch(text) is not None for text in first), first)


def date_hint(cells: Sequence[str]) -> Hint | None:
    if not (looks_like(ISO, cells) or looks_like(DATE, cells)):
        return None
    read = [days for text in cells if (days := days_of(text))]
    if not enough(len(read), cells):
        return None
    ambiguous = [days for days in read if len(set(days.values())) > 1]
    if all("ISO" in days for days in read):
        return Hint("date", len(cells), len(read), date="ISO")
    counts = Counter(order for days in read for order in days)
    # An ISO date is read in any order.
    iso = sum("ISO" in days for days in read)
    orders = tuple(order for order in ORDERS if counts[order])
    certain = [order for order in orders if counts[order] + iso == len(read)]
    if len(certain) == 1:
        return Hint("date", len(cells), len(read), date=certain[0], orders=orders)
    sample = next((text for text in cells if len(set(days_of(text).values())) > 1), cells[0])
    choices = tuple(certain) or orders
    return Hint("date", len(cells), len(read), len(ambiguous), orders=choices, sample=sample)


def days_of(text: str) -> dict[str, date]:
    """The day a cell is, by the orders that make one of it; {} for anything else."""
    if ISO.fullmatch(text):
        day = day_of("YMD", text[:4], text[5:7], text[8:10])
        return {"ISO": day} if day else {}
    match = DATE.fullmatch(text)
    if match is None:
        return {}
    parts = match[1], match[3], match[4]
    found = {order: day_of(order, *parts) for order in ORDERS}
    return {order: day for order, day in found.items() if day}


def day_of(order: str, *parts: str) -> date | None:
    part = dict(zip(order, parts, strict=True))
    month = part["M"]
    named = MONTHS.index(month[:3].lower()) + 1 if month[:3].lower() in MONTHS else None
    if not (part["Y"].isdigit() and part["D"].isdigit() and (named or month.isdigit())):
        return None
    if len(part["D"]) > 2 or (named is None and len(month) > 2) or len(part["Y"]) not in (2, 4):
        return None
    year = int(part["Y"])
    if len(part["Y"]) == 2:
        year += 2000 if year < PIVOT else 1900
    try:
        return date(year, named or int(month), int(part["D"]))
    except ValueError:
        return None


def number_hint(cells: Sequence[str]) -> Hint | None:
    if not looks_like(NUMBER, cells):
        return None
    matched = [text for text in cells if NUMBER.fullmatch(text)]
    marked = [text for text in matched if MARK.search(text)]
    if not marked or not enough(len(matched), cells):
        return None
    fits = {
        pair: sum(shape.fullmatch(text) is not None for text in marked) for pair, shape in SHAPES
    }
    if not enough(sum(any(s.fullmatch(text) for _, s in SHAPES) for text in marked), marked):
        return None
    fitting = [pair for pair in fits if fits[pair] == len(marked)]
    if not fitting:
        best = max(fits.values())
        sample = next(text for text in marked if not fits_best(text, fits, best))
        return Hint("number", len(cells), len(matched), len(marked) - best, sample=sample)
    ambiguous = [text for text in marked if len({value_of(text, *pair) for pair in fitting}) > 1]
    if ambiguous:
        return Hint("number", len(cells), len(matched), len(ambiguous), sample=ambiguous[0])
    # They all say the same: the plainest is the first one.
    decimal, thousands = fitting[0]
    return Hint("number", len(cells), len(matched), decimal=decimal, thousands=thousands)


def fits_best(text: str, fits: Mapping[Pair, int], best: int) -> bool:
    shape = next(shape for pair, shape in SHAPES if fits[pair] == best)
    return shape.fullmatch(text) is not None


def value_of(text: str, decimal: str, thousands: str | None) -> float:
    for mark in TWINS.get(thousands or "", ""):
        text = text.replace(mark, "")
    return float(text.replace(decimal, "."))
