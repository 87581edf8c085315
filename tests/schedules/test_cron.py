"""Which moment comes next, on both sides of every change of the clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.errors import InputRefused
from dashboard.schedules.choices import words
from dashboard.schedules.cron import Cron, read_cron, read_zone, zone_names

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
LORD_HOWE, KATHMANDU = "Australia/Lord_Howe", "Asia/Kathmandu"
# The day before the clock is put forward or back, by an hour, half of one, or two.
CHANGES = [
    (BERLIN, "2026-03-28"), (BERLIN, "2026-10-24"),
    (NEW_YORK, "2026-03-07"), (NEW_YORK, "2026-10-31"),
    (LORD_HOWE, "2026-04-04"), (LORD_HOWE, "2026-10-03"),
    ("Antarctica/Troll", "2026-03-28"), ("Antarctica/Troll", "2026-10-24"),
    (KATHMANDU, "2026-03-28"),
]  # fmt: skip


def shown(text: str, zone: str, start: str, count: int) -> list[str]:
    """The next runs as that place's clock shows them, with their offset."""
    moment = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone))
    runs = read_cron(text, zone).next_runs(moment.astimezone(UTC), count)
    return [run.strftime("%m-%d %H:%M%z") for run in runs]


@pytest.mark.parametrize(
    ("zone", "start", "runs"),
    [
        (BERLIN, "2026-03-28 12:00", ["03-29 03:00+0200", "03-30 02:30+0200"]),
        (NEW_YORK, "2026-03-07 12:00", ["03-08 03:00-0400", "03-09 02:30-0400"]),
        (LORD_HOWE, "2026-10-03 12:00", ["10-04 02:30+1100", "10-05 02:30+1100"]),
        (KATHMANDU, "2026-03-28 12:00", ["03-29 02:30+0545", "03-30 02:30+0545"]),
    ],
)
def test_a_time_of_day_in_the_gap_of_spring_comes_right_after_it(zone, start, runs):
    assert shown("30 2 * * *", zone, start, 2) == runs


def test_the_gap_of_half_an_hour_ends_at_half_past():
    assert shown("15 2 * * *", LORD_HOWE, "2026-10-03 12:00", 1) == ["10-04 02:30+1100"]


def test_several_times_in_one_gap_come_once():
    assert shown("0,20,40 2 * * *", BERLIN, "2026-03-28 12:00", 2) == [
        "03-29 03:00+0200", "03-30 02:00+0200",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "zone", "start", "runs"),
    [
        ("30 2 * * *", BERLIN, "2026-10-24 12:00", ["10-25 02:30+0200", "10-26 02:30+0100"]),
        ("30 1 * * *", NEW_YORK, "2026-10-31 12:00", ["11-01 01:30-0400", "11-02 01:30-0500"]),
        ("45 1 * * *", LORD_HOWE, "2026-04-04 12:00", ["04-05 01:45+1100", "04-06 01:45+1030"]),
    ],
)
def test_a_time_of_day_that_comes_twice_in_autumn_runs_once(text, zone, start, runs):
    assert shown(text, zone, start, 2) == runs


def test_what_goes_by_the_hour_runs_in_both_hours_of_autumn():
    assert shown("30 * * * *", BERLIN, "2026-10-25 01:40", 3) == [
        "10-25 02:30+0200", "10-25 02:30+0100", "10-25 03:30+0100",
    ]  # fmt: skip
    assert shown("*/30 2 * * *", BERLIN, "2026-10-24 12:00", 5) == [
        "10-25 02:00+0200", "10-25 02:30+0200", "10-25 02:00+0100", "10-25 02:30+0100",
        "10-26 02:00+0100",
    ]  # fmt: skip


def test_what_goes_by_the_hour_leaves_the_gap_of_spring_out():
    assert shown("30 * * * *", BERLIN, "2026-03-29 01:00", 2) == [
        "03-29 01:30+0100", "03-29 03:30+0200",
    ]  # fmt: skip


