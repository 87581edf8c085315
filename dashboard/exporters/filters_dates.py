"""Days and moments told from now on: "today", "-7d", "-24h", "start-of-month"; always in UTC."""

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta

RELATIVE = re.compile(
    r"(now|today|yesterday|tomorrow|start-of-(?:week|month|quarter|year))?"
    r"(?:([+-])([0-9]{1,6})([hdwmy]))?",
    re.A,
)
ALLOWED = "a day such as today, -7d, -1m, start-of-year or start-of-month-1m"
ALLOWED_WITH_TIME = f"{ALLOWED}, or a moment such as now or -24h"


def relative(text: str, now: datetime) -> date | datetime | None:
    """The day, or with "now" and hours the moment (aware, UTC), that `text` names; None when it is
    not relative. Weeks begin on Monday; a month back from the 31st ends on the month's last day.
    Raises OverflowError outside the years 1 to 9999.
    """
    match = RELATIVE.fullmatch(text)
    if match is None or not text:
        return None
    start, sign, digits, unit = match.groups()
    base = start_of(start or ("now" if unit == "h" else "today"), now.astimezone(UTC))
    if unit is None:
        return base
    try:
        return moved(base, int(f"{sign}{digits}"), unit)
    except ValueError as error:
        raise OverflowError(str(error)) from None


def start_of(word: str, now: datetime) -> date | datetime:
    today = now.date()
    return {
        "now": now,
        "today": today,
        "yesterday": today - timedelta(days=1),
        "tomorrow": today + timedelta(days=1),
        "start-of-week": today - timedelta(days=today.weekday()),
        "start-of-month": today.replace(day=1),
        "start-of-quarter": today.replace(month=today.month - (today.month - 1) % 3, day=1),
        "start-of-year": today.replace(month=1, day=1),
    }[word]


def moved(base: date | datetime, count: int, unit: str) -> date | datetime:
    """`base` plus `count` hours, days, weeks, months or years; hours make a moment of a day."""
    if unit == "h":
        moment = base if isinstance(base, datetime) else datetime.combine(base, time(), UTC)
        return moment + timedelta(hours=count)
    if unit in "dw":
        return base + timedelta(days=count * (7 if unit == "w" else 1))
    return months_on(base, count * (12 if unit == "y" else 1))


def months_on(base: date | datetime, months: int) -> date | datetime:
    year, month = divmod(base.year * 12 + base.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return base.replace(year=year, month=month + 1, day=min(base.day, last))
