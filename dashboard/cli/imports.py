"""`flask jobs import`: a file, how to read it, and what to do with its rows."""

from pathlib import Path
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
from dashboard.formats.reading_choices import FORMATS
from dashboard.importers.import_options import BLANKS, DUPLICATES, MODES
from dashboard.importers.submitted import check_fields, read_choices
from dashboard.jobs.dispatcher import dispatch, store_upload
from dashboard.jobs.registry import Kind
from dashboard.jobs.submission import Submitted


@click.command("import", cls=UsageCommand)
@click.argument("type_name", metavar="TYPE")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--mode", type=click.Choice(MODES), help="Default: insert.")
@click.option("--key", metavar="F[,G]", help="Fields a record is found by.")
@click.option("--map", "mapping", multiple=True, metavar="COLUMN=FIELD")
@click.option("--constant", multiple=True, metavar="FIELD=TEXT", help="The same in every row.")
@click.option("--duplicates", type=click.Choice(DUPLICATES), help="Default: refuse.")
@click.option("--blanks", type=click.Choice(BLANKS), help="Default: clear.")
@click.option("--date", multiple=True, metavar="COLUMN=DMY", help="Or MDY, YMD.")
@click.option("--decimal", multiple=True, metavar="COLUMN=,", help="Or a point.")
@click.option("--thousands", multiple=True, metavar="COLUMN=.", help="Or , ' and a blank.")
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Else it is found.")
@click.option("--delimiter", help="One character, or tab.")
@click.option("--quote", help='One character, or "" for none.')
@click.option("--encoding")
@click.option("--sheet", help="Of a workbook.")
@click.option("--header-row", type=click.IntRange(min=0), help="From 1; 0 = no header.")
@click.option("--table", help="For the type any-file.")
@click.option("--chunk-rows", type=click.IntRange(min=1), help="At most this many rows a chunk.")
@click.option("--most-failed-rows", type=click.IntRange(min=0), help="Beyond it the job pauses.")
@click.option("--most-failed-percent", type=click.FloatRange(0, 100), help="The same, in percent.")
@click.option("--no-undo", is_flag=True, help="Keep nothing that an undo would need.")
@click.option("--keep-apostrophes", is_flag=True, help="Leave '=1+1 as it is.")
@click.option("--check", is_flag=True, help="Say what would happen; write nothing.")
@inline_option
@watch_option
@user_option
@as_json_option
@with_appcontext
def import_(
    type_name: str,
    file: Path,
    inline: bool,
    watching: bool,
    email: str | None,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Import FILE as TYPE; returns when queued unless --watch or --inline."""
    asked = submitted(chosen)
    try:
        job_type = context().registry.get(type_name)
        if job_type.kind is not Kind.IMPORT:
            raise click.UsageError(f"{type_name} is no import type.")
        check_fields(asked.options, job_type, context().target.connect)
        job_id = submit(type_name, file, asked, email)
        follow(job_id, inline=inline, watching=watching, as_json=as_json)
    except JobEngineError as error:
        refuse(error)


def submit(type_name: str, file: Path, asked: Submitted, email: str | None) -> int:
    user = acting_user(email)
    with transaction() as session, file.open("rb") as stream:
        stored = store_upload(context(), session, stream, file.name, user)
        job = dispatch(
            context(),
            session,
            type_name,
            stored,
            user=user,
            chunk_rows=asked.chunk_rows,
            options=asked.options,
            check=asked.check,
        )
        record(session, user, "job.created", "job", job.id, "cli", type=type_name)
        return job.id


def submitted(chosen: dict[str, Any]) -> Submitted:
    """The command's options by the names of the API, checked as the API checks them."""
    names = {name: name for name in ("mode", "duplicates", "blanks", "delimiter", "quote")}
    names |= {name: name for name in ("encoding", "sheet", "table", "check")}
    names |= {
        "format": "format_",
        "headerRow": "header_row",
        "chunkRows": "chunk_rows",
        "mostFailedRows": "most_failed_rows",
        "mostFailedPercent": "most_failed_percent",
    }
    data: dict[str, Any] = {name: chosen[option] for name, option in names.items()}
    data["key"] = chosen["key"].split(",") if chosen["key"] else None
    data["mapping"] = {c: f or None for c, f in map(column_and, chosen["mapping"])} or None
    data["constants"] = dict(map(field_and, chosen["constant"])) or None
    data["formats"] = formats(chosen) or None
    data["undo"] = False if chosen["no_undo"] else None
    data["unescapeFormulas"] = False if chosen["keep_apostrophes"] else None
    try:
        return read_choices({name: value for name, value in data.items() if value is not None})
    except InputRefused as error:
        raise click.UsageError(error.message) from None


def formats(chosen: dict[str, Any]) -> dict[str, dict[str, str]]:
    """How single columns write dates and numbers: {column: {date, decimal, thousands}}."""
    found: dict[str, dict[str, str]] = {}
    for part in ("date", "decimal", "thousands"):
        for column, text in map(column_and, chosen[part]):
            found.setdefault(column, {})[part] = text
    return found


def column_and(text: str) -> tuple[str, str]:
    """`COLUMN=…`; a column's name may hold an equals sign itself."""
    column, equals, rest = text.rpartition("=")
    if not column or not equals:
        raise click.UsageError(f"{text!r}: use COLUMN=… (--map COLUMN= ignores the column).")
    return column, rest


def field_and(text: str) -> tuple[str, str]:
    field, equals, rest = text.partition("=")
    if not field or not equals:
        raise click.UsageError(f"--constant {text!r}: use FIELD=TEXT.")
    return field, rest
