"""Whose jobs a person may see or change: one answer for pages, API, downloads and sockets (I8)."""

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session
from sqlalchemy.orm.interfaces import LoaderOption

from dashboard.auth.permissions import Permission, Person, may
from dashboard.errors import Forbidden, NotFound
from dashboard.models.job import Job

# Larger numbers are no ids in any of our databases, and drivers refuse to bind them.
LARGEST_ID = 2**63 - 1


def visible_jobs(person: Person) -> ColumnElement[bool]:
    """A WHERE clause over `jobs`."""
    if may(person, Permission.JOBS_VIEW_ALL):
        return true()
    return Job.user_id == person.id


def visible_job(session: Session, person: Person, job_id: int | str, *options: LoaderOption) -> Job:
    """The job, or NotFound: a foreign id answers exactly like a missing one."""
    number = int(job_id) if str(job_id).isascii() and str(job_id).isdigit() else 0
    job = None
    if 0 < number <= LARGEST_ID:
        query = select(Job).where(Job.id == number, visible_jobs(person)).options(*options)
        job = session.scalars(query).one_or_none()
    if job is None:
        raise NotFound("There is no such job. It may have been removed, or the address is wrong.")
    return job


def changeable_job(
    session: Session, person: Person, job_id: int | str, *options: LoaderOption
) -> Job:
    """A visible job this person may also change; Forbidden when they may only look at it."""
    job = visible_job(session, person, job_id, *options)
    if not may_change(person, job):
        raise Forbidden("You can see this job but not change it. Ask its owner or an admin.")
    return job


def may_change(person: Person, job: Job) -> bool:
    own = job.user_id == person.id and may(person, Permission.JOBS_CHANGE_OWN)
    return own or may(person, Permission.JOBS_CHANGE_ALL)
