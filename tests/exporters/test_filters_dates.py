"""Days and moments told from now on."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from dashboard.exporters.filters_dates import relative

# A Thursday; in the second zone it is still Wednesday.
NOW = datetime(2024, 2, 29, 3, 15, tzinfo=UTC)
ELSEWHERE = NOW.astimezone(timezone(timedelta(hours=-8)))


@pytest.mark.parametrize("now", [NOW, ELSEWHERE])
@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", date(2024, 2, 29)),
        ("yesterday", date(2024, 2, 28)),
        ("tomorrow", date(2024, 3, 1)),
        ("-7d", date(2024, 2, 22)),
        ("+1d", date(2024, 3, 1)),
        ("-2w", date(2024, 2, 15)),
        ("-1m", date(2024, 1, 29)),
        ("-1y", date(2023, 2, 28)),
        ("+12m", date(2025, 2, 28)),
        ("start-of-week", date(2024, 2, 26)),
        ("start-of-month", date(2024, 2, 1)),
        ("start-of-quarter", date(2024, 1, 1)),
        ("start-of-year", date(2024, 1, 1)),
        ("start-of-month-1m", date(2024, 1, 1)),
        ("start-of-year-1d", date(2023, 12, 31)),
    ],
)
def test_days(text, day, now):
    assert relative(text, now) == day


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", NOW),
        ("-24h", NOW - timedelta(days=1)),
        ("now-7d", NOW - timedelta(days=7)),
        ("now-1m", datetime(2024, 1, 29, 3, 15, tzinfo=UTC)),
        ("today+6h", datetime(2024, 2, 29, 6, tzinfo=UTC)),
    ],
)
def test_moments(text, moment):
    assert relative(text, NOW) == moment


@pytest.mark.parametrize(
    "text", ["", "7d", "-d", "-7 d", "-7D", "2024-01-01", "start-of-day", "today-", "-\u0667d"]
)
def test_what_is_not_relative(text):
    assert relative(text, NOW) is None


@pytest.mark.parametrize("text", ["-999999d", "+9999y", "-30000m", "-999999w"])
def test_outside_the_calendar(text):
    with pytest.raises(OverflowError):
        relative(text, NOW)


def test_a_month_back_from_every_day_is_a_day_of_that_month():
    days = [date(2023, 1, 1) + timedelta(days=n) for n in range(800)]
    back = [relative("-1m", datetime(d.year, d.month, d.day, tzinfo=UTC)) for d in days]
    assert all(
        (d.month - b.month) % 12 == 1 and b.day <= d.day for d, b in zip(days, back, strict=True)
    )
