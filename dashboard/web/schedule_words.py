"""What the form of a schedule offers, in words."""

from collections.abc import Mapping
from typing import Any

from dashboard.jobs.registry import Kind
from dashboard.models.schedule import AfterOutcome, CatchUp, Overlap
from dashboard.schedules.choices import EVERY, WEEKDAYS, When


def words_of(choices: Mapping[Any, str]) -> dict[str, str]:
    """For a field, which compares texts."""
    return {str(value): said for value, said in choices.items()}


AFTER = "after"
WHEN_WORDS = words_of(
    {
        When.MINUTES: "Every few minutes",
        When.HOURLY: "Every hour",
        When.DAILY: "Every day",
        When.WEEKDAYS: "Every weekday (Monday to Friday)",
        When.WEEKLY: "Every week",
        When.MONTHLY: "Every month, on a day",
        When.LAST_DAY: "Every month, on its last day",
        When.CRON: "A cron expression",
        AFTER: "After another job",
    }
)
OUTCOME_WORDS = words_of(
    {
        AfterOutcome.CLEAN: "Only when it ended cleanly: nothing failed, nothing left",
        AfterOutcome.ANY: "Also when some rows failed",
    }
)
OVERLAP_WORDS = words_of(
    {
        Overlap.SKIP: "Leave this run out",
        Overlap.QUEUE: "Wait for it, then start",
    }
)
CATCH_UP_WORDS = words_of(
    {
        CatchUp.NONE: "Leave them out",
        CatchUp.ONE: "Start the latest one",
        CatchUp.ALL: "Start each of them, one after the other (24 at most)",
    }
)
WEEKDAY_WORDS = {str(number): day for number, day in enumerate(WEEKDAYS, 1)}
EVERY_WORDS = {str(n): f"Every {n} minutes" if n > 1 else "Every minute" for n in EVERY}
# What parameters of each kind look like.
EXAMPLES = {
    Kind.IMPORT: '{"mode": "upsert", "key": ["carrier"]}',
    Kind.EXPORT: '{"format": "xlsx", "columns": ["year", "month", "carrier"]}',
    Kind.SYNC: '{"fullRefresh": true}',
    Kind.REPORT: '{"params": {"from": "-1m"}, "mailTo": ["ada@example.org"]}',
}
