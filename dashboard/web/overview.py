"""The first page: what runs, what waits and why, what ended, what needs a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import and_, case, func, or_, select

from dashboard.auth.permissions import Permission
from dashboard.auth.visibility import visible_jobs
from dashboard.extensions import db
from dashboard.jobs.presenter import JobView, views
from dashboard.jobs.registry import Kind
from dashboard.lib.clock import now
from dashboard.models.job import Job
from dashboard.models.states import FINAL, LIVE, RUNNING, JobStatus
from dashboard.web.engine import WITH_NAMES, connection, engine_context, type_labels
from dashboard.web.guard import requires
from dashboard.web.htmx import fragment
from dashboard.web.reasons import why
from dashboard.web.workers import workers_up

bp = Blueprint("overview", __name__)

S = JobStatus
MOVING = RUNNING | {S.PAUSING, S.CANCELLING}
DAY, WEEK = timedelta(days=1), timedelta(days=7)
# Checks and undos are no volume, and leave nothing to fix.
RUN = Job.purpose == "run"
MOST_RUNNING, MOST_WAITING, MOST_ENDED, MOST_NEEDS, MOST_TYPES = 12, 8, 8, 5, 8


@dataclass(frozen=True, slots=True)
class Day:
    """Figures of the last 24 hours, over jobs that ended in them."""

    ended: int
    clean: int
    rows: int
    failed: int

    @property
    def clean_percent(self) -> float | None:
        return 100 * self.clean / self.ended if self.ended else None

    @property
    def failed_percent(self) -> float | None:
        return 100 * self.failed / self.rows if self.rows else None


@bp.get("/")
@requires(Permission.JOBS_VIEW_OWN)
def index() -> ResponseReturnValue:
    return fragment("overview/index.html", **parts())


@bp.get("/overview/live")
@requires(Permission.JOBS_VIEW_OWN)
def live() -> ResponseReturnValue:
    return fragment("overview/_live.html", **parts())


def parts() -> dict[str, Any]:
    running = jobs(Job.status.in_(MOVING), limit=MOST_RUNNING, order=Job.started_at)
    waiting = jobs(Job.status.in_(LIVE - MOVING), limit=MOST_WAITING, order=Job.id)
    return {
        "running": running,
        "waiting": [(view, why(db.session(), view.job)) for view in waiting],
        "waiting_count": count(Job.status.in_(LIVE - MOVING)),
        "ended": jobs(Job.status.in_(FINAL), limit=MOST_ENDED, order=Job.id.desc()),
        "needs": needs(),
        "workers": workers_up(db.session()),
        "day": day(),
        "labels": type_labels(),
        "types": engine_context().registry.all(Kind.IMPORT)[:MOST_TYPES],
        "moment": now(),
    }


def jobs(*where: Any, limit: int, order: Any) -> list[JobView]:
    query = select(Job).where(visible_jobs(current_user), *where).options(*WITH_NAMES)
    found: Sequence[Job] = db.session.scalars(query.order_by(order, Job.id).limit(limit)).all()
    return views(connection(), found)


def count(*where: Any) -> int:
    query = select(func.count()).select_from(Job).where(visible_jobs(current_user), *where)
    return db.session.scalar(query) or 0


def needs() -> list[JobView]:
    """Ended lately with something left to do."""
    unfinished = and_(Job.status == S.COMPLETED, or_(Job.failed > 0, Job.not_processed > 0))
    lately = Job.finished_at > now() - WEEK
    wanted = and_(RUN, or_(Job.status == S.FAILED, unfinished))
    return jobs(wanted, lately, limit=MOST_NEEDS, order=Job.id.desc())


def day() -> Day:
    clean = and_(Job.status == S.COMPLETED, Job.failed == 0, Job.not_processed == 0)
    query = select(
        func.count(),
        func.coalesce(func.sum(case((clean, 1), else_=0)), 0),
        func.coalesce(func.sum(Job.processed), 0),
        func.coalesce(func.sum(Job.failed), 0),
    )
    lately = (Job.status.in_(FINAL), Job.finished_at > now() - DAY, RUN)
    query = query.where(visible_jobs(current_user), *lately)
    return Day(*(int(figure) for figure in connection().execute(query).one()))
