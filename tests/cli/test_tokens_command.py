"""`flask tokens create`: a token that works, shown once."""

import json
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from dashboard.extensions import db
from dashboard.models.audit import AuditEntry
from dashboard.models.token import ApiToken
from tests.client import CheckedClient
from tests.factories import add_user, committed


def create(app: Flask, email: str, *words: Any) -> Result:
    args = ["tokens", "create", "--email", email, *map(str, words)]
    return app.test_cli_runner().invoke(args=args)


def status(client: CheckedClient, token: str, path: str = "/api/jobs") -> int:
    answer = client.get(path, headers={"Authorization": f"Bearer {token}"})
    code: int = answer.status_code
    return code


def test_the_printed_token_works(app: Flask, client: CheckedClient) -> None:
    result = create(app, add_user(app).email.upper())
    token = result.stdout.strip()
    assert (result.exit_code, token[:3], status(client, token)) == (0, "je_", 200)


def test_as_json_with_scopes_and_days(app: Flask, client: CheckedClient) -> None:
    email = add_user(app).email
    words = ("--scope", "jobs:write", "--scope", "jobs:read", "--days", 7, "--json")
    body = json.loads(create(app, email, *words).stdout)
    assert set(body) == {"id", "email", "token", "scopes", "expires_at"}
    assert (body["email"], body["scopes"]) == (email, ["jobs:read", "jobs:write"])
    assert body["expires_at"]


def test_a_token_for_writing_does_not_read(app: Flask, client: CheckedClient) -> None:
    result = create(app, add_user(app).email, "--scope", "jobs:write")
    assert status(client, result.stdout.strip()) == 403


def test_only_its_hash_is_kept_and_the_audit_tells_no_token(app: Flask) -> None:
    token = create(app, add_user(app).email).stdout.strip()
    with committed(app):
        kept = db.session.query(ApiToken).one()
        entry = db.session.query(AuditEntry).filter_by(action="token.created").one()
        assert token not in (kept.sha256, kept.prefix)
        assert (entry.actor, token in str(entry.detail)) == ("shell", False)


@pytest.mark.parametrize("words", [("--scope", "jobs:run"), ("--days", 0), ("--days", "week")])
def test_wrong_usage(app: Flask, words: tuple[Any, ...]) -> None:
    result = create(app, add_user(app).email, *words)
    assert (result.exit_code, result.stdout) == (64, "")


def test_nobody_and_the_disabled(app: Flask) -> None:
    disabled = add_user(app, active=False).email
    for email in ("nobody@example.org", disabled):
        result = create(app, email)
        assert (result.exit_code, result.stdout) == (1, "")
        assert email in result.stderr
