"""`flask jobs …`: start jobs, look at them, act on them."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from flask import current_app
from sqlalchemy import select

from dashboard.audit.entries import record
from dashboard.cli.exits import Exit, UsageGroup
from dashboard.cli.output import exit_code, print_job, print_json, say
from dashboard.cli.watching import Bar, run_inline, watch
from dashboard.errors import JobEngineError
from dashboard.extensions import db, transaction
from dashboard.jobs import actions
from dashboard.jobs.context import JobContext
from dashboard.jobs.dispatcher import dispatch, store_upload
from dashboard.jobs.failed_rows import failed_rows
from dashboard.jobs.registry import Kind
from dashboard.jobs.sweeper import Sweeper
from dashboard.lib.cells import write_csv_rows
from dashboard.models.user import Role, User

jobs = UsageGroup("jobs", help="Start jobs, look at them, act on them.")
as_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
user_option = click.option(
    "--user", "email", help="E-mail of the acting user (default: first admin)."
)


def context() -> JobContext:
    engine: JobContext = current_app.extensions["jobengine"]
    return engine


def refuse(error: JobEngineError) -> None:
    say(f"{error.message} [{error.code}]")
    sys.exit(Exit.FAILED)


def acting_user(email: str | None) -> User:
    query = select(User).where(User.active.is_(True)).order_by(User.id)
    query = query.where(User.email == email) if email else query.where(User.role == Role.ADMIN)
    user = db.session.scalars(query).first()
    if user is None:
        raise click.UsageError(
            f"There is no active user {email}." if email else "There is no admin yet."
        )
    return user


@jobs.command("types")
@as_json_option
def types(as_json: bool) -> None:
    """List the job types."""
    found = context().registry.all()
    if as_json:
        rows = [{"type": t.name, "label": t.label, "kind": t.kind} for t in found]
        print_json({"jobTypes": rows})
        return
    for job_type in found:
        click.echo(f"{job_type.name:<24} {job_type.kind:<8} {job_type.label}")


@jobs.command("import")
@click.argument("type_name", metavar="TYPE")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--mode", type=click.Choice(["insert"]), default="insert", show_default=True)
@click.option("--map", "mappings", multiple=True, metavar="COLUMN=FIELD")
@click.option("--chunk-rows", type=click.IntRange(min=1), help="At most this many rows a chunk.")
@click.option("--inline", is_flag=True, help="Run in this process; no consumer needed.")
@click.option("--watch", "watching", is_flag=True, help="Show progress until the job ends.")
@user_option
@as_json_option
def import_(
    type_name: str,
    file: Path,
    mode: str,
    mappings: tuple[str, ...],
    chunk_rows: int | None,
    inline: bool,
    watching: bool,
    email: str | None,
    as_json: bool,
) -> None:
    """Import FILE as TYPE; returns when queued unless --watch or --inline."""
    engine = context()
    options: dict[str, Any] = {"mode": mode}
    if mappings:
        options["mapping"] = dict(parse_mapping(text) for text in mappings)
    user = acting_user(email)
    try:
        if engine.registry.get_kind(type_name) is not Kind.IMPORT:
            raise click.UsageError(f"{type_name} is no import type.")
        with transaction() as session, file.open("rb") as stream:
            stored = store_upload(engine, session, stream, file.name, user)
            job = dispatch(
                engine,
                session,
                type_name,
                stored,
                user=user,
                chunk_rows=chunk_rows,
                options=options,
            )
            record(session, user, "job.created", "job", job.id, "cli", type=type_name)
            job_id = job.id
        follow(job_id, inline=inline, watching=watching, as_json=as_json)
    except JobEngineError as error:
        refuse(error)


def parse_mapping(text: str) -> tuple[str, str | None]:
    column, equals, field = text.partition("=")
    if not column or not equals:
        raise click.UsageError(f"--map {text!r}: use COLUMN=FIELD (an empty FIELD ignores it).")
    return column, field or None


def follow(job_id: int, *, inline: bool, watching: bool, as_json: bool) -> None:
    """Stay with the job as asked, print it, exit with what came of it."""
    engine = context()
    with Bar(shown=watching) as bar:
        if inline:
            job = run_inline(engine, job_id, bar)
        elif watching:
            job = watch(engine, job_id, bar)
        else:
            with engine.app.connect() as connection:
                job = actions.fetch(connection, job_id)
    print_job(job, as_json=as_json)
    sys.exit(exit_code(job) if inline or watching else Exit.CLEAN)


@jobs.command("show")
@click.argument("job_id", type=int)
@as_json_option
def show(job_id: int, as_json: bool) -> None:
    """Show a job: status, counts, speed, error."""
    try:
        with context().app.connect() as connection:
            job = actions.fetch(connection, job_id)
    except JobEngineError as error:
        refuse(error)
    print_job(job, as_json=as_json)
    sys.exit(exit_code(job))


@jobs.command("failures")
@click.argument("job_id", type=int)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False))
def failures(job_id: int, output: Path | None) -> None:
    """Write the failed rows as CSV: original columns, then row number and reasons."""
    try:
        with context().app.connect() as connection, ExitStack() as stack:
            stdout: Any = sys.stdout.buffer
            out = stack.enter_context(output.open("wb")) if output else stdout
            job = actions.fetch(connection, job_id)
            out.writelines(write_csv_rows(failed_rows(context().app, job)))
    except JobEngineError as error:
        refuse(error)


@jobs.command("retry")
@click.argument("job_id", type=int)
@click.option("--inline", is_flag=True, help="Run in this process; no consumer needed.")
@click.option("--watch", "watching", is_flag=True, help="Show progress until the job ends.")
@user_option
@as_json_option
def retry(job_id: int, inline: bool, watching: bool, email: str | None, as_json: bool) -> None:
    """Open the next round: failed chunks and failed rows are tried again."""
    user = acting_user(email)
    try:
        with transaction() as session:
            actions.retry(context(), session, job_id, user.email)
            record(session, user, "job.retry", "job", job_id, "cli")
        follow(job_id, inline=inline, watching=watching, as_json=as_json)
    except JobEngineError as error:
        refuse(error)


def add_act(name: str, audit_name: str, help_text: str) -> None:
    """`pause`, `resume` and `cancel` differ in nothing but the act."""

    @jobs.command(name, help=help_text)
    @click.argument("job_id", type=int)
    @click.option("--reason")
    @user_option
    @as_json_option
    def act(job_id: int, reason: str | None, email: str | None, as_json: bool) -> None:
        user = acting_user(email)
        try:
            with transaction() as session:
                change = getattr(actions, name)
                job = change(context(), session, job_id, user.email, reason)
                record(session, user, audit_name, "job", job_id, "cli", reason=reason)
        except JobEngineError as error:
            refuse(error)
        print_job(job, as_json=as_json)


add_act("pause", "job.pause", "Stop after the chunks in hand; nothing is lost.")
add_act("resume", "job.resume", "Go on with a paused job.")
add_act("cancel", "job.cancellation", "End a job; what was written stays.")


@jobs.command("sweep")
@as_json_option
def sweep(as_json: bool) -> None:
    """Take over from dead workers, send lost hints again, end what can end."""
    moved = Sweeper(context()).run_once()
    if as_json:
        print_json({"moved": moved})
    else:
        click.echo(f"{moved} jobs moved.")
