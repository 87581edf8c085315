"""Which of the due times a schedule starts, and which nobody was there for."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.models.schedule import CatchUp
from dashboard.schedules.cron import Cron

# A run this late counts as on time: a consumer was being restarted.
GRACE = timedelta(seconds=60)
# The most runs that are caught up, the latest ones.
MOST_CAUGHT_UP = 24


@dataclass(frozen=True, slots=True)
class Plan:
    """`due` is the moment the schedule waited for, `starts` come in their order.

    `missed` counts the times from `due` to `missed_until` that are not started.
    """

    due: datetime
    next_at: datetime
    starts: Sequence[datetime]
    missed: int = 0
    missed_until: datetime | None = None

    @property
    def late(self) -> bool:
        """Several at once: whatever the overlap policy, they wait for each other."""
        return len(self.starts) > 1


def plan(cron: Cron, due: datetime, moment: datetime, catch_up: str) -> Plan:
    """All times from `due` up to `moment`, which is not before it."""
    last = deque([due], MOST_CAUGHT_UP + 1)
    count, coming = 1, due
    for coming in cron.runs(due):
        if coming > moment:
            break
        count += 1
        last.append(coming)
    starts = chosen(list(last)[-MOST_CAUGHT_UP:], moment, catch_up)
    missed = count - len(starts)
    until = [run for run in last if run not in starts]
    return Plan(due, coming, starts, missed, until[-1] if missed else None)


def chosen(last: list[datetime], moment: datetime, catch_up: str) -> list[datetime]:
    """Those on time; `one`: else the latest; `all`: every one of them."""
    if catch_up == CatchUp.ALL:
        return last
    fresh = [run for run in last if run >= moment - GRACE]
    return fresh or (last[-1:] if catch_up == CatchUp.ONE else [])


def missed_words(found: Plan, cron: Cron) -> str:
    """On the schedule's own clock, whose zone is named: pages show other times in the reader's."""
    first, zone = local(found.due, cron), cron.zone.key
    if found.missed == 1:
        return f"The run of {first} ({zone}) was missed: nothing was running to start it."
    last = local(found.missed_until or found.due, cron)
    runs = f"{found.missed:,} runs from {first} to {last} ({zone})"
    return f"{runs} were missed: nothing was running to start them."


def local(moment: datetime, cron: Cron) -> str:
    return f"{moment.astimezone(cron.zone):%Y-%m-%d %H:%M}"
