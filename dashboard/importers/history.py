"""What earlier jobs of a type tell about the next file: seen before? another header?"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, false, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from dashboard.auth.permissions import Person
from dashboard.auth.visibility import visible_jobs
from dashboard.models.job import Job
from dashboard.models.states import FINAL, JobStatus
from dashboard.models.stored_file import StoredFile


@dataclass(frozen=True, slots=True)
class Drift:
    """Columns the last good run did not have, and those it had that are gone."""

    added: tuple[str, ...]
    missing: tuple[str, ...]
    job_id: int


def same_file(session: Session, type: str, sha256: str, user: Person) -> Job | None:
    """The newest job this person may see that ran the very same bytes as the same type."""
    query = runs_of(type, sha256).where(visible_jobs(user))
    return session.scalars(query.limit(1)).one_or_none()


def ran_by_others(session: Session, type: str, sha256: str, user: Person) -> bool:
    """Did a job run it that this person may not see? To be told without naming it (I8)."""
    hidden = not_(func.coalesce(visible_jobs(user), false()))
    return session.scalars(runs_of(type, sha256).where(hidden).limit(1)).first() is not None


def runs_of(type: str, sha256: str) -> Select[Job]:
    """Jobs that wrote something of the file, or still may; newest first."""
    return (
        select(Job)
        .join(StoredFile, StoredFile.id == Job.file_id)
        .where(Job.type == type, Job.purpose == "run", StoredFile.sha256 == sha256, had_effect())
        .order_by(Job.id.desc())
    )


def had_effect() -> ColumnElement[bool]:
    """Not a draft, not a run that ended with nothing, not one that was undone."""
    wrote = or_(Job.created > 0, Job.updated > 0, Job.unchanged > 0)
    undo = aliased(Job)
    undone = select(undo.id).where(
        undo.origin_id == Job.id, undo.purpose == "undo", undo.status == JobStatus.COMPLETED
    )
    return and_(
        Job.status != JobStatus.DRAFT, or_(Job.status.not_in(FINAL), wrote), ~undone.exists()
    )


def header_drift(session: Session, type: str, columns: Sequence[str]) -> Drift | None:
    """Against the last completed run of the type without failures; None: the same, or no such run.

    The order of columns does not matter.
    """
    query = (
        select(Job)
        .where(
            Job.type == type,
            Job.purpose == "run",
            Job.status == JobStatus.COMPLETED,
            Job.failed == 0,
            Job.not_processed == 0,
        )
        .order_by(Job.id.desc())
        .limit(1)
    )
    last = session.scalars(query).one_or_none()
    before = list((last.layout or {}).get("columns", ())) if last is not None else []
    if last is None or not before:
        return None
    added = tuple(name for name in columns if name not in before)
    missing = tuple(name for name in before if name not in columns)
    return Drift(added, missing, last.id) if added or missing else None
