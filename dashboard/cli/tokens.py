"""`flask tokens create`: a key to the API, printed once."""

import click

from dashboard.audit.entries import Action, record
from dashboard.auth.accounts import find_by_email
from dashboard.auth.scopes import Scope
from dashboard.auth.tokens import make_token
from dashboard.cli.exits import UsageGroup
from dashboard.cli.jobs import refuse
from dashboard.cli.output import print_json, say
from dashboard.errors import JobEngineError, WrongState
from dashboard.extensions import transaction

tokens = UsageGroup("tokens", help="Keys to the API.")


@tokens.command("create")
@click.option("--email", required=True, help="Whom the token stands for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([str(scope) for scope in Scope]),
    help="Limit the token; without any it may do all the role allows.",
)
@click.option("--days", type=click.IntRange(1, 3650), help="Days until it expires; else never.")
@click.option("--name", default="", help="What it is for.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def create(email: str, scopes: tuple[str, ...], days: int | None, name: str, as_json: bool) -> None:
    """Make a token and print it; only its hash is kept."""
    try:
        with transaction() as session:
            user = find_by_email(session, email)
            if not user.active:
                raise WrongState(f"{user.email} is disabled.", code="user_disabled")
            row, token = make_token(session, user, scopes=scopes, days=days, name=name)
            detail = {"email": user.email, "prefix": row.prefix, "scopes": row.scopes}
            record(session, "shell", Action.TOKEN_CREATED, "token", row.id, "cli", **detail)
            body = {
                "id": row.id,
                "email": user.email,
                "token": token,
                "scopes": row.scopes,
                "expires_at": row.expires_at and row.expires_at.isoformat(),
            }
    except JobEngineError as error:
        refuse(error)
    if as_json:
        print_json(body)
        return
    say(f"Token for {body['email']}, shown this once:")
    click.echo(token)
