"""`flask jobs …`: start jobs, look at them, act on them."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

import click
from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.audit.entries import record
from dashboard.auth.permissions import Permission, may
from dashboard.auth.visibility import changeable_job
from dashboard.cli.exits import Exit, UsageGroup
from dashboard.cli.output import exit_code, print_job, print_json, say
from dashboard.cli.watching import Bar, run_inline, watch
from dashboard.errors import Forbidden, JobEngineError, NotFound
from dashboard.extensions import db, transaction
from dashboard.formats.writing import write_rows
from dashboard.jobs import actions
from dashboard.jobs.context import JobContext
from dashboard.jobs.dispatcher import rerun
from dashboard.jobs.failed_rows import failed_rows
from dashboard.jobs.sweeper import Sweeper
from dashboard.jobs.undoing import undo
from dashboard.lib.cells import write_csv_rows
from dashboard.models.job import Job
from dashboard.models.user import Role, User

jobs = UsageGroup("jobs", help="Start jobs, look at them, act on them.")
as_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
user_option = click.option(
    "--user", "email", help="E-mail of the acting user (default: first admin)."
)
inline_option = click.option(
    "--inline", is_flag=True, help="Run in this process; no consumer needed."
)
watch_option = click.option(
    "--watch", "watching", is_flag=True, help="Show progress until the job ends."
)


def context() -> JobContext:
    engine: JobContext = current_app.extensions["jobengine"]
    return engine


def refuse(error: JobEngineError) -> NoReturn:
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
    if not may(user, Permission.JOBS_CHANGE_OWN):
        refuse(Forbidden(f"{user.email} is a {user.role}, who may look at jobs, not change them."))
    return user


def check_changeable(session: Session, user: User, job_id: int) -> None:
    """The same answer as the pages and the API give. Raises NotFound, Forbidden."""
    try:
        changeable_job(session, user, job_id)
    except NotFound:
        raise NotFound(f"There is no job {job_id}.") from None


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
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file; .xlsx makes a workbook, else it is CSV.",
)
def failures(job_id: int, output: Path | None) -> None:
    """Write the failed rows: original columns, then row number and reasons."""
    try:
        with context().app.connect() as connection:
            job = actions.fetch(connection, job_id)
        rows = failed_rows(context().app, job)
        with ExitStack() as stack:
            stdout: Any = sys.stdout.buffer
            out = stack.enter_context(output.open("wb")) if output else stdout
            workbook = output is not None and output.suffix.lower() == ".xlsx"
            out.writelines(
                write_rows("xlsx", next(rows), rows) if workbook else write_csv_rows(rows)
            )
    except JobEngineError as error:
        refuse(error)


@jobs.command("retry")
@click.argument("job_id", type=int)
@inline_option
@watch_option
@user_option
@as_json_option
def retry(job_id: int, inline: bool, watching: bool, email: str | None, as_json: bool) -> None:
    """Open the next round: failed chunks and failed rows are tried again."""
    user = acting_user(email)
    try:
        with transaction() as session:
            check_changeable(session, user, job_id)
            actions.retry(context(), session, job_id, user.email)
            record(session, user, "job.retry", "job", job_id, "cli")
        follow(job_id, inline=inline, watching=watching, as_json=as_json)
    except JobEngineError as error:
        refuse(error)


def add_another(name: str, make: Callable[..., Job], help_text: str) -> None:
    """`undo` and `rerun` make a job of their own and stay with that."""

    @jobs.command(name, help=help_text)
    @click.argument("job_id", type=int)
    @inline_option
    @watch_option
    @user_option
    @as_json_option
    def act(job_id: int, inline: bool, watching: bool, email: str | None, as_json: bool) -> None:
        user = acting_user(email)
        try:
            with transaction() as session:
                check_changeable(session, user, job_id)
                made_id = make(context(), session, job_id, user).id
                record(session, user, f"job.{name}", "job", job_id, "cli", made=made_id)
            follow(made_id, inline=inline, watching=watching, as_json=as_json)
        except JobEngineError as error:
            refuse(error)


add_another("undo", undo, "Take back what an import wrote, as a job of its own.")
add_another("rerun", rerun, "The same file and options again, as a new job.")


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
                check_changeable(session, user, job_id)
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
