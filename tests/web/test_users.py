"""The admin's pages for users, and the audit log."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from dashboard.audit.entries import record
from dashboard.extensions import db
from dashboard.models.audit import AuditEntry
from dashboard.models.user import User
from tests.client import CheckedClient
from tests.factories import PASSWORD, add_user, committed, sign_in

USERS = "/settings/users"
BOB = {"email": "bob@example.org", "name": "Bob", "role": "staff"}


@pytest.fixture
def admin(client: CheckedClient) -> User:
    return sign_in(client, "admin")


def stored(app: Flask, email: str) -> User | None:
    with app.app_context():
        return db.session.scalars(select(User).where(User.email == email)).one_or_none()


def actions(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def can_sign_in(app: Flask, email: str, password: str) -> bool:
    data = {"email": email, "password": password}
    return app.test_client().post("/login", data=data).status_code == 303


def test_the_list(client: CheckedClient, admin: User, app: Flask) -> None:
    gone = add_user(app, active=False, name="Gone <b>")
    page = client.get(USERS).text
    assert admin.email in page
    assert gone.email in page
    assert "Gone &lt;b&gt;" in page


def test_a_user_with_a_given_password(client: CheckedClient, admin: User, app: Flask) -> None:
    answer = client.post(USERS, data=BOB | {"password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, USERS)
    assert can_sign_in(app, BOB["email"], PASSWORD)
    assert actions(app)[0] == "user.created"


def test_a_made_password_is_shown_once_and_works(
    client: CheckedClient, admin: User, app: Flask
) -> None:
    page = client.post(USERS, data=BOB)
    password = re.search(r'id="made-password">([^<]+)<', page.text)
    assert page.headers["Cache-Control"] == "no-store"
    assert password
    assert can_sign_in(app, BOB["email"], password[1])
    assert password[1] not in client.get(USERS).text


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "bob"), ("email", ""), ("name", ""), ("role", "king"), ("password", "short")],
)
def test_a_refusal_stands_beside_its_field(
    client: CheckedClient, admin: User, app: Flask, field: str, value: str
) -> None:
    answer = client.post(USERS, data=BOB | {field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert stored(app, BOB["email"]) is None


def test_an_email_is_taken_once(client: CheckedClient, admin: User) -> None:
    answer = client.post(USERS, data=BOB | {"email": admin.email})
    assert answer.status_code == 422
    assert "has an account already" in answer.text


def test_a_new_role_counts_for_open_sessions(
    client: CheckedClient, admin: User, app: Flask
) -> None:
    theirs = app.test_client()
    bob = sign_in(theirs)
    answer = client.post(f"{USERS}/{bob.id}", data={"name": bob.name, "role": "admin"})
    assert answer.status_code == 303
    assert theirs.get("/settings/account").status_code == 303
    sign_in(theirs, stored(app, bob.email) or bob)
    assert theirs.get(USERS).status_code == 200


def test_disabled_at_once_and_enabled_again(client: CheckedClient, admin: User, app: Flask) -> None:
    theirs = app.test_client()
    bob = sign_in(theirs)
    assert client.post(f"{USERS}/{bob.id}/disabling").status_code == 303
    assert theirs.get("/settings/account").status_code == 303
    assert not can_sign_in(app, bob.email, PASSWORD)
    client.post(f"{USERS}/{bob.id}/enabling")
    assert can_sign_in(app, bob.email, PASSWORD)


def test_the_last_admin_stays(client: CheckedClient, admin: User, app: Flask) -> None:
    for url, data in (
        (f"/{admin.id}/disabling", {}),
        (f"/{admin.id}", {"name": "A", "role": "staff"}),
    ):
        answer = client.post(USERS + url, data=data)
        assert answer.status_code == 409
        assert "last active admin" in answer.text
    assert client.get(USERS).status_code == 200


def test_a_new_password_for_somebody(client: CheckedClient, admin: User, app: Flask) -> None:
    bob = add_user(app)
    page = client.post(f"{USERS}/{bob.id}/password").text
    made = re.search(r'id="made-password">([^<]+)<', page)
    assert made
    assert not can_sign_in(app, bob.email, PASSWORD)
    assert can_sign_in(app, bob.email, made[1])


def test_every_act_is_audited_without_secrets(
    client: CheckedClient, admin: User, app: Flask
) -> None:
    client.post(USERS, data=BOB | {"password": PASSWORD})
    bob = stored(app, BOB["email"])
    assert bob
    client.post(f"{USERS}/{bob.id}", data={"name": "Bobby", "role": "manager"})
    for act in ("disabling", "enabling", "password"):
        client.post(f"{USERS}/{bob.id}/{act}")
    assert actions(app) == [
        "user.created", "user.changed", "user.disabled", "user.enabled", "password.reset",
    ]  # fmt: skip
    page = client.get("/settings/audit").text
    assert "staff → manager" in page
    assert PASSWORD not in page


def test_a_change_that_changes_nothing_is_no_act(
    client: CheckedClient, admin: User, app: Flask
) -> None:
    client.post(f"{USERS}/{admin.id}", data={"name": admin.name, "role": "admin"})
    assert actions(app) == []


def test_the_audit_log_page_by_page(client: CheckedClient, admin: User, app: Flask) -> None:
    with committed(app) as tx:
        for number in range(60):
            record(tx, admin, "user.changed", "user", number, "192.0.2.1")
    first = client.get("/settings/audit").text
    older = re.search(r'href="(/settings/audit\?before=\d+)"', first)
    assert first.count('<tr id="entry-') == 50
    assert older
    assert client.get(older[1]).text.count('<tr id="entry-') == 10


@pytest.mark.parametrize("before", ["x", "-1", "0", str(2**63), str(10**30)])
def test_a_place_that_cannot_be_is_the_start(
    client: CheckedClient, admin: User, before: str
) -> None:
    assert client.get(f"/settings/audit?before={before}").status_code == 200
