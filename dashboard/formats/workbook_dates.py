"""Which number formats show dates, and a workbook's day numbers as ISO 8601 text."""

import re
from datetime import date, timedelta
from enum import IntEnum


class Shown(IntEnum):
    """What a number format makes of a number."""

    NUMBER = 0
    DATE = 1
    DATETIME = 2
    TIME = 3
    DURATION = 4


DAY_MS = 86_400_000
LAST_DAY = 2_958_465  # 9999-12-31 in the 1900 system
MOST_DAYS = 1e9  # of a duration
LEAP_BUG = 60  # 29 February 1900, which never was
DAYS_1904 = 1_462  # between the two systems
BUILT_IN = {
    **dict.fromkeys([14, 15, 16, 17, *range(27, 32), 36, *range(50, 59)], Shown.DATE),
    **dict.fromkeys([18, 19, 20, 21, *range(32, 36), 45, 47], Shown.TIME),
    22: Shown.DATETIME,
    46: Shown.DURATION,
}
# What stands for itself in a format: quoted, escaped, a gap, a fill, a colour or locale.
LITERAL = re.compile(r'"[^"]*"?|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.I | re.S)
ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.I)
HALF_DAY = re.compile(r"am/pm|a/p|上午/下午", re.I)
RUNS = re.compile(r"y+|m+|d+|h+|s+")


def shown_by(code: str) -> Shown:
    """What a number format's code makes of a number: its first part decides."""
    plain = LITERAL.sub("", code).split(";")[0]
    if ELAPSED.search(plain):
        return Shown.DURATION
    if "general" in plain.lower():
        return Shown.NUMBER
    clock = bool(HALF_DAY.search(plain))
    runs = [run[0] for run in RUNS.findall(HALF_DAY.sub("", plain).lower())]
    if not runs:
        return Shown.TIME if clock else Shown.NUMBER
    clock = clock or "h" in runs or "s" in runs
    months = [place for place, run in enumerate(runs) if run == "m"]
    has_day = "y" in runs or "d" in runs or any(not is_minute(runs, place) for place in months)
    if has_day:
        return Shown.DATETIME if clock else Shown.DATE
    return Shown.TIME


def is_minute(runs: list[str], place: int) -> bool:
    """An m next to hours or seconds means minutes."""
    return runs[place - 1 : place] == ["h"] or runs[place + 1 : place + 2] == ["s"]


def day_text(serial: float, shown: Shown, *, system_1904: bool) -> str | None:
    """A day number as ISO 8601 text, None when it is no date: then it stays a number.

    A date format whose number has a time of day keeps that time, and a number below 1 in the 1900
    system has no day, whatever its format says.
    """
    if not abs(serial) <= MOST_DAYS:
        return None
    total = round(serial * DAY_MS)
    if shown is Shown.DURATION:
        return duration_text(total)
    days, rest = divmod(total, DAY_MS)
    if system_1904:
        if days == 0 and shown is Shown.TIME:
            return clock_text(rest)
        days += DAYS_1904
    elif days == 0:
        return clock_text(rest)
    if not 0 < days <= LAST_DAY:
        return None
    day = iso_day(days)
    if rest == 0 and shown is Shown.DATE:
        return day
    return f"{day}T{clock_text(rest)}"


def iso_day(days: int) -> str:
    if days == LEAP_BUG:
        return "1900-02-29"
    first = date(1899, 12, 31) if days < LEAP_BUG else date(1899, 12, 30)
    return (first + timedelta(days=days)).isoformat()


def clock_text(ms: int) -> str:
    seconds, part = divmod(ms, 1000)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{part:03}" if part else text


def duration_text(ms: int) -> str:
    """Hours are not filled up and may pass 24: 5:03:00, 26:30:00, -1:00:00."""
    seconds, part = divmod(abs(ms), 1000)
    text = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{'-' if ms < 0 else ''}{text}{f'.{part:03}' if part else ''}"
