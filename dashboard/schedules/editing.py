"""Making, changing, pausing and deleting schedules. Callers open the transaction and audit."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from dashboard.errors import Forbidden, InputRefused, NotFound, UnknownJobType, WrongState
from dashboard.jobs.submission import Submitted, wrong
from dashboard.lib.clock import now
from dashboard.lib.texts import storable, unstorable_in
from dashboard.models.schedule import (
    AfterOutcome,
    CatchUp,
    Overlap,
    RunKind,
    Schedule,
    ScheduleRun,
)
from dashboard.models.user import Role, User
from dashboard.schedules.cron import read_cron, read_zone
from dashboard.schedules.cycles import refuse_cycle
from dashboard.schedules.runs import begin, drop_waiting, job_before, lock, new_run
from dashboard.schedules.starting import Starter, own_file

LONGEST_NAME = 120
# Characters of `data` as JSON.
MOST_DATA = 100_000
# Of one person, paused ones too.
MOST_SCHEDULES = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asks for. Either `cron` (in `timezone`) or `after_type` says when."""

    type: str
    name: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    cron: str | None = None
    timezone: str = "UTC"
    after_type: str | None = None
    after_outcome: str = AfterOutcome.CLEAN
    overlap: str = Overlap.SKIP
    catch_up: str = CatchUp.ONE
    active: bool = True

    def columns(self) -> dict[str, Any]:
        """Of the row; what does not depend on other rows is checked. Raises InputRefused."""
        values = {
            "name": clean_name(self.name or self.type),
            "type": self.type,
            "data": dict(self.data),
            "cron": None,
            "timezone": read_zone(self.timezone).key,
            "after_type": None,
            "after_outcome": None,
            "overlap": one_of("overlap", self.overlap, Overlap),
            "catch_up": one_of("catchUp", self.catch_up, CatchUp),
            "active": self.active,
        }
        if bool(self.cron) == bool(self.after_type):
            what = "Both a time and a type to follow are" if self.cron else "Nothing is"
            raise wrong("cron", f"{what} given: it starts either by cron or after a job type.")
        if self.cron:
            values["cron"] = read_cron(self.cron, self.timezone).text
        else:
            outcome = one_of("after", self.after_outcome, AfterOutcome)
            values |= {"after_type": self.after_type, "after_outcome": outcome}
        return values


def check(session: Session, starter: Starter, owner: User, wanted: Wanted) -> None:
    """What looks into the registry and the target, so before there is a transaction.

    Raises UnknownJobType, Forbidden and InputRefused, naming `type`, `after` or a key of `data`.
    """
    wanted.columns()
    if len(json.dumps(dict(wanted.data))) > MOST_DATA:
        raise wrong("data", f"data is longer than {MOST_DATA:,} characters. Leave something out.")
    check_texts(wanted.data)
    job_type = starter.context.registry.get(wanted.type)
    if owner.role not in {*(job_type.roles or (owner.role,)), Role.ADMIN}:
        raise Forbidden(f"{owner.name} may not run {job_type.label}. An admin can change that.")
    if wanted.after_type:
        try:
            starter.context.registry.get(wanted.after_type)
        except UnknownJobType as error:
            raise wrong("after", error.message) from None
    starter.read(session, owner, wanted.type, wanted.data)


def make(session: Session, starter: Starter, owner: User, wanted: Wanted) -> Schedule:
    """`check` has passed. Raises InputRefused: a circle, a file that is not there, or one schedule
    too many.
    """
    check_count(session, owner)
    schedule = Schedule(user_id=owner.id, **wanted.columns())
    check_rows(session, starter, owner, wanted, None)
    plan_next(schedule, now())
    session.add(schedule)
    session.flush()
    return schedule


def change(
    session: Session, starter: Starter, schedule_id: int, wanted: Wanted, version: int | None = None
) -> dict[str, Any]:
    """What was changed, as {column: [old, new]}. Raises WrongState when somebody else changed it
    since `version`, and what `make` raises."""
    schedule = locked(session, schedule_id)
    if version is not None and version != schedule.version:
        raise WrongState(
            "Somebody else has changed this schedule meanwhile. Load it again, then change it.",
            code="schedule_changed",
        )
    owner = session.get_one(User, schedule.user_id)
    values = wanted.columns()
    check_rows(session, starter, owner, wanted, schedule.id)
    before = {name: getattr(schedule, name) for name in values}
    changes = {name: [before[name], new] for name, new in values.items() if before[name] != new}
    if not changes:
        return {}
    for name, value in values.items():
        setattr(schedule, name, value)
    touch(schedule)
    if not schedule.active:
        pausing(session, schedule)
    elif {"cron", "timezone", "active", "after_type"} & set(changes):
        plan_next(schedule, now())
    if "active" in changes or {"type", "data"} & set(changes):
        schedule.refusals, schedule.pause_reason = 0, None
    session.flush()
    return changes


