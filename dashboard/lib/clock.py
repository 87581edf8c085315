"""The time, in UTC and aware, in one place."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
