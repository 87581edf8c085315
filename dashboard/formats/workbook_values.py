"""One cell's stored value to its text, as the contract of found.py wants it."""

import re
from datetime import date, datetime, time, timedelta

from dashboard.formats.workbook_dates import Shown, clock_text, day_text, duration_text

EXACT_INTEGER = re.compile(r"-?[0-9]{1,30}\Z")
MOST_INTEGER = 2.0**63
# OOXML writes characters that XML cannot hold as _xHHHH_; a NUL stays as it is written.
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
ENTITY = re.compile(r"&(#x[0-9a-fA-F]{1,6}|#[0-9]{1,7}|[a-z]{1,5});|&")
ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
# What XML may not hold at all.
CONTROLS = bytes(set(range(32)) - set(b"\t\n\r"))
ISO_ZERO_PART = re.compile(r"\.0+Z?\Z|Z\Z")
ERRORS = {
    "Div0": "#DIV/0!",
    "NA": "#N/A",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
    "GettingData": "#GETTING_DATA",
}


def number_text(text: str, shown: Shown = Shown.NUMBER, *, system_1904: bool = False) -> str:
    """A number as it is stored, as text; what is no number stays as it is."""
    if shown is Shown.NUMBER and EXACT_INTEGER.match(text):
        return str(int(text))
    try:
        value = float(text)
    except ValueError:
        return text
    return float_text(value, shown, system_1904=system_1904)


def float_text(value: float, shown: Shown = Shown.NUMBER, *, system_1904: bool = False) -> str:
    """Integers without .0, other numbers by their shortest form, dates in ISO 8601."""
    if value - value:  # NaN and infinity, which no spreadsheet stores
        return repr(value)
    if shown is not Shown.NUMBER:
        day = day_text(value, shown, system_1904=system_1904)
        if day is not None:
            return day
    if value.is_integer() and abs(value) < MOST_INTEGER:
        return str(int(value))
    return repr(value)


def iso_text(text: str) -> str:
    """A date stored as ISO 8601 text (strict workbooks), without a fraction of nothing."""
    return ISO_ZERO_PART.sub("", text)


def unescape(text: str) -> str:
    return ESCAPED.sub(unescape_one, text) if "_x" in text else text


def unescape_one(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return chr(code) if code and not 0xD800 <= code < 0xE000 else found[0]


def xml_text(raw: str) -> str:
    """Character data as a parser would hand it on, then unescaped. Raises ValueError."""
    if "\r" in raw:
        raw = raw.replace("\r\n", "\n").replace("\r", "\n")
    return unescape(ENTITY.sub(entity_text, raw) if "&" in raw else raw)


def entity_text(found: re.Match[str]) -> str:
    name = found[1]
    if name and name[0] == "#":
        return chr(int(name[2:], 16) if name[1] == "x" else int(name[1:]))
    if name not in ENTITIES:
        raise ValueError(found[0])
    return ENTITIES[name]


def has_controls(data: bytes) -> bool:
    return len(data.translate(None, CONTROLS)) != len(data)


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def object_text(value: object) -> str | None:
    """A cell as calamine hands it out."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return float_text(float(value)) if isinstance(value, float) else str(value)
    if isinstance(value, datetime):
        return f"{value.date().isoformat()}T{clock_text(milliseconds(value.time()))}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return clock_text(milliseconds(value))
    if isinstance(value, timedelta):
        return duration_text(round(value.total_seconds() * 1000))
    raise TypeError(f"no text for {type(value).__name__}")


def milliseconds(value: time) -> int:
    seconds = (value.hour * 60 + value.minute) * 60 + value.second
    return min(seconds * 1000 + round(value.microsecond / 1000), 86_399_999)
