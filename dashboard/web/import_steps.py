"""The steps of a draft: reading, columns, ready; then check, run, or throw it away.

Everything chosen lives in the draft's options, so a step can be opened again at any time.
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response

from dashboard.auth.permissions import Permission
from dashboard.errors import FileRefused, InputRefused
from dashboard.extensions import db, transaction
from dashboard.formats.reading_choices import Reading
from dashboard.importers.any_file import table_name
from dashboard.jobs.actions import cancel
from dashboard.jobs.drafts import change_draft
from dashboard.web.engine import engine_context
from dashboard.web.guard import requires
from dashboard.web.htmx import fragment, is_fragment
from dashboard.web.import_columns import ColumnChoices, form_choices
from dashboard.web.import_drafts import Draft, Started, looked_up, own_draft
from dashboard.web.import_look import have_counted, look_at
from dashboard.web.import_pages import mapping_parts, reading_parts, ready_parts
from dashboard.web.import_rows import rows_from_form, with_reading, with_rows
from dashboard.web.import_starting import go, note, person
from dashboard.web.mappings import apply_saved, save_mapping

bp = Blueprint("drafts", __name__, url_prefix="/imports/<int:job_id>")


@bp.errorhandler(Started)
def started(error: Started) -> ResponseReturnValue:
    """In another tab, or long ago: the job's page says how it stands."""
    if request.method == "POST":
        flash(error.message, "warning")
    job_id = (request.view_args or {})["job_id"]
    return redirect(url_for("job.show", job_id=job_id), 303)


@bp.get("")
@requires(Permission.JOBS_RUN)
def show(job_id: int) -> ResponseReturnValue:
    """Where the draft was left: the first step with a question."""
    draft = looked_up(job_id)
    return to(draft.first_step or "ready", job_id)


@bp.get("/reading")
@requires(Permission.JOBS_RUN)
def reading(job_id: int) -> ResponseReturnValue:
    draft = looked_up(job_id)
    return reading_page(draft, draft.reading.to_options())


@bp.post("/reading")
@requires(Permission.JOBS_RUN)
def read_again(job_id: int) -> ResponseReturnValue:
    """What cannot be read so is shown as typed, and not kept."""
    draft = looked_up(job_id)
    typed = {name: value for name, value in request.form.items() if value != "auto"}
    try:
        chosen = Reading.from_options(typed)
        look = look_at(engine_context(), draft.file, chosen)
    except FileRefused as error:
        return reading_page(draft, typed, error.message), 422
    if look.refusal:
        return reading_page(draft, typed, look.refusal), 422
    db.session.rollback()
    with transaction() as tx:
        draft = own_draft(tx, job_id)
        change_draft(tx, job_id, with_reading(draft.options, chosen.to_options()))
        have_counted(engine_context(), tx, draft.file, chosen, person())
    return to("reading", job_id)


def reading_page(draft: Draft, typed: Mapping[str, Any], refusal: str | None = None) -> Response:
    template = "imports/_reading.html" if is_fragment() else "imports/reading.html"
    return fragment(template, **reading_parts(draft, typed, refusal))


@bp.get("/mapping")
@requires(Permission.JOBS_RUN)
def mapping(job_id: int) -> ResponseReturnValue:
    draft = looked_up(job_id)
    if draft.look.refusal:
        return to("reading", job_id)
    if draft.any_file:
        return table_page(draft, str(draft.options.get("table", "")))
    choices = apply_saved(draft, request.args.get("saved", "")) or draft.choices
    return fragment("imports/mapping.html", **mapping_parts(draft, choices, draft.options))


@bp.post("/mapping")
@requires(Permission.JOBS_RUN)
def choose(job_id: int) -> ResponseReturnValue:
    """Keep the choices and go on; what does not fit comes back as typed, with its reason."""
    draft = looked_up(job_id)
    if draft.look.refusal:
        return to("reading", job_id)
    if draft.any_file:
        return choose_table(draft)
    act = request.form.get("act", "")
    if act == "load":
        return redirect(
            url_for(".mapping", job_id=job_id, saved=request.form.get("saved", "")), 303
        )
    choices, options, problem = chosen(draft)
    if problem or (choices.bad and act != "later"):
        parts = mapping_parts(draft, choices, request.form, problem, typed=True)
        return fragment("imports/mapping.html", **parts), 422
    return keep_choices(job_id, choices, options, act)