def test_half_an_hour_of_summer_time_loses_no_run():
    """Where CronSim itself, given the zone, goes from 01:30 right to 02:30."""
    assert shown("*/15 2 * * *", LORD_HOWE, "2026-04-04 12:00", 2) == [
        "04-05 02:00+1030", "04-05 02:15+1030",
    ]  # fmt: skip
    assert shown("30 * * * *", LORD_HOWE, "2026-04-05 01:00", 3) == [
        "04-05 01:30+1100", "04-05 01:30+1030", "04-05 02:30+1030",
    ]  # fmt: skip


@settings(max_examples=40)
@given(
    st.sampled_from(CHANGES),
    st.sampled_from(["*", "*/15", "0", "30", "5,45", "10-40/10"]),
    st.sampled_from(["*", "*/2", "0", "1", "2,3", "1-3"]),
    st.integers(0, 36 * 60),
)
def test_against_a_walk_over_every_minute(change, minute, hour, minutes):
    zone, day = change
    cron = Cron(f"{minute} {hour} * * *", ZoneInfo(zone))
    start = datetime.fromisoformat(f"{day}T00:00+00:00") + timedelta(minutes=minutes)
    coming = cron.next_after(start)
    assert coming > start
    if cron.wildcard:
        assert coming == next(walked(cron, start))


def walked(cron: Cron, moment: datetime):
    fields = CronSim(cron.text, moment)
    while True:
        moment += timedelta(minutes=1)
        local = moment.astimezone(cron.zone)
        if local.minute in fields.minutes and local.hour in fields.hours:
            yield moment


def test_a_leap_day():
    assert shown("0 6 29 2 *", BERLIN, "2026-01-01 00:00", 2)[0] == "02-29 06:00+0100"
    years = [run.year for run in read_cron("0 6 29 2 *", BERLIN).next_runs(moment_of(2097), 2)]
    assert years == [2104, 2108]


def moment_of(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)


def test_the_last_day_of_the_month():
    assert shown("0 22 L * *", BERLIN, "2028-01-31 23:00", 2) == [
        "02-29 22:00+0100", "03-31 22:00+0200",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *"])
def test_what_never_comes_is_refused(text):
    with pytest.raises(InputRefused, match="never comes to pass") as caught:
        read_cron(text, BERLIN)
    assert caught.value.details == {"field": "cron"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "0 of five fields"),
        ("* * * *", "4 of five fields"),
        ("* * * * * *", "6 of five fields"),
        ("@daily", "1 of five fields"),
        ("61 * * * *", "the minute is wrong. Use 0 to 59"),
        ("* 24 * * *", "the hour is wrong"),
        ("* * 0 * *", "the day-of-month is wrong"),
        ("* * * 13 *", "the month is wrong"),
        ("* * * * MON#6", "the day-of-week is wrong"),
        ("\u0661 * * * *", "the minute is wrong"),
        (f"{'1,' * 100}1 * * * *", "has 209 characters; 120 are allowed"),
        ("*/99999999999 * * * *", "a step of 99999999999 for the minute. Use 1 to 60"),
        ("0 0,1-5/25 * * *", "for the hour. Use 1 to 24"),
        ("0 0 1/32 * *", "for the day of month. Use 1 to 31"),
        ("0 0 * */13 *", "for the month. Use 1 to 12"),
        ("0 0 * * */8", "for the day of week. Use 1 to 7"),
    ],
)
def test_a_wrong_expression_says_what_is_wrong(text, words):
    with pytest.raises(InputRefused, match=words):
        read_cron(text, BERLIN)


@given(st.text("0123456789*/,-#L W", max_size=20))
def test_no_text_does_anything_worse_than_being_refused(text):
    try:
        cron = read_cron(text, BERLIN)
    except InputRefused:
        return
    assert cron.next_after(moment_of(2026)) > moment_of(2026)
    assert words(cron.text)


@pytest.mark.parametrize(
    "name", ["", "Berlin", "Europe/berlin", "../etc/passwd", "localtime", "CET\0"]
)
def test_an_unknown_zone_is_refused(name):
    with pytest.raises(InputRefused) as caught:
        read_cron("* * * * *", name)
    assert caught.value.details == {"field": "timezone"}


def test_the_zones_people_have_are_known():
    assert {BERLIN, NEW_YORK, LORD_HOWE, KATHMANDU, "UTC"} <= zone_names()
    assert read_zone("UTC").key == "UTC"
