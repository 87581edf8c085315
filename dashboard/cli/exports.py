"""`flask jobs export`: which rows, which columns, what kind of file, and where to put it."""

import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from dashboard.cli.exits import Exit, UsageCommand
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
from dashboard.cli.watching import Bar, run_inline, watch
from dashboard.errors import InputRefused, JobEngineError, NotFound, WrongState
from dashboard.extensions import db
from dashboard.formats.write_options import (
    COMPRESSIONS,
    DECIMALS,
    ENCODINGS,
    FORMATS,
    PACKED_SUFFIXES,
    SUFFIXES,
)
from dashboard.jobs.registry import Kind
from dashboard.models.columns import AnyRow
from dashboard.models.states import JobStatus
from dashboard.models.stored_file import StoredFile

STDOUT = "-"
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
    if output == STDOUT and as_json:
        raise click.UsageError("-o - and --json both write to standard output. Choose one.")
    check_place(output)
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


def check_place(output: str | None) -> None:
    """Before there is a job: can the file be there?"""
    if output is None or output == STDOUT:
        return
    if Path(output).is_dir():
        raise click.UsageError(f"{output} is a folder. Name a file in it.")
    if not Path(output).absolute().parent.is_dir():
        raise click.UsageError(f"There is no folder {Path(output).parent} for {output}.")


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


def by_suffix(name: str) -> tuple[str | None, str | None]:
    """Format and compression that a file's name promises."""
    for compression, packed in PACKED_SUFFIXES.items():
        for format_, suffix in SUFFIXES.items():
            if name.lower().endswith(suffix + packed):
                return format_, compression if packed else None
    return None, None


def fetch_to(output: str, job_id: int, *, inline: bool, watching: bool, as_json: bool) -> None:
    """Stay until the job ends, bring its file, exit with what came of it."""
    with Bar(shown=watching) as bar:
        job = (run_inline if inline else watch)(context(), job_id, bar)
    if job.status == JobStatus.COMPLETED:
        deliver(job, output)
    if output != STDOUT:
        print_job(job, as_json=as_json)
    elif job.status != JobStatus.COMPLETED:
        say(f"Job {job.id} is {job.status}. {job.error_message or ''}".rstrip())
    sys.exit(exit_code(job) if job.status == JobStatus.COMPLETED else Exit.FAILED)


def deliver(job: AnyRow, output: str) -> None:
    """The job's finished file to a path, where it appears whole or not at all, or to stdout.

    Raises NotFound when the job has no file, or it has expired, and WrongState.
    """
    key = db.session.scalar(select(StoredFile.key).where(StoredFile.id == job.output_id))
    if key is None:
        raise NotFound(f"Job {job.id} has no file.", code="file_gone")
    try:
        with context().store.open(key) as source, opened(output) as target:
            shutil.copyfileobj(source, target, 1 << 20)
    except OSError as error:
        message = f"Job {job.id} is done, but {output} cannot be written: {error.strerror}."
        raise WrongState(message, code="output_unwritable") from error


@contextmanager
def opened(output: str) -> Iterator[BinaryIO]:
    if output == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(output)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as target:
            yield target
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