def pause(session: Session, schedule_id: int) -> Schedule:
    """Raises WrongState when it is paused already. What is running goes on."""
    schedule = locked(session, schedule_id)
    if not schedule.active:
        raise WrongState(f"“{schedule.name}” is paused already.", code="schedule_state")
    schedule.active = False
    pausing(session, schedule)
    touch(schedule)
    session.flush()
    return schedule


def resume(session: Session, schedule_id: int) -> Schedule:
    """From its next time on; what came while it was paused was not missed. Raises WrongState."""
    schedule = locked(session, schedule_id)
    if schedule.active:
        raise WrongState(f"“{schedule.name}” is not paused.", code="schedule_state")
    schedule.active, schedule.refusals, schedule.pause_reason = True, 0, None
    plan_next(schedule, now())
    touch(schedule)
    session.flush()
    return schedule


def remove(session: Session, schedule_id: int) -> None:
    """With its history; its jobs stay."""
    session.execute(delete(Schedule).where(Schedule.id == schedule_id))


def run_now(session: Session, starter: Starter, schedule_id: int, asked: Submitted) -> ScheduleRun:
    """A run beside its times, for its owner, whoever asks. `asked` was read before the transaction.

    Raises WrongState when a job is in its way and it does not queue, and what a start raises.
    """
    schedule = locked(session, schedule_id)
    before = job_before(session, starter.context.registry, schedule)
    if before is not None and schedule.overlap == Overlap.SKIP:
        raise WrongState(
            f"{before} is not finished. Wait for it, or cancel it first.",
            code="schedule_busy",
        )
    run = new_run(schedule, RunKind.MANUAL)
    schedule.last_at = now()
    begin(session, starter, schedule, run, asked, queue=True)
    return run


# -- the pieces ----------------------------------------------------------------------------------


def check_texts(data: Mapping[str, Any]) -> None:
    """Its JSON may hold what no page that shows it could."""
    for name, value in data.items():
        odd = unstorable_in([name, value])
        if odd is not None:
            message = f"{odd[:60]!r} holds a character that cannot be kept. Leave it out."
            raise wrong(name if storable(name) else "data", message)


def check_count(session: Session, owner: User) -> None:
    """Whoever makes another one for this person waits until the transaction ends."""
    session.execute(select(User.id).where(User.id == owner.id).with_for_update(key_share=True))
    query = select(func.count()).where(Schedule.user_id == owner.id)
    count = session.scalar(query) or 0
    if count >= MOST_SCHEDULES:
        raise InputRefused(
            f"You have {count} schedules; {MOST_SCHEDULES} are allowed. Delete one first.",
            code="schedule_limit",
        )


def check_rows(
    session: Session, starter: Starter, owner: User, wanted: Wanted, schedule_id: int | None
) -> None:
    """What depends on other rows; the transaction keeps it so."""
    if wanted.after_type:
        refuse_cycle(session, wanted.after_type, wanted.type, schedule_id)
    file = wanted.data.get("file")
    if file is not None:
        own_file(starter.context, session, owner, str(file))


def plan_next(schedule: Schedule, moment: datetime) -> None:
    schedule.next_at = None
    if schedule.cron and schedule.active:
        schedule.next_at = read_cron(schedule.cron, schedule.timezone).next_after(moment)


def pausing(session: Session, schedule: Schedule) -> None:
    schedule.next_at = None
    drop_waiting(session, schedule.id)


def touch(schedule: Schedule) -> None:
    """Keepers that have read it before start nothing with it."""
    schedule.version += 1
    schedule.changed_at = now()


def locked(session: Session, schedule_id: int) -> Schedule:
    schedule = lock(session, schedule_id)
    if schedule is None:
        raise NotFound("There is no such schedule. It may have been deleted.")
    return schedule


def one_of(name: str, value: Any, allowed: type[StrEnum]) -> str:
    if not isinstance(value, str) or value not in set(allowed):
        raise wrong(name, f"{name} is one of {', '.join(allowed)}, not {value!r}.")
    return str(value)


def clean_name(text: str) -> str:
    name = " ".join(text.split())
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise wrong("name", f"A name is at most {LONGEST_NAME} printable characters long.")
    return name
