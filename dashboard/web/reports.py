"""Reports: what can be asked, the form of one, and its last runs."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.auth.permissions import Permission
from dashboard.auth.visibility import visible_job
from dashboard.errors import ConfigurationError, Forbidden, InputRefused, JobEngineError, NotFound
from dashboard.extensions import db, transaction
from dashboard.jobs.dispatcher import dispatch
from dashboard.jobs.presenter import views
from dashboard.jobs.registry import JobType, Kind
from dashboard.models.job import Job
from dashboard.reports.parameter_types import Choices
from dashboard.reports.recipients import check_recipients
from dashboard.reports.report import Report, report_for
from dashboard.reports.runs import newest_runs, parameters_of, runs_of
from dashboard.reports.submitted import choices_of, read_data
from dashboard.web.engine import connection, engine_context
from dashboard.web.guard import requires
from dashboard.web.import_starting import note, person
from dashboard.web.import_types import may_run
from dashboard.web.reports_form import ReportForm, days_of, form_for

log = structlog.get_logger("jobengine.web")
bp = Blueprint("reports", __name__, url_prefix="/reports")


@bp.get("")
@requires(Permission.JOBS_VIEW_OWN)
def index() -> ResponseReturnValue:
    types = [found for found in engine_context().registry.all(Kind.REPORT) if may_run(found)]
    newest = newest_runs(db.session(), current_user, [found.name for found in types])
    shown = {view.job.type: view for view in views(connection(), list(newest.values()))}
    return render_template("reports/index.html", types=types, runs=shown, words=words_of(newest))


@bp.get("/<type_name>")
@requires(Permission.JOBS_VIEW_OWN)
def show(type_name: str) -> ResponseReturnValue:
    """`again` names a run whose parameters the form begins with."""
    job_type, report = known(type_name)
    given: Mapping[str, Any] = {}
    if again := request.args.get("again"):
        job = visible_job(db.session(), current_user, again)
        given = job.options.get("params") or {} if job.type == type_name else {}
    form, problem = first_form(report, given)
    return page(job_type, report, form, problem)


@bp.post("/<type_name>/runs")
@requires(Permission.JOBS_RUN)
def run(type_name: str) -> ResponseReturnValue:
    job_type, report = known(type_name)
    form, problem = first_form(report, {})
    try:
        if not form.validate():
            raise InputRefused("Something in the form is wrong. See below.")
        job_id = begin(job_type, form.data_of())
    except InputRefused as error:
        form.show(error)
        return make_response(page(job_type, report, form, problem), 422)
    return redirect(url_for("job.show", job_id=job_id), 303)


def begin(job_type: JobType, data: Mapping[str, Any]) -> int:
    """Raises InputRefused; then there is no job."""
    context = engine_context()
    asked = read_data(job_type, data, context.target.connect)
    with transaction() as tx:
        addresses = asked.options.get("mailTo", ())
        check_recipients(tx.connection(), context.settings, addresses)
        job = dispatch(context, tx, job_type.name, user=person(), options=asked.options)
        note(tx, "job.created", job.id, type=job_type.name, **asked.options)
        return job.id


def known(name: str) -> tuple[JobType, Report]:
    """Raises NotFound (no report of that name, or its class is broken) and Forbidden."""
    types = {found.name: found for found in engine_context().registry.all(Kind.REPORT)}
    if name not in types:
        raise NotFound(f"There is no report {name!r}. It may have been removed.")
    job_type = types[name]
    if not may_run(job_type):
        raise Forbidden(f"Your role may not see {job_type.label}. An admin can change that.")
    try:
        return job_type, report_for(job_type)
    except ConfigurationError as error:
        log.error("job_type_broken", type=name, message=error.message)
        raise NotFound(f"{job_type.label} cannot be run now: an engineer must mend it.") from None


def first_form(report: Report, given: Mapping[str, Any]) -> tuple[ReportForm, str]:
    """The form, and why its choices could not be read (they are empty then)."""
    choices: dict[str, Choices] = {}
    problem = ""
    for name, parameter in report.parameters.items():
        try:
            if parameter.type == "choice":
                choices[name] = choices_of(parameter, engine_context().target.connect)
        except (JobEngineError, ConnectionError) as error:
            problem = str(error)
    return form_for(report, choices, given), problem


def page(job_type: JobType, report: Report, form: ReportForm, problem: str) -> str:
    runs = runs_of(db.session(), current_user, job_type.name)
    return render_template(
        "reports/show.html",
        type=job_type,
        report=report,
        form=form,
        days=days_of(report),
        problem=problem,
        mail=bool(engine_context().settings.smtp_url),
        runs=views(connection(), runs),
        words=words_by_id(runs, report),
    )


def words_of(newest: Mapping[str, Job]) -> dict[str, list[tuple[str, str]]]:
    return {name: parameters_of(job, None) for name, job in newest.items()}


def words_by_id(runs: Sequence[Job], report: Report) -> dict[int, list[tuple[str, str]]]:
    return {job.id: parameters_of(job, report) for job in runs}
