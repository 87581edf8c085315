"""Plain choices of when, as cron expressions and back; and what an expression says in words."""

import re
from dataclasses import dataclass
from enum import StrEnum

from cronsim.explain import Expression

from dashboard.errors import InputRefused

# Those that divide the hour: any other number would start anew at each full hour.
EVERY = (1, 2, 3, 5, 6, 10, 12, 15, 20, 30)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class When(StrEnum):
    """What a person chooses; `cron` is an expression of their own."""

    MINUTES = "minutes"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    LAST_DAY = "last_day"
    CRON = "cron"


TIMED = (When.DAILY, When.WEEKDAYS, When.WEEKLY, When.MONTHLY, When.LAST_DAY)


@dataclass(frozen=True, slots=True)
class Plain:
    """One choice and its numbers: `weekday` 1 (Monday) to 7, `day` of the month, `time` HH:MM."""

    when: When = When.DAILY
    every: int = 15
    minute: int = 0
    time: str = "06:00"
    weekday: int = 1
    day: int = 1
    cron: str = ""

    def expression(self) -> str:
        """The cron expression. Raises InputRefused naming the field that is wrong."""
        if self.when is When.CRON:
            return self.cron
        if self.when is When.MINUTES:
            return f"*/{within('every', self.every, EVERY)} * * * *"
        if self.when is When.HOURLY:
            return f"{within('minute', self.minute, range(60))} * * * *"
        hour, minute = clock(self.time)
        days = {
            When.WEEKDAYS: "* * 1-5",
            When.WEEKLY: f"* * {within('weekday', self.weekday, range(1, 8))}",
            When.MONTHLY: f"{within('day', self.day, range(1, 32))} * *",
            When.LAST_DAY: "L * *",
        }
        return f"{minute} {hour} {days.get(self.when, '* * *')}"


def within(name: str, value: int, allowed: range | tuple[int, ...]) -> int:
    if value not in allowed:
        some = f"{allowed[0]} to {allowed[-1]}"
        if isinstance(allowed, tuple):
            some = ", ".join(map(str, allowed))
        raise InputRefused(f"{value} does not fit. Use {some}.", details={"field": name})
    return value


def clock(text: str) -> tuple[int, int]:
    """Hour and minute of HH:MM; raises InputRefused."""
    found = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(:00)?", text.strip())
    if found is None:
        raise InputRefused(
            f"{text[:20]!r} is no time of day. Use HH:MM, from 00:00 to 23:59.",
            details={"field": "time"},
        )
    return int(found[1]), int(found[2])


def plain(cron: str) -> Plain:
    """The choice an expression comes from; `cron` for any other."""
    minute, hour, day, month, weekday = cron.split()
    rest = (day, month, weekday)
    every = "1" if minute == "*" else minute.removeprefix("*/")
    if rest == ("*", "*", "*") and hour == "*":
        if every != minute and every.isdigit() and int(every) in EVERY:
            return Plain(When.MINUTES, every=int(every), cron=cron)
        if number(minute, 59):
            return Plain(When.HOURLY, minute=int(minute), cron=cron)
    if not (number(minute, 59) and number(hour, 23)):
        return Plain(When.CRON, cron=cron)
    time = f"{int(hour):02}:{int(minute):02}"
    whole = {
        ("*", "*", "*"): When.DAILY,
        ("*", "*", "1-5"): When.WEEKDAYS,
        ("L", "*", "*"): When.LAST_DAY,
    }
    if rest in whole:
        return Plain(whole[rest], time=time, cron=cron)
    if rest[:2] == ("*", "*") and number(weekday, 7):
        return Plain(When.WEEKLY, time=time, weekday=int(weekday) or 7, cron=cron)
    if rest[1:] == ("*", "*") and number(day, 31):
        return Plain(When.MONTHLY, time=time, day=int(day), cron=cron)
    return Plain(When.CRON, time=time, cron=cron)


def number(text: str, largest: int) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= largest


def words(cron: str) -> str:
    """What a valid expression says: `Every weekday at 07:30`."""
    found = plain(cron)
    if found.when is When.MINUTES:
        return "Every minute" if found.every == 1 else f"Every {found.every} minutes"
    if found.when is When.HOURLY:
        return f"Every hour at minute {found.minute}"
    if found.when in TIMED:
        return f"{day_words(found)} at {found.time}"
    return any_words(cron.upper().split())


def any_words(fields: list[str]) -> str:
    """CronSim's, but where a day of the month and one of the week are given: either will do."""
    found = Expression(list(fields))
    if not found.day_and and (found.day.star or found.dow.star):
        minute, hour, _, month, _ = fields
        found = Expression([minute, hour, "*", month, "*"])
    return found.explain().replace(f"{found.day} and {found.dow}", f"{found.day} or {found.dow}")


def day_words(found: Plain) -> str:
    if found.when is When.WEEKLY:
        return f"Every {WEEKDAYS[found.weekday - 1]}"
    if found.when is When.MONTHLY:
        some = ", in months that have one" if found.day > 28 else ""
        return f"On day {found.day} of every month{some},"
    return {
        When.WEEKDAYS: "Every weekday",
        When.LAST_DAY: "On the last day of every month",
    }.get(found.when, "Every day")
