"""Plain choices, their expressions and their words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.errors import InputRefused
from dashboard.schedules.choices import EVERY, TIMED, Plain, When, plain, words


@pytest.mark.parametrize(
    ("choice", "cron", "said"),
    [
        (Plain(When.MINUTES, every=15), "*/15 * * * *", "Every 15 minutes"),
        (Plain(When.MINUTES, every=1), "*/1 * * * *", "Every minute"),
        (Plain(When.HOURLY, minute=5), "5 * * * *", "Every hour at minute 5"),
        (Plain(When.DAILY, time="07:30"), "30 7 * * *", "Every day at 07:30"),
        (Plain(When.WEEKDAYS, time="7:30"), "30 7 * * 1-5", "Every weekday at 07:30"),
        (Plain(When.WEEKLY, time="18:00", weekday=7), "0 18 * * 7", "Every Sunday at 18:00"),
        (
            Plain(When.MONTHLY, time="00:00", day=1),
            "0 0 1 * *",
            "On day 1 of every month, at 00:00",
        ),
        (
            Plain(When.LAST_DAY, time="22:00"),
            "0 22 L * *",
            "On the last day of every month at 22:00",
        ),
        (Plain(When.CRON, cron="0 8-18 * * 1"), "0 8-18 * * 1", "At minute 0 past every hour"),
    ],
)
def test_a_choice_is_an_expression_and_a_sentence(choice, cron, said):
    assert choice.expression() == cron
    assert words(cron).startswith(said)


def test_a_day_some_months_lack_is_said():
    assert words("0 0 31 * *") == "On day 31 of every month, in months that have one, at 00:00"


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("0 0 29 2 1#5", "the 29th day of month or on the fifth Monday of the month in February"),
        ("0 0 1,15 * 1-5", "the first and the 15th day of month or on Monday through Friday"),
        ("0 0 */2 * 1", "if it's on Monday"),
        ("0 0 15 * 0-7", "At 00:00 every day"),
        ("0 0 1-31 3 mon", "At 00:00 every day in March"),
    ],
)
def test_of_two_days_either_will_do(cron, said):
    assert words(cron).endswith(said)


@given(
    st.sampled_from([when for when in When if when is not When.CRON]),
    st.sampled_from(EVERY), st.integers(0, 59), st.times(), st.integers(1, 7), st.integers(1, 31),
)  # fmt: skip
def test_an_expression_is_read_back_as_the_same_choice(when, every, minute, time, weekday, day):
    choice = Plain(when, every, minute, f"{time:%H:%M}", weekday, day)
    found = plain(choice.expression())
    assert (found.when, found.expression()) == (when, choice.expression())
    assert when not in TIMED or found.time == choice.time


def test_the_other_sunday_is_sunday():
    assert plain("0 6 * * 0") == Plain(When.WEEKLY, time="06:00", weekday=7, cron="0 6 * * 0")


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        (Plain(When.MINUTES, every=7), "every"),
        (Plain(When.HOURLY, minute=60), "minute"),
        (Plain(When.DAILY, time="24:00"), "time"),
        (Plain(When.DAILY, time="half past six"), "time"),
        (Plain(When.WEEKLY, weekday=8), "weekday"),
        (Plain(When.MONTHLY, day=0), "day"),
    ],
)
def test_what_does_not_fit_is_named(choice, field):
    with pytest.raises(InputRefused) as caught:
        choice.expression()
    assert caught.value.details == {"field": field}
