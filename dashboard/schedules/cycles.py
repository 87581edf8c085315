"""Triggers must not go round in circles: A starts B, B starts A."""

from collections import deque
from collections.abc import Mapping, Set

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from dashboard.errors import InputRefused
from dashboard.models.schedule import Schedule

# Any number of our own: whoever adds a trigger waits for who adds another.
TRIGGERS_LOCK = 7_340_231


def refuse_cycle(session: Session, after_type: str, type: str, schedule_id: int | None) -> None:
    """Raises InputRefused naming the whole circle. Paused schedules count: they may be resumed.

    Until the transaction ends nobody else adds a trigger (SQLite has one writer anyway).
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SELECT pg_advisory_xact_lock({TRIGGERS_LOCK})"))
    query = select(Schedule.after_type, Schedule.type).where(Schedule.after_type.is_not(None))
    if schedule_id is not None:
        query = query.where(Schedule.id != schedule_id)
    follows: dict[str, set[str]] = {}
    for before, then in session.execute(query):
        follows.setdefault(str(before), set()).add(then)
    found = path(follows, type, after_type)
    if found is not None:
        circle = " → ".join([*found, type])
        raise InputRefused(
            f"These jobs would start each other without end: {circle}. Start this one by time, or"
            " after another type.",
            code="schedule_cycle",
            details={"field": "after"},
        )


def path(follows: Mapping[str, Set[str]], start: str, goal: str) -> list[str] | None:
    """The shortest way over what follows what, both ends included; None: there is no way."""
    ways, seen = deque([[start]]), {start}
    while ways:
        way = ways.popleft()
        if way[-1] == goal:
            return way
        for then in sorted(follows.get(way[-1], set()) - seen):
            seen.add(then)
            ways.append([*way, then])
    return None
