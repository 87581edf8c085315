"""All jobs one may see: filters in the address, search, order, paging by keyset."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from dashboard.auth.permissions import Permission, may
from dashboard.auth.visibility import visible_jobs
from dashboard.extensions import db
from dashboard.jobs.failure_list import ESCAPE, contains
from dashboard.jobs.presenter import views
from dashboard.lib.keyset import LARGEST, Cursor, Keyset
from dashboard.models.job import Job
from dashboard.models.states import LIVE, RUNNING, JobStatus
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import User
from dashboard.web.asked import words
from dashboard.web.engine import WITH_NAMES, connection, type_labels
from dashboard.web.guard import requires
from dashboard.web.htmx import fragment

bp = Blueprint("history", __name__, url_prefix="/history")

S = JobStatus
MOST_COUNTED = 10_000
INCOMPLETE = or_(Job.failed > 0, Job.not_processed > 0)
STATUSES: Mapping[str, tuple[str, ColumnElement[bool]]] = {
    "running": ("Running", Job.status.in_(RUNNING | {S.PAUSING, S.CANCELLING})),
    "waiting": ("Waiting", Job.status.in_(LIVE - RUNNING - {S.PAUSING, S.CANCELLING})),
    "clean": ("Completed, clean", and_(Job.status == S.COMPLETED, ~INCOMPLETE)),
    "with-failures": ("Completed with failures", and_(Job.status == S.COMPLETED, INCOMPLETE)),
    "failed": ("Failed", Job.status == S.FAILED),
    "cancelled": ("Cancelled", Job.status == S.CANCELLED),
}
ROWS = func.coalesce(Job.total, -1)
SORTS: Mapping[str, tuple[tuple[Any, ...], Any]] = {
    "newest": ((Job.id,), lambda job: (job.id,)),
    "rows": ((ROWS, Job.id), lambda job: (-1 if job.total is None else job.total, job.id)),
    "failed": ((Job.failed, Job.id), lambda job: (job.failed, job.id)),
}


@dataclass(frozen=True, slots=True)
class View:
    """What the address asks for; a made-up value counts as not given."""

    q: str = ""
    status: str = ""
    type: str = ""
    person: str = ""
    sort: str = "newest"
    up: bool = False

    @classmethod
    def of(cls, args: Mapping[str, str]) -> "View":
        sort, status = args.get("sort", "newest"), args.get("status", "")
        return cls(
            q=words(args, "q", 100),
            status=status if status in STATUSES else "",
            type=words(args, "type", 80),
            person=person if whole(person := args.get("person", "")) else "",
            sort=sort if sort in SORTS else "newest",
            up=args.get("dir") == "up",
        )

    @property
    def filtered(self) -> bool:
        return bool(self.q or self.status or self.type or self.person)

    def url(self, endpoint: str = "history.index", **changes: Any) -> str:
        """The address of this view with some of it changed; paging starts anew."""
        given = {name: getattr(self, name) for name in ("q", "status", "type", "person", "sort")}
        given |= {"dir": "up" if self.up else "", **changes}
        if given["sort"] == "newest" and not given["dir"]:
            given["sort"] = ""
        return url_for(endpoint, **{name: v for name, v in given.items() if v})

    def sort_url(self, sort: str) -> str:
        """A second click on a column turns its order round."""
        turn = sort == self.sort and not self.up
        return self.url(sort=sort, dir="up" if turn else "")


@bp.get("")
@requires(Permission.JOBS_VIEW_OWN)
def index() -> ResponseReturnValue:
    view = View.of(request.args)
    columns, key = SORTS[view.sort]
    order: Keyset[Job] = Keyset(columns, key, descending=not view.up)
    cursor = Cursor.decode(request.args.get("place"), (int,) * len(columns))
    query = narrowed(select(Job).options(*WITH_NAMES), view)
    page = order.page(db.session.scalars(order.select(query, cursor)).all(), cursor)
    return fragment(
        "history/index.html",
        view=view,
        jobs=views(connection(), page.rows),
        page=page,
        count=counted(view),
        newest=None if cursor or view.sort != "newest" or view.up else newest_id(view),
        labels=type_labels(),
        statuses={name: words for name, (words, _) in STATUSES.items()},
        people=people(),
    )


@bp.get("/new")
@requires(Permission.JOBS_VIEW_OWN)
def arrivals() -> ResponseReturnValue:
    """How many jobs of this view came since; they wait behind a link, no row moves."""
    view, since = View.of(request.args), whole(request.args.get("since", ""))
    query = narrowed(select(func.count()).select_from(Job), view).where(Job.id > since)
    return fragment(
        "history/_new.html", view=view, since=since, count=db.session.scalar(query) or 0
    )


def narrowed(query: Select[Any], view: View) -> Select[Any]:
    """Only visible jobs, only what the view asks for. A draft is no job yet: see New import."""
    query = query.where(visible_jobs(current_user), Job.status != JobStatus.DRAFT)
    if view.status:
        query = query.where(STATUSES[view.status][1])
    if view.type:
        query = query.where(Job.type == view.type)
    if view.person:
        query = query.where(Job.user_id == whole(view.person))
    return query.where(found_by(view.q)) if view.q else query


def found_by(q: str) -> ColumnElement[bool]:
    """A job number (with or without #), a part of a file's name, or a type."""
    pattern = contains(q)
    files = select(StoredFile.id).where(StoredFile.name.ilike(pattern, escape=ESCAPE))
    types = [name for name, label in type_labels().items() if q.lower() in label.lower()]
    ways = [Job.file_id.in_(files), Job.type.ilike(pattern, escape=ESCAPE), Job.type.in_(types)]
    number = q.removeprefix("#").replace(",", "")
    return or_(*ways, Job.id == whole(number)) if number.isdecimal() else or_(*ways)


def whole(text: str) -> int:
    """0 for what is no number of a row."""
    plain = text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST))
    return number if plain and (number := int(text)) <= LARGEST else 0


def counted(view: View) -> int:
    """Up to MOST_COUNTED: a person needs no exact figure beyond."""
    some = narrowed(select(Job.id), view).limit(MOST_COUNTED + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def newest_id(view: View) -> int:
    return db.session.scalar(narrowed(select(func.max(Job.id)), view)) or 0


def people() -> list[User]:
    """For the filter of those who may see everybody's jobs."""
    if not may(current_user, Permission.JOBS_VIEW_ALL):
        return []
    return list(db.session.scalars(select(User).order_by(User.name, User.id)))
