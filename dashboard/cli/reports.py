"""`flask jobs report`: its parameters, who gets it by mail, and where to put the file."""

import sys
from typing import Any

import click
from flask.cli import with_appcontext

from dashboard.cli.exits import Exit, UsageCommand
from dashboard.cli.file_output import STDOUT, by_suffix, check_place, opened, output_key, stay
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
from dashboard.cli.output import exit_code, print_job, say
from dashboard.cli.submitting import submit
from dashboard.errors import InputRefused, JobEngineError
from dashboard.formats.write_options import FORMATS, WriteOptions
from dashboard.jobs.registry import Kind
from dashboard.models.columns import AnyRow
from dashboard.models.states import JobStatus
from dashboard.reports.messages import cut_words
from dashboard.reports.results import file_pieces


@click.command("report", cls=UsageCommand)
@click.argument("type_name", metavar="TYPE")
@click.option("--param", multiple=True, metavar="NAME=VALUE", help="Left out: its default.")
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Default: FILE's, or csv.")
@click.option("--mail-to", multiple=True, metavar="ADDRESS", help="Of an active user.")
@click.option("--mail-format", type=click.Choice(FORMATS), help="Default: xlsx.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Wait, and write the finished result there; - is standard output.",
)
@inline_option
@watch_option
@user_option
@as_json_option
@with_appcontext
def report(
    type_name: str,
    param: tuple[str, ...],
    output: str | None,
    format_: str | None,
    inline: bool,
    watching: bool,
    email: str | None,
    as_json: bool,
    **mail: Any,
) -> None:
    """Run the report TYPE; returns when queued unless --watch, --inline or -o FILE."""
    if format_ and output is None:
        raise click.UsageError("--format is for -o FILE.")
    check_place(output, as_json=as_json)
    data = {"params": dict(map(name_and, param)), **mail_of(**mail)}
    try:
        job_id = submit(type_name, Kind.REPORT, data, acting_user(email))
        if output is None:
            follow(job_id, inline=inline, watching=watching, as_json=as_json)
        options = WriteOptions(format=format_ or by_suffix(str(output))[0] or "csv")
        job = stay(job_id, inline=inline, watching=watching)
        if job.status == JobStatus.COMPLETED:
            with opened(job, str(output)) as target:
                target.writelines(file_pieces(context().store, output_key(job), options))
        end(job, output == STDOUT, as_json=as_json)
    except InputRefused as error:
        if error.code == "input_refused":
            raise click.UsageError(error.message) from None
        refuse(error)
    except JobEngineError as error:
        refuse(error)


def name_and(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.UsageError(f"--param {text!r}: use NAME=VALUE.")
    return name, value


def mail_of(mail_to: tuple[str, ...], mail_format: str | None) -> dict[str, Any]:
    data = {"mailTo": list(mail_to) or None, "mailFormat": mail_format}
    return {name: value for name, value in data.items() if value is not None}


def end(job: AnyRow, to_stdout: bool, *, as_json: bool) -> None:
    if not to_stdout:
        print_job(job, as_json=as_json)
    elif job.error_message:
        say(job.error_message)
    facts = job.meta.get("report") or {}
    if facts.get("cut"):
        say(cut_words(facts, job.created))
    sys.exit(exit_code(job) if job.status == JobStatus.COMPLETED else Exit.FAILED)
