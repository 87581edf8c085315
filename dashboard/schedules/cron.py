"""Cron expressions in a time zone: which moment comes next.

CronSim walks the calendar on clocks without a zone; what a clock that is put forward or back makes
of it is decided here, after Debian's cron. Asked for zoned times itself, it misses whole hours
where summer time is half an hour (Australia/Lord_Howe).
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from dashboard.errors import InputRefused
from dashboard.lib.clock import now

FIELDS = ("minute", "hour", "day of month", "month", "day of week")
ALLOWED = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day-of-month": "1 to 31, or L for the last day",
    "month": "1 to 12 or JAN to DEC",
    "day-of-week": "0 (Sunday) to 7 (Sunday again), or SUN to SAT",
}
NEVER = "this never comes to pass, no month of it has such a day. Choose another day or month."
LONGEST = 120
# Of each field: as many values as it has.
LARGEST_STEPS = (60, 24, 31, 12, 7)
STEP = re.compile(r"/([0-9]+)", re.A)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Cron:
    """`text` has five fields. Made by `read_cron`, so it is known to come to pass."""

    text: str
    zone: ZoneInfo

    @cached_property
    def wildcard(self) -> bool:
        """Goes by the hour: runs in both passes of a doubled hour, and not in one left out."""
        minute, hour = self.text.split()[:2]
        return minute.startswith("*") or hour.startswith("*")

    def next_after(self, moment: datetime) -> datetime:
        """The first run after an aware moment, in UTC."""
        local = moment.astimezone(self.zone)
        found = self._first(local, moment)
        ahead = (local.utcoffset() or timedelta()) - (late_offset(local) or timedelta())
        if self.wildcard and ahead > timedelta():
            # The clock will be put back: the hour's second pass may come before the next wall time.
            found = min(found, self._first(local - ahead, moment))
        return found

    def runs(self, moment: datetime) -> Iterator[datetime]:
        """Every run after an aware moment, in UTC, without end."""
        while True:
            moment = self.next_after(moment)
            yield moment

    def next_runs(self, moment: datetime, count: int = 5) -> list[datetime]:
        """In the schedule's own zone, for people."""
        return [run.astimezone(self.zone) for run in islice(self.runs(moment), count)]

    def _first(self, local: datetime, moment: datetime) -> datetime:
        for wall in CronSim(self.text, local.replace(tzinfo=None)):
            for found in self._moments(wall):
                if found > moment:
                    return found
        raise wrong_cron(f"{self.text!r}: {NEVER}")

    def _moments(self, wall: datetime) -> Iterator[datetime]:
        """The moments a wall clock shows this time, the earlier one first.

        A time of day that is left out in spring counts as the end of the gap; one that comes twice
        in autumn counts once. What goes by the hour follows the clock instead: none, or both.
        """
        if self.wildcard:
            for fold in (0, 1):
                found = wall.replace(tzinfo=self.zone, fold=fold).astimezone(UTC)
                if found.astimezone(self.zone).replace(tzinfo=None) == wall:
                    yield found
            return
        while not on_the_clock(wall, self.zone):
            wall += MINUTE
        yield wall.replace(tzinfo=self.zone).astimezone(UTC)


def late_offset(local: datetime) -> timedelta | None:
    """The offset this wall time has when the clock shows it for the second time."""
    return local.replace(fold=1).utcoffset()


def on_the_clock(wall: datetime, zone: ZoneInfo) -> bool:
    there = wall.replace(tzinfo=zone)
    return there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall


def read_cron(text: str, timezone: str) -> Cron:
    """Raises InputRefused naming `cron` or `timezone`: wrong, unknown, or never comes to pass."""
    zone = read_zone(timezone)
    words = text.split()
    if len(text) > LONGEST:
        raise wrong_cron(
            f"The cron expression has {len(text):,} characters; {LONGEST} are allowed. Make several"
            " schedules of it."
        )
    if len(words) != len(FIELDS):
        raise wrong_cron(
            f"{text!r} has {len(words)} of five fields. A cron expression is "
            f"{', '.join(FIELDS)}; 30 7 * * 1-5 is 07:30 on weekdays."
        )
    cron = Cron(" ".join(words).upper(), zone)
    try:
        cron.next_after(now())
    except CronSimError as error:
        raise wrong_cron(f"{cron.text!r}: {explained(cron.text, str(error))}") from None
    check_steps(cron.text)
    return cron


def check_steps(text: str) -> None:
    """A step over the whole field is a slip: it would stand for the field's first value."""
    for name, largest, word in zip(FIELDS, LARGEST_STEPS, text.split(), strict=True):
        for step in STEP.findall(word):
            if int(step) > largest:
                raise wrong_cron(
                    f"{text!r} has a step of {step} for the {name}. Use 1 to {largest}."
                )


def explained(text: str, message: str) -> str:
    """CronSim's `Bad hour`, with what the field may hold."""
    name = message.removeprefix("Bad ")
    if name == "day-of-month":
        minute, hour, day, _, weekday = text.split()
        with suppress(CronSimError):
            CronSim(f"{minute} {hour} {day} * {weekday}", now())
            return NEVER
    return f"the {name} is wrong. Use {ALLOWED[name]}; also * */5 1,2 and 1-5."


def wrong_cron(message: str) -> InputRefused:
    return InputRefused(message, details={"field": "cron"})


@lru_cache
def zone_names() -> frozenset[str]:
    """Of the tz database, without the entries that are no places."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


def read_zone(name: str) -> ZoneInfo:
    """Raises InputRefused naming `timezone`."""
    if name not in zone_names():
        raise InputRefused(
            f"There is no time zone {name[:64]!r}. Use a name like Europe/Berlin or UTC.",
            details={"field": "timezone"},
        )
    return ZoneInfo(name)