def chosen(draft: Draft) -> tuple[ColumnChoices, dict[str, Any], str | None]:
    """The form as choices and options, and what is wrong with the form as a whole."""
    form, options, problem = request.form, dict(draft.options), None
    try:
        options = with_rows(options, rows_from_form(form, draft.type.name))
    except InputRefused as error:
        problem = error.message
    choices = form_choices(draft.type, draft.choices, options, form)
    if form.get("stamp") != draft.choices.stamp:
        problem = "The file is now read in another way, so its columns changed. Look again."
        choices = draft.choices
    elif form.get("act") == "save" and not form.get("save_name", "").strip():
        problem = "Give the mapping a name to save it under."
    elif form.get("act") == "later" and any(c.problem for c in choices.columns):
        problem = "This cannot be kept yet: correct the columns marked below."
    return choices, options, problem


def keep_choices(
    job_id: int, choices: ColumnChoices, options: Mapping[str, Any], act: str
) -> ResponseReturnValue:
    db.session.rollback()
    with transaction() as tx:
        draft = own_draft(tx, job_id)
        change_draft(tx, job_id, {**options, **choices.options()})
        if act == "save":
            save_mapping(tx, draft, choices, request.form)
    if act == "later":
        flash("The draft is kept. It waits for you under New import.", "success")
        return redirect(url_for("imports.new"), 303)
    return to("mapping" if act == "save" else "ready", job_id)


def table_page(draft: Draft, name: str, problem: str | None = None) -> Response:
    return fragment("imports/table.html", draft=draft, name=name, problem=problem, step="mapping")


def choose_table(draft: Draft) -> ResponseReturnValue:
    name, job_id = request.form.get("table", "").strip(), draft.id
    try:
        table = table_name(name)
    except InputRefused as error:
        return table_page(draft, name, error.message), 422
    db.session.rollback()
    with transaction() as tx:
        draft = own_draft(tx, job_id)
        change_draft(tx, job_id, {**draft.options, "table": table})
    return to("ready", job_id)


@bp.get("/ready")
@requires(Permission.JOBS_RUN)
def ready(job_id: int) -> ResponseReturnValue:
    draft = looked_up(job_id)
    if draft.look.refusal:
        return to("reading", job_id)
    return fragment("imports/ready.html", **ready_parts(draft))


@bp.post("/check")
@requires(Permission.JOBS_RUN)
def check(job_id: int) -> ResponseReturnValue:
    return go_on(job_id, checking=True)


@bp.post("/run")
@requires(Permission.JOBS_RUN)
def run(job_id: int) -> ResponseReturnValue:
    return go_on(job_id, checking=False)


def go_on(job_id: int, *, checking: bool) -> ResponseReturnValue:
    """What still asks something is asked first."""
    step = looked_up(job_id).first_step
    db.session.rollback()
    if step in ("reading", "mapping"):
        return to(step, job_id)
    with transaction() as tx:
        made = go(tx, own_draft(tx, job_id), checking=checking)
    return redirect(url_for("job.show", job_id=made), 303)


@bp.post("/discarding")
@requires(Permission.JOBS_RUN)
def discard(job_id: int) -> ResponseReturnValue:
    with transaction() as tx:
        draft = own_draft(tx, job_id)
        cancel(engine_context(), tx, job_id, current_user.name)
        note(tx, "job.discarded", job_id, type=draft.type.name)
    flash(f"Draft #{job_id} is thrown away. Nothing was imported.", "success")
    return redirect(url_for("imports.new"), 303)


def to(step: str, job_id: int) -> ResponseReturnValue:
    return redirect(url_for(f"drafts.{step}", job_id=job_id), 303)
