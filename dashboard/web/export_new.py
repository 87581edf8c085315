"""New export: choose a type, then which records, which columns and what kind of file.

All that is chosen lives in the form itself. Buttons that change the form send it and get it back,
as a fragment for htmx and as a page without script; only the last one makes a job.
"""

from collections.abc import Callable, Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from dashboard.audit.entries import record
from dashboard.auth.permissions import Permission
from dashboard.errors import InputRefused, NotFound
from dashboard.exporters.filters import where
from dashboard.exporters.filters_counting import Found
from dashboard.exporters.filters_counting import count as count_rows
from dashboard.exporters.presets import LONGEST_NAME, find_preset, presets_of, save_preset
from dashboard.exporters.quoting import shown
from dashboard.extensions import db, transaction
from dashboard.jobs.dispatcher import dispatch
from dashboard.jobs.registry import JobType
from dashboard.models.export_preset import ExportPreset
from dashboard.web import export_form
from dashboard.web.engine import engine_context
from dashboard.web.export_form import ExportForm
from dashboard.web.export_types import export_type, exported, own_types
from dashboard.web.guard import requires
from dashboard.web.htmx import fragment, is_fragment
from dashboard.web.import_starting import note, person
from dashboard.web.security import client_address

bp = Blueprint("export_new", __name__, url_prefix="/exports/new")

DAYS = ("today", "yesterday", "-7d", "-30d", "start-of-week", "start-of-month", "start-of-year")


@bp.get("")
@requires(Permission.JOBS_RUN)
def new() -> ResponseReturnValue:
    """The address names the type and, if one likes, a preset of one's own."""
    types = own_types()
    if not types:
        return render_template("exports/new.html", types=types)
    job_type = export_type(request.args.get("type") or types[0].name)
    table, labels = exported(job_type)
    name, missing = request.args.get("preset", ""), ""
    preset: ExportPreset | None = None
    try:
        preset = find_preset(db.session(), person(), job_type.name, name) if name else None
    except NotFound as error:
        missing = error.message
    options = preset.options if preset else {}
    form = ExportForm.of_options(options, table, labels=labels)
    return page(job_type, form, preset=preset, problem=missing), 404 if missing else 200


@bp.post("")
@requires(Permission.JOBS_RUN)
def change() -> ResponseReturnValue:
    """A step in the form, a preset to save, or the start."""
    job_type, form = sent()
    act, _, about = request.form.get("act", "").partition(":")
    if act == "count":
        return page(job_type, form, counted=counted(form))
    if act in STEPS:
        STEPS[act](form, about)
        return page(job_type, form, focus=FOCUS.get(act, ""))
    if act not in ENDS:
        message = f"There is no step {shown(act)}. Press one of the buttons."
        return page(job_type, form, problem=message), 422
    if not form.check():
        return page(job_type, form, problem="Something below does not fit yet."), 422
    if act in ("save", "replace"):
        return keep(job_type, form, replacing=act == "replace")
    return redirect(url_for("job.show", job_id=start(job_type, form)), 303)


@bp.post("/count")
@requires(Permission.JOBS_RUN)
def count() -> ResponseReturnValue:
    """The page asks by itself whenever a filter changes."""
    _, form = sent()
    return fragment("exports/_count.html", counted=counted(form), filtered=bool(form.rows))


def counted(form: ExportForm) -> Found | None:
    """How many rows the filters leave, in a bounded time; those without a value yet do not count.

    None when a filter does not fit.
    """
    try:
        tests = where(form.table, [row.as_filter() for row in form.rows if row.is_filled])
    except InputRefused:
        return None
    return count_rows(engine_context().target, form.table, tests)


def sent() -> tuple[JobType, ExportForm]:
    """The form of the request. Raises InputRefused and Forbidden."""
    job_type = export_type(request.form.get("type", ""))
    table, labels = exported(job_type)
    return job_type, ExportForm.of_form(request.form, table, labels=labels)


def start(job_type: JobType, form: ExportForm) -> int:
    """The number of the job. Filters and columns were checked; the job looks again."""
    db.session.rollback()
    with transaction() as tx:
        options = form.options()
        job = dispatch(engine_context(), tx, job_type.name, user=person(), options=options)
        note(tx, "job.created", job.id, type=job_type.name, options=options)
        return job.id


def keep(job_type: JobType, form: ExportForm, *, replacing: bool) -> ResponseReturnValue:
    """Under the name of the form; one of that name is replaced when it was opened, or said so."""
    name = " ".join(request.form.get("preset_name", "").split())
    known = [preset.name for preset in presets_of(db.session(), person(), job_type.name)]
    if name in known and name != request.form.get("opened") and not replacing:
        form.problems["preset"] = f"You have a preset “{name}” already."
        return page(job_type, form, taken=name), 422
    db.session.rollback()
    try:
        with transaction() as tx:
            preset = save_preset(tx, person(), job_type.name, name, form.options())
            detail = {"type": job_type.name, "name": preset.name}
            address = client_address()
            record(tx, person(), "preset.saved", "preset", preset.id, address, **detail)
            name = preset.name
    except InputRefused as error:
        form.problems["preset"] = error.message
        return page(job_type, form), 422
    flash(f"Saved as “{name}”.", "success")
    return redirect(url_for(".new", type=job_type.name, preset=name), 303)


def page(
    job_type: JobType,
    form: ExportForm,
    *,
    preset: ExportPreset | None = None,
    problem: str = "",
    taken: str = "",
    focus: str = "",
    counted: Found | None = None,
) -> Response:
    return fragment(
        "exports/_choices.html" if is_fragment() else "exports/new.html",
        types=own_types(),
        type=job_type,
        form=form,
        presets=presets_of(db.session(), person(), job_type.name),
        opened=preset.name if preset else sent_name("opened"),
        preset_name=preset.name if preset else sent_name("preset_name"),
        problem=problem,
        taken=taken,
        focus=focus,
        counted=counted,
        filtered=bool(form.rows),
        days=DAYS,
        words=export_form,
    )


def sent_name(field: str) -> str:
    """As typed; one that is too long stays too long."""
    return request.form.get(field, "")[: LONGEST_NAME + 1]


STEPS: Mapping[str, Callable[[ExportForm, str], object]] = {
    "add": lambda form, _: form.add_row(request.form.get("add", "")),
    "remove": lambda form, number: form.remove_row(number),
    "refresh": lambda form, _: None,
    "all": lambda form, _: form.choose_all(True),
    "none": lambda form, _: form.choose_all(False),
    "up": lambda form, name: form.move(name, -1),
    "down": lambda form, name: form.move(name, 1),
}
# What is only done when all is right.
ENDS = ("save", "replace", "start")
# Where the caret goes on in the changed form; elsewhere it stays on its button.
FOCUS = {"add": "last", "remove": "add"}
