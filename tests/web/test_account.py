"""One's own account."""

import pytest
from flask import Flask

from dashboard.models.user import Role
from tests.client import CheckedClient
from tests.factories import PASSWORD, sign_in

NEW = "seven green bottles"


def change(client: CheckedClient, current: str = PASSWORD, new: str = NEW, again: str = NEW):
    data = {"current": current, "password": new, "again": again}
    return client.post("/settings/account/password", data=data)


@pytest.mark.parametrize("role", list(Role))
def test_everybody_has_one(client: CheckedClient, role: str) -> None:
    user = sign_in(client, role)
    page = client.get("/settings/account")
    assert page.status_code == 200
    assert user.email in page.text


def test_a_new_name(client: CheckedClient) -> None:
    sign_in(client)
    answer = client.post("/settings/account/name", data={"name": "Ada Lovelace"})
    assert (answer.status_code, answer.location) == (303, "/settings/account")
    assert 'value="Ada Lovelace"' in client.get("/settings/account").text


@pytest.mark.parametrize("name", ["", " ", "x" * 121])
def test_a_name_that_cannot_be(client: CheckedClient, name: str) -> None:
    sign_in(client)
    answer = client.post("/settings/account/name", data={"name": name})
    assert answer.status_code == 422
    assert 'id="name-error"' in answer.text


def test_nobody_changes_their_own_role(client: CheckedClient) -> None:
    sign_in(client)
    client.post("/settings/account/name", data={"name": "Ada", "role": "admin"})
    assert client.get("/settings/users").status_code == 403


def test_a_new_password_ends_other_sessions_and_keeps_this_one(
    client: CheckedClient, app: Flask
) -> None:
    other = app.test_client()
    user = sign_in(client)
    sign_in(other, user)
    assert change(client).status_code == 303
    assert client.get("/settings/account").status_code == 200
    assert other.get("/settings/account").status_code == 303


def test_a_remembered_session_stays_remembered(client: CheckedClient) -> None:
    sign_in(client)
    with client.session_transaction() as session:
        session.permanent = True
    assert "Expires=" in change(client).headers["Set-Cookie"]


def test_the_new_password_counts(client: CheckedClient) -> None:
    user = sign_in(client)
    change(client)
    client.post("/logout")
    data = {"email": user.email, "password": NEW}
    assert client.post("/login", data=data).status_code == 303


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("current", {"current": "wrong"}),
        ("current", {"current": ""}),
        ("password", {"new": "short", "again": "short"}),
        ("again", {"again": "something else"}),
    ],
)
def test_a_refusal_stands_beside_its_field(
    client: CheckedClient, field: str, given: dict[str, str]
) -> None:
    sign_in(client)
    answer = change(client, **given)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert PASSWORD not in answer.text


def test_theme_is_kept_in_a_cookie_and_rendered_by_the_server(client: CheckedClient) -> None:
    sign_in(client)
    data = {"theme": "dark", "next": "/settings/account"}
    answer = client.post("/theme", data=data)
    assert (answer.status_code, answer.location) == (303, "/settings/account")
    assert 'data-bs-theme="dark"' in client.get("/settings/account").text


def test_no_such_theme(client: CheckedClient) -> None:
    answer = client.post("/theme", data={"theme": "pink"})
    assert answer.status_code == 422
    assert "auto, light, dark" in answer.text
