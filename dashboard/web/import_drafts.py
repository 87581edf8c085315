"""A draft as the pages see it, and which of its steps still asks something."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from dashboard.auth.visibility import changeable_job
from dashboard.errors import NotFound, WrongState
from dashboard.extensions import db
from dashboard.formats.reading_choices import Reading
from dashboard.importers.history import Drift, header_drift, ran_by_others, same_file
from dashboard.importers.remembered import remembered
from dashboard.jobs.registry import JobType, Kind
from dashboard.models.job import Job
from dashboard.models.saved_mapping import SavedMapping
from dashboard.models.states import JobStatus
from dashboard.models.stored_file import StoredFile
from dashboard.web.engine import WITH_NAMES, engine_context
from dashboard.web.import_columns import ColumnChoices, suggested_choices
from dashboard.web.import_look import Look, look_at, rows_of
from dashboard.web.import_types import import_type, takes_any_file

MOST_DRAFTS = 10


class Started(WrongState):
    """The draft is a job by now (started or thrown away in another tab)."""


@dataclass(frozen=True)
class Warnings:
    """What an earlier job tells about this file; nothing of it stops a run."""

    same: Job | None
    by_others: bool
    drift: Drift | None

    def __bool__(self) -> bool:
        return bool(self.same or self.by_others or self.drift)


@dataclass(frozen=True)
class Draft:
    """One draft with its type and file; what is in the file is read when first asked for."""

    session: Session
    job: Job
    type: JobType
    file: StoredFile

    @property
    def id(self) -> int:
        return self.job.id

    @property
    def options(self) -> Mapping[str, Any]:
        return self.job.options

    @property
    def any_file(self) -> bool:
        return takes_any_file(self.type)

    @property
    def reading(self) -> Reading:
        return Reading.from_options(self.options)

    @cached_property
    def look(self) -> Look:
        return look_at(engine_context(), self.file, self.reading)

    @cached_property
    def rows(self) -> int | None:
        return rows_of(self.session, self.file, self.reading, self.look)

    @cached_property
    def remembered(self) -> SavedMapping | None:
        return remembered(self.session, self.type.name, current_user._get_current_object())

    @cached_property
    def choices(self) -> ColumnChoices:
        """What is chosen for the columns so far, or suggested."""
        return suggested_choices(self.type, self.look, self.options, self.remembered)

    @cached_property
    def warnings(self) -> Warnings:
        session, name, sha256 = self.session, self.type.name, self.file.sha256
        same = same_file(session, name, sha256, current_user)
        columns = self.look.columns
        return Warnings(
            same,
            same is None and ran_by_others(session, name, sha256, current_user),
            header_drift(session, name, columns) if columns and not self.any_file else None,
        )

    @property
    def needs_columns(self) -> bool:
        """Must a person say what goes where (or, for any file, into which table)?"""
        if self.any_file:
            return not self.options.get("table")
        return self.choices.open

    @property
    def first_step(self) -> str | None:
        """The first step with a question; None: it can start as it is."""
        if self.look.refusal:
            return "reading"
        if self.needs_columns:
            return "mapping"
        return "ready" if self.warnings else None


def own_draft(session: Session, job_id: int) -> Draft:
    """Raises NotFound (foreign ones too), Forbidden, and Started when it is no draft any more."""
    job = changeable_job(session, current_user, job_id, *WITH_NAMES)
    if job.status != JobStatus.DRAFT or job.kind != Kind.IMPORT or job.file is None:
        raise Started(f"Job {job_id} is {job.status}: its choices can no longer be changed.")
    if job.file.removed_at is not None:
        raise NotFound("The file of this draft is gone; upload it again.", code="file_gone")
    return Draft(session, job, import_type(job.type), job.file)


def looked_up(job_id: int) -> Draft:
    """To look at while a form is judged: reading a file must not hold SQLite's write lock."""
    session = db.session()
    if not session.in_transaction():
        session.connection(execution_options={"sqlite_begin": "DEFERRED"})
    return own_draft(session, job_id)


def drafts_of(session: Session) -> list[Job]:
    """One's own unfinished imports, newest first."""
    query = (
        select(Job)
        .where(Job.user_id == current_user.id, Job.status == JobStatus.DRAFT, Job.kind == "import")
        .options(joinedload(Job.file))
        .order_by(Job.id.desc())
        .limit(MOST_DRAFTS)
    )
    return list(session.scalars(query))
