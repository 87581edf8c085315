"""How numbers, sizes and times read in templates."""

from datetime import UTC, datetime

from flask import Flask
from markupsafe import Markup

from dashboard.lib.clock import now
from dashboard.sync.cursor_words import cursor_words

UNITS = ("bytes", "KB", "MB", "GB", "TB")
BLANK = "–"


def number(value: int | None) -> str:
    """Thousands by comma; an en dash when it does not apply."""
    return BLANK if value is None else f"{value:,}"


def size(value: int | None) -> str:
    """Bytes in the unit a person would say, by thousands."""
    if value is None:
        return BLANK
    amount, power = float(value), 0
    while amount >= 999.5 and power < len(UNITS) - 1:
        amount, power = amount / 1000, power + 1
    digits = 0 if power == 0 or amount >= 100 else 1
    return f"{amount:.{digits}f} {UNITS[power]}".replace(".0 ", " ")


def duration(seconds: float | None) -> str:
    """With its unit: 0.4 s, 8 s, 1:52 min, 2:03:10 h."""
    if seconds is None:
        return BLANK
    if seconds < 0.05:
        return "< 0.1 s"
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(int(max(0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"


def age(moment: datetime | None) -> str:
    """How long ago, in one unit."""
    if moment is None:
        return BLANK
    seconds = int(max(0, (now() - moment).total_seconds()))
    for limit, unit, word in ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h")):
        if seconds < limit:
            return f"{seconds // unit} {word} ago"
    return f"{seconds // 86400} d ago"


def moment(value: datetime | None, seconds: bool = False) -> Markup | str:
    """A `<time>`: UTC until the page's script shows it in the reader's zone."""
    if value is None:
        return BLANK
    value = value.astimezone(UTC)
    shown = value.strftime("%H:%M:%S" if seconds else "%H:%M")
    if value.date() != now().date():
        shown = f"{value.day} {value:%b} {shown}"
    mark = Markup(" data-seconds") if seconds else ""
    iso = value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Markup('<time datetime="{}"{}>{} UTC</time>').format(iso, mark, shown)


def iso_moment(text: str) -> Markup | str:
    """As `moment`, of a time a job noted as ISO 8601."""
    return moment(datetime.fromisoformat(text), seconds=True)


def init_filters(app: Flask) -> None:
    for filter_ in (number, size, duration, age, moment, iso_moment, cursor_words):
        app.jinja_env.filters[filter_.__name__] = filter_
