"""`flask jobs sync`: bring a table in step with its source."""

from typing import Any

import click
from flask.cli import with_appcontext

from dashboard.audit.entries import record
from dashboard.cli.exits import UsageCommand
from dashboard.cli.jobs import (
    acting_user,
    as_json_option,
    context,
    follow,
    inline_option,
    refuse,
    user_option,
    watch_option,
)
from dashboard.errors import InputRefused, JobEngineError
from dashboard.extensions import transaction
from dashboard.jobs.dispatcher import dispatch
from dashboard.jobs.registry import JobType, Kind
from dashboard.jobs.submission import Submitted
from dashboard.sync.submitted import read_data


@click.command("sync", cls=UsageCommand)
@click.argument("type_name", metavar="TYPE")
@click.option("--full-refresh", is_flag=True, help="Read the source from the start.")
@click.option(
    "--most-deleted-percent",
    type=click.FloatRange(0, 100),
    help="A mirror that would delete more stops and asks.",
)
@click.option("--chunk-rows", type=click.IntRange(min=1), help="At most this many rows a chunk.")
@inline_option
@watch_option
@user_option
@as_json_option
@with_appcontext
def sync(
    type_name: str, inline: bool, watching: bool, email: str | None, as_json: bool, **chosen: Any
) -> None:
    """Sync TYPE; returns when queued unless --watch or --inline."""
    try:
        job_type = context().registry.get(type_name)
        if job_type.kind is not Kind.SYNC:
            raise click.UsageError(f"{type_name} is no sync type.")
        job_id = submit(type_name, submitted(job_type, chosen), email)
        follow(job_id, inline=inline, watching=watching, as_json=as_json)
    except JobEngineError as error:
        refuse(error)


def submit(type_name: str, asked: Submitted, email: str | None) -> int:
    user = acting_user(email)
    how: dict[str, Any] = {"options": asked.options, "chunk_rows": asked.chunk_rows}
    with transaction() as session:
        job = dispatch(context(), session, type_name, user=user, **how)
        record(session, user, "job.created", "job", job.id, "cli", type=type_name)
        return job.id


def submitted(job_type: JobType, chosen: dict[str, Any]) -> Submitted:
    """The command's options by the names of the API, checked as the API checks them."""
    data = {
        "fullRefresh": chosen["full_refresh"] or None,
        "mostDeletedPercent": chosen["most_deleted_percent"],
        "chunkRows": chosen["chunk_rows"],
    }
    try:
        return read_data(job_type, data, context().target.connect)
    except InputRefused as error:
        raise click.UsageError(error.message) from None
