"""The job types one may run, with their fields."""

from typing import Any

import structlog
from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from dashboard.api.engine import bearer, engine_context
from dashboard.auth.guards import requires
from dashboard.auth.permissions import Permission, Person, may
from dashboard.errors import ConfigurationError, InputRefused
from dashboard.exporters.submitted import schema_fields as export_fields
from dashboard.formats.reading_choices import FORMATS
from dashboard.formats.write_options import FORMATS as WRITE_FORMATS
from dashboard.importers.importer import importer_for
from dashboard.jobs.registry import JobType, Kind
from dashboard.reports.submitted import schema_fields as report_fields

bp = Blueprint("job_types", __name__, url_prefix="/job-types")

FORMATS_OF = {Kind.IMPORT: FORMATS, Kind.EXPORT: WRITE_FORMATS, Kind.REPORT: WRITE_FORMATS}

log = structlog.get_logger("jobengine.api")


@bp.get("")
@requires(Permission.JOBS_VIEW_OWN)
def index() -> ResponseReturnValue:
    found = [t for t in engine_context().registry.all() if shown_to(bearer(), t)]
    return jsonify(jobTypes=[body(job_type) for job_type in found])


def may_run(person: Person, job_type: JobType) -> bool:
    """Does the type let this person's role run it? Admins may run every type."""
    open_to = not job_type.roles or person.role in job_type.roles
    return open_to or may(person, Permission.JOBS_CHANGE_ALL)


def shown_to(person: Person, job_type: JobType) -> bool:
    return may_run(person, job_type) or may(person, Permission.JOBS_VIEW_ALL)


def body(job_type: JobType) -> dict[str, Any]:
    return {
        "type": job_type.name,
        "label": job_type.label,
        "kind": str(job_type.kind),
        "strategy": str(job_type.strategy),
        "description": job_type.description,
        "fields": fields_of(job_type),
        "formats": list(FORMATS_OF.get(job_type.kind, ())),
    }


def fields_of(job_type: JobType) -> list[dict[str, Any]]:
    """None for a type whose table is missing: the others must not suffer from it."""
    connect = engine_context().target.connect
    try:
        if job_type.kind is Kind.EXPORT:
            return export_fields(job_type, connect)
        if job_type.kind is Kind.REPORT:
            return report_fields(job_type)
        if job_type.kind is Kind.SYNC:
            return []
        described = importer_for(job_type).describe(connect)
    except (ConfigurationError, InputRefused) as error:
        log.warning("fields_unknown", type=job_type.name, reason=error.message)
        return []
    return [field.as_json() for field in described.fields]
