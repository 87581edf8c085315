"""How dates and times are read from text: ISO forms only."""

import re
from datetime import UTC, date, datetime, time
from typing import Any

import pyarrow as pa
import pyarrow.compute

from dashboard.records.cells import Cells
from dashboard.records.fields import Field
from dashboard.records.reader import Problem, Reader

pc: Any = pyarrow.compute  # its published types know only some calls

YEAR = "[1-9][0-9]{3}"
# With an offset the last year may end beyond itself.
BEFORE_THE_LAST = "(?:[1-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8])"
MONTH_DAY = (  # all but 29 February, which the judge looks up
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.A)
DATETIME = re.compile(rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?:[ T]({CLOCK})(Z|[+-].+)?)?", re.A)
OFFSET = re.compile(r"[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?", re.A)
TIME = re.compile(CLOCK, re.A)
OTHER_FORM = re.compile(
    r"(?:[0-9]{1,2}[-./ ](?:[0-9]{1,2}|[A-Za-z]{3,9}\.?)|[A-Za-z]{3,9}\.? [0-9]{1,2}),?[-./ ]"
    r"[0-9]{2,4}\b|[0-9]{4}[./][0-9]{1,2}[./]",
    re.A,
)
STAMP_LENGTHS = frozenset({10, 16, 19, *range(21, 27)})
# From 1970-01-01 on.
FIRST_DAY = date.min.toordinal() - date(1970, 1, 1).toordinal()
LAST_DAY = date.max.toordinal() - date(1970, 1, 1).toordinal()
MICROSECONDS_A_DAY = 86_400_000_000


class DateReader(Reader):
    sure = f"^{YEAR}-{MONTH_DAY}$"

    def convert(self, texts: Any) -> Any:
        values = pc.cast(texts, pa.date32())
        refuse_beyond(values, FIRST_DAY, LAST_DAY)
        return values

    def judge(self, cell: str) -> Problem | None:
        try:
            if DATE.fullmatch(cell):
                date.fromisoformat(cell)
                return None
        except ValueError:
            pass
        return "not_a_date", f"is not a date. Use YYYY-MM-DD{hint(cell)}."


def hint(cell: str) -> str:
    """A cell like 31.12.2026 or 12/31/26: people write dates that way, in more than one order."""
    return ", or choose the form of this column's dates" if OTHER_FORM.match(cell) else ""


def refuse_beyond(values: Any, first: int, last: int) -> None:
    """Arrow knows a year 0 and a year 10000, Python does not."""
    ends = pc.min_max(values)
    smallest, largest = ends["min"], ends["max"]
    if smallest.is_valid and (smallest.value < first or largest.value > last):
        raise pa.ArrowInvalid("beyond the calendar")


def in_the_calendar(day: str, clock: str, zone: str) -> bool:
    """`zone` is an offset; the moment in UTC may be beyond the first or last year."""
    try:
        datetime.fromisoformat(f"{day}T{clock}{zone}").astimezone(UTC)
    except OverflowError:
        return False
    return True


class DateTimeReader(Reader):
    def __init__(self, field: Field) -> None:
        super().__init__(field)
        zone = rf"(?:Z|{OFFSET.pattern})?" if field.timezone else "Z?"
        year = BEFORE_THE_LAST if field.timezone else YEAR
        self.sure = rf"^{year}-{MONTH_DAY}(?:[ T]{CLOCK}{zone})?$"

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
        first, last = FIRST_DAY * MICROSECONDS_A_DAY, (LAST_DAY + 1) * MICROSECONDS_A_DAY - 1
        refuse_beyond(values, first, last)
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
        form = "Use YYYY-MM-DD HH:MM:SS, with Z or an offset for a time zone"
        form += f"{hint(cell)}."
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
        if not self.field.timezone:
            return "not_a_datetime", NO_OFFSET
        return None if in_the_calendar(day, clock, zone) else ("not_a_datetime", BEYOND)

    def raw_safe(self, cells: Cells, values: Any) -> bool:
        return not self.field.timezone or bool((cells.last_octets() == ord("Z")).all())


BEYOND = "is outside the years 1 to 9999 in UTC. Use a time between them."
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
