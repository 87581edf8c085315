"""`flask jobs sync`: bring a table in step with its source."""

from typing import Any

import click
from flask.cli import with_appcontext

from dashboard.cli.exits import UsageCommand
from dashboard.cli.jobs import (
    acting_user,
    as_json_option,
    follow,
    inline_option,
    refuse,
    user_option,
    watch_option,
)
from dashboard.cli.submitting import submit
from dashboard.errors import InputRefused, JobEngineError, UnknownJobType
from dashboard.jobs.registry import Kind


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
    data = {
        "fullRefresh": chosen["full_refresh"] or None,
        "mostDeletedPercent": chosen["most_deleted_percent"],
        "chunkRows": chosen["chunk_rows"],
    }
    try:
        job_id = submit(type_name, Kind.SYNC, data, acting_user(email))
        follow(job_id, inline=inline, watching=watching, as_json=as_json)
    except UnknownJobType as error:
        refuse(error)
    except InputRefused as error:
        raise click.UsageError(error.message) from None
    except JobEngineError as error:
        refuse(error)
