"""How the pages offer the formats of dates and numbers, and what must be asked about them."""

from collections.abc import Mapping
from typing import Any

from dashboard.formats.hints import Hint
from dashboard.records.cell_formats import COUNTED, DATED
from dashboard.records.fields import Field

UNCHOSEN = "?"
DATE, NUMBER = "date", "number"
# By the code a form sends: for numbers the decimal mark and then the one between thousands.
CHOICES: Mapping[str, Mapping[str, str]] = {
    DATE: {
        "": "2026-12-31, as ISO has it",
        "DMY": "31.12.2026, day first",
        "MDY": "12/31/2026, month first",
        "YMD": "2026/12/31, year first",
    },
    NUMBER: {
        "": "1234.56",
        ".,": "1,234.56",
        ",": "1234,56",
        ",.": "1.234,56",
        ", ": "1 234,56",
        ".'": "1'234.56",
        ". ": "1 234.56",
        ",'": "1'234,56",
    },
}
ORDER_WORDS = {"DMY": "day-first", "MDY": "month-first", "YMD": "year-first"}


def kind_of(field: Field | None) -> str | None:
    """Which formats mean something for a field: texts and choices stay as they are written."""
    if field is None or field.choices:
        return None
    if field.type in DATED:
        return DATE
    return NUMBER if field.type in COUNTED else None


def code_of(cell_format: Mapping[str, Any]) -> str:
    """The form's code of an entry of the option `formats`."""
    if cell_format.get("date"):
        return str(cell_format["date"])
    thousands = cell_format.get("thousands") or ""
    decimal = cell_format.get("decimal") or ("," if thousands == "." else ".")
    code = f"{decimal}{thousands}"
    return "" if code == "." else code


def format_of(kind: str | None, code: str) -> dict[str, str]:
    """The entry of the option `formats`; {} is the form that is always read."""
    if kind is None or not code or code not in CHOICES[kind]:
        return {}
    if kind == DATE:
        return {"date": code}
    marks = {"decimal": code[0], "thousands": code[1:]}
    return {name: mark for name, mark in marks.items() if mark}


def question(hint: Hint) -> str:
    """Why a person must choose: counted, with an example."""
    if hint.kind == NUMBER:
        return (
            f"{hint.ambiguous:,} of {hint.filled:,} sampled numbers can be read in two ways,"
            f" such as {hint.sample}: choose."
        )
    if not hint.ambiguous:
        return f"No one order of day and month reads all {hint.filled:,} sampled dates: choose."
    words = " and ".join(ORDER_WORDS[order] for order in hint.orders)
    return f"{hint.ambiguous:,} of {hint.filled:,} sampled dates fit {words}: choose."
