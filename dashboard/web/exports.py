"""The files that exports and reports make, newest first: how far they are, how long they are kept,
who took them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from dashboard.audit.downloads import Taken, is_over, taken
from dashboard.auth.permissions import Permission, may
from dashboard.auth.visibility import may_change, visible_jobs
from dashboard.extensions import db
from dashboard.formats.write_options import PACKED_SUFFIXES, SUFFIXES
from dashboard.jobs.presenter import JobView, views
from dashboard.jobs.registry import WHOLE, Kind
from dashboard.lib.keyset import Cursor, Keyset, Page
from dashboard.models.job import Job
from dashboard.models.states import JobStatus
from dashboard.models.stored_file import StoredFile
from dashboard.web.asked import words
from dashboard.web.engine import WITH_NAMES, connection, engine_context, type_labels
from dashboard.web.guard import requires
from dashboard.web.htmx import page_or_fragment

bp = Blueprint("exports", __name__, url_prefix="/exports")

IN_ORDER: tuple[Any, ...] = (Job.id,)
NEWEST: Keyset[Job] = Keyset(IN_ORDER, lambda job: (job.id,))
ENDINGS = {suffix: name for name, suffix in SUFFIXES.items()}
PACKED = {suffix: name for name, suffix in PACKED_SUFFIXES.items() if suffix}
WORDS = {"json-lines": "JSON Lines", "parquet": "Parquet", "gzip": "gzip", "zip": "zip"}


@dataclass(frozen=True, slots=True)
class Row:
    """A job with its file, if there is one. `kept`: its bytes can be had."""

    view: JobView
    file: StoredFile | None
    taken: Taken | None
    changeable: bool

    @property
    def job(self) -> Job:
        return self.view.job

    @property
    def kept(self) -> bool:
        return self.file is not None and self.file.removed_at is None and not is_over(self.file)

    @property
    def format(self) -> str:
        """As people say it: "CSV, gzip"."""
        if self.file is None and self.job.kind != Kind.EXPORT:
            return ""
        names = formats_in(self.file.name) if self.file else chosen(self.job.options)
        return ", ".join(WORDS.get(name, name.upper()) for name in names)


@bp.get("")
@requires(Permission.JOBS_VIEW_OWN)
def index() -> ResponseReturnValue:
    cursor = Cursor.decode(request.args.get("place"), (int,))
    chosen_type = words(request.args, "type", 80)
    names = (*WITH_NAMES, joinedload(Job.output))
    query = NEWEST.select(listed(select(Job).options(*names), chosen_type), cursor)
    page = NEWEST.page(db.session.scalars(query).all(), cursor)
    rows = rows_of(page.rows)
    return page_or_fragment(
        "exports/index.html",
        "exports/_files.html",
        rows=rows,
        first=cursor is None,
        addresses=addresses(page, chosen_type),
        running=any(not row.view.final for row in rows),
        oversees=oversees(),
        type=chosen_type,
        labels=type_labels(),
        types=types(),
        days=engine_context().settings.export_days,
    )


def listed(query: Select[Any], chosen_type: str) -> Select[Any]:
    """Jobs that make a file; a draft is none yet."""
    query = query.where(visible_jobs(current_user), Job.kind.in_(WHOLE))
    query = query.where(Job.status != JobStatus.DRAFT)
    return query.where(Job.type == chosen_type) if chosen_type else query


def rows_of(jobs: Sequence[Job]) -> list[Row]:
    files = [job.output.id for job in jobs if job.output]
    by_file = taken(db.session(), files) if oversees() else {}
    return [
        Row(
            shown,
            shown.job.output,
            by_file.get(shown.job.output_id or 0),
            may_change(current_user, shown.job),
        )
        for shown in views(connection(), jobs)
    ]


def oversees() -> bool:
    return may(current_user, Permission.JOBS_VIEW_ALL)


def addresses(page: Page[Job], chosen_type: str) -> Mapping[str, str]:
    """Of this list, and of the pages beside it."""
    places = {"here": request.args.get("place"), "newer": page.previous, "older": page.next}
    return {
        name: url_for(".index", place=place or None, type=chosen_type or None)
        for name, place in places.items()
        if place or name == "here"
    }


def types() -> dict[str, str]:
    """What the list can be narrowed to, by name."""
    known = engine_context().registry.all()
    return {job_type.name: job_type.label for job_type in known if job_type.kind in WHOLE}


def formats_in(name: str) -> list[str]:
    """The format a file's name ends in, and how it is packed."""
    stem, dot, last = name.rpartition(".")
    packed = PACKED.get(f"{dot}{last}".lower())
    ending = f".{stem.rpartition('.')[2]}" if packed else f"{dot}{last}"
    found = [ENDINGS.get(ending.lower(), ""), packed or ""]
    return [name for name in found if name]


def chosen(options: Mapping[str, Any]) -> list[str]:
    """The same, of a file that is not there yet."""
    packed = options.get("compression") or "none"
    return [str(options.get("format") or "csv"), *([str(packed)] if packed != "none" else [])]
