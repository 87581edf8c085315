"""A job from a command's options, for the kinds that take no file."""

from collections.abc import Mapping
from typing import Any

import click

from dashboard.audit.entries import record
from dashboard.cli.jobs import context
from dashboard.extensions import transaction
from dashboard.jobs.dispatcher import dispatch
from dashboard.jobs.registry import Kind
from dashboard.kinds.submitted import read_data
from dashboard.models.user import User


def submit(type_name: str, kind: Kind, data: Mapping[str, Any], user: User) -> int:
    """The new job's number. `data` is as REST takes it.

    Raises UsageError for a type of another kind, InputRefused naming the key of `data`.
    """
    engine = context()
    job_type = engine.registry.get(type_name)
    if job_type.kind is not kind:
        raise click.UsageError(f"{type_name} is no {kind} type.")
    # Reading, it neither waits for a writer nor holds one up, this command's session included.
    connect = engine.target.execution_options(sqlite_begin="DEFERRED").connect
    with transaction() as session:
        told: dict[str, Any] = {"session": session, "user": user, "settings": engine.settings}
        read = read_data(job_type, data, connect, **told)
        how: dict[str, Any] = {"options": read.options, "chunk_rows": read.chunk_rows}
        job = dispatch(engine, session, type_name, user=user, **how)
        record(session, user, "job.created", "job", job.id, "cli", type=type_name)
        return job.id
