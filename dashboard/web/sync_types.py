"""The sync types a person may see, with how far each has come and what ran last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from flask_login import current_user
from sqlalchemy import func, select

from dashboard.auth.permissions import Permission, may
from dashboard.errors import ConfigurationError, NotFound
from dashboard.extensions import db
from dashboard.jobs.presenter import JobView, views
from dashboard.jobs.registry import JobType, Kind
from dashboard.models.job import Job
from dashboard.models.schedule import Schedule
from dashboard.sync.cursor_words import cursor_words
from dashboard.sync.cursors import Position, position_of, positions
from dashboard.sync.sync import Sync, sync_for
from dashboard.sync.taken_files import count_taken
from dashboard.web.engine import WITH_NAMES, connection, engine_context

log = structlog.get_logger("jobengine.web")
MODES = {
    "append": "Append: every row becomes a new record",
    "upsert": "Upsert: records are changed or added by key",
    "mirror": "Mirror: records the source no longer has are deleted",
}


@dataclass(frozen=True, slots=True)
class SyncView:
    """One type as its row and its page show it; `broken` says why it cannot be loaded."""

    type: JobType
    sync: Sync | None
    position: Position
    last: JobView | None = None
    next_at: datetime | None = None
    files: int = 0
    broken: str | None = None

    @property
    def source(self) -> str:
        return self.sync.source.describe() if self.sync else ""

    @property
    def mode(self) -> str:
        return self.sync.mode if self.sync else ""

    @property
    def mode_words(self) -> str:
        return MODES.get(self.mode, "")

    @property
    def standing(self) -> str:
        """How far it has come, in words."""
        if self.sync is not None and not self.sync.source.whole:
            return f"{self.files:,} file{'' if self.files == 1 else 's'} taken"
        if not self.position.version:
            return "nothing taken yet"
        if self.position.cursor is None:
            return "everything, every time"
        return cursor_words(self.position.cursor)

    @property
    def live(self) -> bool:
        return self.last is not None and not self.last.final

    @property
    def secret_names(self) -> tuple[str, ...]:
        return self.sync.source.secret_names if self.sync else ()


def may_run(job_type: JobType) -> bool:
    """Does the type let this person's role run it? Admins may run every type."""
    if not may(current_user, Permission.JOBS_RUN):
        return False
    open_to = not job_type.roles or current_user.role in job_type.roles
    return open_to or may(current_user, Permission.JOBS_CHANGE_ALL)


def may_see(job_type: JobType) -> bool:
    return may_run(job_type) or may(current_user, Permission.JOBS_VIEW_ALL)


def seen_type(name: str) -> JobType:
    """NotFound for what is missing, no sync, or not for this person's role."""
    for job_type in engine_context().registry.all(Kind.SYNC):
        if job_type.name == name and may_see(job_type):
            return job_type
    raise NotFound("There is no such sync. It may have been removed, or the address is wrong.")


def all_views() -> list[SyncView]:
    seen = [found for found in engine_context().registry.all(Kind.SYNC) if may_see(found)]
    names = [job_type.name for job_type in seen]
    last, due = last_jobs(names), next_runs(names)
    with engine_context().target.connect().execution_options(sqlite_begin="DEFERRED") as target:
        known = positions(target)
        files = {name: count_taken(target, name) for name in names}
    found = []
    for job_type, name in zip(seen, names, strict=True):
        sync, broken = loaded(job_type)
        standing = known.get(name, Position())
        parts = (last.get(name), due.get(name), files[name], broken)
        found.append(SyncView(job_type, sync, standing, *parts))
    return found


def view_of(job_type: JobType) -> SyncView:
    with engine_context().target.connect().execution_options(sqlite_begin="DEFERRED") as target:
        position = position_of(target, job_type.name)
        files = count_taken(target, job_type.name)
    names = [job_type.name]
    last, due = last_jobs(names).get(job_type.name), next_runs(names).get(job_type.name)
    sync, broken = loaded(job_type)
    return SyncView(job_type, sync, position, last, due, files, broken)


def loaded(job_type: JobType) -> tuple[Sync | None, str | None]:
    """A type that cannot be loaded must not take the page away from the others."""
    try:
        return sync_for(job_type), None
    except ConfigurationError as error:
        log.error("job_type_broken", type=job_type.name, message=error.message)
        return None, error.message


def last_jobs(names: Sequence[str]) -> Mapping[str, JobView]:
    """The newest run of each type, whoever started it."""
    newest = select(func.max(Job.id)).where(Job.type.in_(names), Job.purpose == "run")
    query = select(Job).options(*WITH_NAMES).where(Job.id.in_(newest.group_by(Job.type)))
    jobs = views(connection(), db.session.scalars(query).all())
    return {view.job.type: view for view in jobs}


def next_runs(names: Sequence[str]) -> Mapping[str, datetime]:
    """When a schedule starts the type next, whoever it belongs to."""
    query = (
        select(Schedule.type, func.min(Schedule.next_at))
        .where(Schedule.type.in_(names), Schedule.active, Schedule.next_at.is_not(None))
        .group_by(Schedule.type)
    )
    return {name: at for name, at in db.session.execute(query) if at is not None}
