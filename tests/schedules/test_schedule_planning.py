"""Which due times are started, and which were missed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dashboard.schedules.cron import Cron
from dashboard.schedules.planning import MOST_CAUGHT_UP, missed_words, plan

DAILY = Cron("30 7 * * *", ZoneInfo("Europe/Berlin"))
MINUTELY = Cron("* * * * *", ZoneInfo("UTC"))
DUE = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)


def later(**how: float) -> datetime:
    return DUE + timedelta(**how)


@pytest.mark.parametrize("policy", ["none", "one", "all"])
def test_on_time_is_started_whatever_the_policy(policy):
    found = plan(DAILY, DUE, later(seconds=0.4), policy)
    assert (found.starts, found.missed, found.next_at) == ([DUE], 0, later(days=1))


@pytest.mark.parametrize(
    ("policy", "starts", "missed"),
    [
        ("none", [], 4),
        ("one", [later(days=3)], 3),
        ("all", [DUE, later(days=1), later(days=2), later(days=3)], 0),
    ],
)
def test_four_days_nobody_was_there(policy, starts, missed):
    found = plan(DAILY, DUE, later(days=3, hours=2), policy)
    assert (found.starts, found.missed, found.next_at) == (starts, missed, later(days=4))


def test_one_that_is_on_time_stands_for_those_before():
    found = plan(DAILY, DUE, later(days=3, seconds=5), "one")
    assert (found.starts, found.missed) == ([later(days=3)], 3)
    assert found.missed_until == later(days=2)


def test_at_most_a_day_of_hourly_runs_is_caught_up():
    found = plan(MINUTELY, DUE, later(minutes=100, seconds=30), "all")
    assert len(found.starts) == MOST_CAUGHT_UP
    assert found.starts[-1] == later(minutes=100)
    assert (found.missed, found.missed_until) == (77, later(minutes=76))


def test_days_of_minutes_are_counted():
    found = plan(MINUTELY, DUE, later(days=5, seconds=30), "none")
    assert found.missed + len(found.starts) == 5 * 24 * 60 + 1


def test_the_words_name_the_first_and_the_last_in_the_zone():
    one = plan(DAILY, DUE, later(hours=2), "none")
    assert missed_words(one, DAILY).startswith(
        "The run of 2026-11-22 07:30 (Europe/Berlin) was missed"
    )
    some = plan(DAILY, DUE, later(days=3, hours=2), "one")
    assert "3 runs from 2026-11-22 07:30 to 2026-11-24 07:30 (Europe/Berlin)" in missed_words(
        some, DAILY
    )
