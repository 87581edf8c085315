"""Which import types a person may run, and what a file of each must and may hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from flask_login import current_user

from dashboard.auth.permissions import Permission, may
from dashboard.errors import ConfigurationError, Forbidden, InputRefused
from dashboard.importers.any_file import AnyFileImporter
from dashboard.importers.importer import Importer, importer_for
from dashboard.importers.key_choice import known_keys
from dashboard.jobs.registry import JobType, Kind
from dashboard.records.fields import Field
from dashboard.records.table import TableDescription
from dashboard.web.engine import engine_context

log = structlog.get_logger("jobengine.web")


@dataclass(frozen=True, slots=True)
class Needs:
    """What the page says about a type; `fields` has the required ones first."""

    fields: Sequence[Field] = ()
    keys: Sequence[tuple[str, ...]] = ()


def may_run(job_type: JobType) -> bool:
    """Does the type let this person's role run it? Admins may run every type."""
    open_to = not job_type.roles or current_user.role in job_type.roles
    return open_to or may(current_user, Permission.JOBS_CHANGE_ALL)


def own_types() -> list[JobType]:
    return [found for found in engine_context().registry.all(Kind.IMPORT) if may_run(found)]


def import_type(name: str) -> JobType:
    """Raises InputRefused (none chosen, unknown, no import) and Forbidden."""
    if not name:
        raise InputRefused("Choose what the file holds.", details={"field": "type"})
    job_type = engine_context().registry.get(name)
    if job_type.kind is not Kind.IMPORT:
        message = f"{job_type.label} is no import. Choose one from the list."
        raise InputRefused(message, details={"field": "type"})
    if not may_run(job_type):
        raise Forbidden(f"Your role may not import {job_type.label}. An admin can change that.")
    return job_type


def takes_any_file(job_type: JobType) -> bool:
    """It makes a new table of whatever the file holds: there are no fields to choose."""
    return job_type.importer is not None and job_type.load_importer() is AnyFileImporter


def described(job_type: JobType) -> tuple[Importer, TableDescription]:
    """A table only the target knows is read there. Raises ConfigurationError."""
    importer = importer_for(job_type)
    return importer, importer.describe(engine_context().target.connect)


def needs_of(job_types: Sequence[JobType]) -> Mapping[str, Needs]:
    return {job_type.name: needs(job_type) for job_type in job_types}


def needs(job_type: JobType) -> Needs:
    """Nothing for a type whose table is gone: its name must not take the page away from others."""
    if takes_any_file(job_type):
        return Needs()
    try:
        _, target = described(job_type)
    except ConfigurationError as error:
        log.error("job_type_broken", type=job_type.name, message=error.message)
        return Needs()
    fields = sorted(target.fields, key=lambda field: not field.required)
    return Needs(fields, known_keys(target))
