"""Runs of a report: the newest of each type, and those another run can be compared with."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from dashboard.auth.permissions import Person
from dashboard.auth.visibility import visible_jobs
from dashboard.lib.clock import now
from dashboard.models.job import Job
from dashboard.models.states import JobStatus
from dashboard.models.stored_file import StoredFile
from dashboard.reports.parameters import Parameter, label_of
from dashboard.reports.report import Report

NAMES = (joinedload(Job.user), joinedload(Job.output))
MOST_RUNS, MOST_EARLIER = 20, 100


def newest_runs(session: Session, person: Person, names: Sequence[str]) -> Mapping[str, Job]:
    """The last run of each type that this person may see."""
    mine = (Job.type.in_(names), Job.status != JobStatus.DRAFT, visible_jobs(person))
    ids = select(func.max(Job.id)).where(*mine).group_by(Job.type)
    found = session.scalars(select(Job).where(Job.id.in_(ids)).options(*NAMES)).all()
    return {job.type: job for job in found}


def runs_of(session: Session, person: Person, name: str) -> Sequence[Job]:
    query = select(Job).where(Job.type == name, visible_jobs(person)).options(*NAMES)
    return session.scalars(query.order_by(Job.id.desc()).limit(MOST_RUNS)).all()


def earlier_runs(session: Session, person: Person, job: Job) -> Sequence[Job]:
    """Completed runs before this one whose result is kept, newest first."""
    kept = (StoredFile.expires_at.is_(None)) | (StoredFile.expires_at > now())
    query = (
        select(Job)
        .join(StoredFile, StoredFile.id == Job.output_id)
        .where(Job.type == job.type, Job.id < job.id, Job.status == JobStatus.COMPLETED)
        .where(visible_jobs(person), StoredFile.removed_at.is_(None), kept)
        .options(*NAMES)
    )
    return session.scalars(query.order_by(Job.id.desc()).limit(MOST_EARLIER)).all()


def same_parameters(job: Job, other: Job) -> bool:
    """As they were given: "yesterday" is the same on two days."""
    return bool(job.options.get("params") == other.options.get("params"))


def parameters_of(job: Job, report: Report | None) -> list[tuple[str, str]]:
    """Labels and values of a run: as they were resolved, else as they were given."""
    if facts := job.meta.get("report"):
        return [(each["label"], each["value"]) for each in facts["parameters"] if each["value"]]
    given: Mapping[str, Any] = job.options.get("params") or {}
    known = report.parameters if report is not None else {}
    labels = {name: label_of(name, parameter) for name, parameter in known.items()}
    return [
        (labels.get(name) or label_of(name, Parameter()), str(value))
        for name, value in given.items()
        if value not in (None, "")
    ]
