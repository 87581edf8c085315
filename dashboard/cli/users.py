"""`flask users create`, and `flask setup`, which `make run` calls before it starts anything."""

import sys

import click
from flask import current_app

from dashboard.audit.entries import Action, record
from dashboard.auth.accounts import create_user, ensure_first_admin
from dashboard.auth.passwords import make_password
from dashboard.cli.exits import Exit, UsageCommand, UsageGroup
from dashboard.cli.jobs import acting_user, context, refuse
from dashboard.cli.output import print_json
from dashboard.demo.queueing import queue_demo
from dashboard.errors import JobEngineError
from dashboard.extensions import transaction
from dashboard.models.user import Role

users = UsageGroup("users", help="People who may sign in.")


@users.command("create")
@click.option("--email", required=True)
@click.option("--role", required=True, type=click.Choice([str(role) for role in Role]))
@click.option("--name", default="")
@click.option("--password", help="Asked for (or made, without a terminal) when left out.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def create(email: str, role: str, name: str, password: str | None, as_json: bool) -> None:
    """Add a user."""
    made = password is None and not sys.stdin.isatty()
    if password is None:
        password = (
            make_password()
            if made
            else click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        )
    try:
        with transaction() as session:
            user = create_user(
                session, email=email, name=name, role=Role(role), password=password, check=False
            )
            record(session, "shell", Action.USER_CREATED, "user", user.id, "cli", role=role)
            body = {"id": user.id, "email": user.email, "role": user.role}
    except JobEngineError as error:
        refuse(error)
    if made:
        body["password"] = password
    if as_json:
        print_json(body)
    else:
        click.echo(f"User {body['email']} ({body['role']}) added.")
        if made:
            click.echo(f"Password (shown once): {password}")


@click.command("setup", cls=UsageCommand)
def setup() -> None:
    """First admin when there is no user, demo data in development; safe to repeat."""
    settings = current_app.config["SETTINGS"]
    with transaction() as session:
        made = ensure_first_admin(session, settings)
        if made:
            record(session, "shell", Action.USER_CREATED, "user", made[0], "cli", role="admin")
    if made:
        shown = "the one in ADMIN_PASSWORD" if settings.admin_password else made[1]
        click.echo(f"First admin: {made[0]}\nPassword:    {shown}")
    if settings.demo:
        with transaction() as session:
            queued = len(queue_demo(context(), session, acting_user(None)))
        if queued:
            click.echo(f"Demo data: {queued} imports queued.")
    sys.exit(Exit.CLEAN)
