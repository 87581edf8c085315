"""The job engine of this application, as pages use it."""

from typing import cast

from flask import current_app
from sqlalchemy import Connection
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.interfaces import LoaderOption

from dashboard.extensions import db
from dashboard.jobs.context import JobContext
from dashboard.models.job import Job

# What every list and page of jobs shows beside the row itself.
WITH_NAMES: tuple[LoaderOption, ...] = (
    joinedload(Job.user),
    joinedload(Job.file),
    joinedload(Job.output),
)


def engine_context() -> JobContext:
    return cast(JobContext, current_app.extensions["jobengine"])


def connection() -> Connection:
    """The request's own connection: what it reads is of one moment."""
    return db.session.connection()


def type_labels() -> dict[str, str]:
    """Job types by name; a job of a type that is gone shows its name."""
    return {job_type.name: job_type.label for job_type in engine_context().registry.all()}
