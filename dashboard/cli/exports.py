"""`flask jobs export`: which rows, which columns, what kind of file, and where to put it."""

import re
import shutil
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
from dashboard.formats.write_options import (
    COMPRESSIONS,
    DECIMALS,
    ENCODINGS,
    FORMATS,
)
from dashboard.jobs.registry import Kind
from dashboard.models.states import JobStatus

COMPARISON = re.compile(r"\s*([^\s=<>!~]+)\s*(!=|<=|>=|=|<|>|~)\s*(.*?)\s*", re.S)
ONE_OF = re.compile(r"\s*([^\s=<>!~]+)\s+in\s+(.+?)\s*", re.S | re.I)
OPERATORS = {"=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "~": "contains"}
# Refused by what is in the table, as the job itself would be; all else is wrong usage.
OF_THE_TABLE = ("filters", "columns", "preset", None)


@click.command("export", cls=UsageCommand)
@click.argument("type_name", metavar="TYPE")
@click.option(
    "--where",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Also FIELD!=VALUE < <= > >=, FIELD~TEXT (contains), 'FIELD in A,B'; nothing behind = or"
    " != means no value, or any. Dates may be -7d, today, start-of-month. All must hold.",
)
@click.option("--columns", metavar="A,B", help="Fields in this order. Default: all.")
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Default: FILE's, or csv.")
@click.option("--delimiter", help="One character, or tab.")
@click.option("--decimal", type=click.Choice(DECIMALS), help="Decimal mark. Default: a point.")
@click.option("--encoding", type=click.Choice(tuple(ENCODINGS)), help="Default: utf-8.")
@click.option("--compression", type=click.Choice(COMPRESSIONS), help="Default: FILE's, or none.")
@click.option("--labels/--names", default=None, help="What heads the columns.")
@click.option("--no-header", is_flag=True, help="No header line.")
@click.option("--no-escape", is_flag=True, help="Leave texts that look like formulas as they are.")
@click.option("--preset", metavar="NAME", help="Of the acting user; the options here win over it.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Wait, and write the finished file there; - is standard output.",
)
@inline_option
@watch_option
@user_option
@as_json_option
@with_appcontext
def export(
    type_name: str,
    output: str | None,
    inline: bool,
    watching: bool,
    email: str | None,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Export TYPE; returns when queued unless --watch, --inline or -o FILE."""
    check_place(output, as_json=as_json)
    data = asked(chosen, output)
    try:
        job_id = submit(type_name, Kind.EXPORT, data, acting_user(email))
        if output is None:
            follow(job_id, inline=inline, watching=watching, as_json=as_json)
        fetch_to(str(output), job_id, inline=inline, watching=watching, as_json=as_json)
    except InputRefused as error:
        if error.code == "input_refused" and error.details.get("field") not in OF_THE_TABLE:
            raise click.UsageError(error.message) from None
        refuse(error)
    except JobEngineError as error:
        refuse(error)


def asked(chosen: dict[str, Any], output: str | None) -> dict[str, Any]:
    """The command's options by the names of the API."""
    format_, compression = by_suffix(output or "")
    if chosen["preset"] is None or format_:
        chosen["format_"] = chosen["format_"] or format_
    same = {name: chosen[name] for name in ("delimiter", "decimal", "encoding", "labels", "preset")}
    data = {
        **same,
        "format": chosen["format_"],
        "compression": chosen["compression"] or compression,
        "filters": [comparison(text) for text in chosen["where"]] or None,
        "columns": [name.strip() for name in (chosen["columns"] or "").split(",") if name.strip()],
        "header": False if chosen["no_header"] else None,
        "escapeFormulas": False if chosen["no_escape"] else None,
    }
    return {name: value for name, value in data.items() if value not in (None, [])}


def comparison(text: str) -> dict[str, Any]:
    """One --where as a filter."""
    if match := COMPARISON.fullmatch(text):
        field, sign, value = match.groups()
        if not value and sign in ("=", "!="):
            return {"field": field, "op": "null", "value": sign == "="}
        return {"field": field, "op": OPERATORS[sign], "value": value}
    if match := ONE_OF.fullmatch(text):
        return {"field": match[1], "op": "in", "value": [v.strip() for v in match[2].split(",")]}
    raise click.UsageError(f"--where {text!r}: use FIELD=VALUE, FIELD>=VALUE, 'FIELD in A,B' …")


def fetch_to(output: str, job_id: int, *, inline: bool, watching: bool, as_json: bool) -> None:
    """Stay until the job ends, bring its file, exit with what came of it."""
    job = stay(job_id, inline=inline, watching=watching)
    if job.status == JobStatus.COMPLETED:
        with opened(job, output) as target, context().store.open(output_key(job)) as source:
            shutil.copyfileobj(source, target, 1 << 20)
    if output != STDOUT:
        print_job(job, as_json=as_json)
    elif job.status != JobStatus.COMPLETED:
        say(f"Job {job.id} is {job.status}. {job.error_message or ''}".rstrip())
    sys.exit(exit_code(job) if job.status == JobStatus.COMPLETED else Exit.FAILED)
