"""Whose schedules a person may see or change: as with jobs (I8)."""

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session, joinedload

from dashboard.auth.permissions import Permission, Person, may
from dashboard.auth.visibility import LARGEST_ID
from dashboard.errors import Forbidden, NotFound
from dashboard.models.schedule import Schedule


def visible_schedules(person: Person) -> ColumnElement[bool]:
    """A WHERE clause over `schedules`."""
    if may(person, Permission.JOBS_VIEW_ALL):
        return true()
    return Schedule.user_id == person.id


def visible_schedule(session: Session, person: Person, schedule_id: int | str) -> Schedule:
    """With its owner; NotFound when it is missing or foreign, which look the same."""
    text = str(schedule_id)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    found = None
    if 0 < number <= LARGEST_ID:
        query = select(Schedule).where(Schedule.id == number, visible_schedules(person))
        found = session.scalars(query.options(joinedload(Schedule.user))).one_or_none()
    if found is None:
        raise NotFound("There is no such schedule. It may have been deleted.")
    return found


def changeable_schedule(session: Session, person: Person, schedule_id: int | str) -> Schedule:
    """Forbidden for who may only look at it."""
    schedule = visible_schedule(session, person, schedule_id)
    if not may_change(person, schedule):
        raise Forbidden("You can see this schedule but not change it. Ask its owner or an admin.")
    return schedule


def may_change(person: Person, schedule: Schedule) -> bool:
    own = schedule.user_id == person.id and may(person, Permission.SCHEDULES_USE)
    return own or may(person, Permission.JOBS_CHANGE_ALL)
