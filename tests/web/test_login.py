"""Signing in and out in the browser."""

import pytest
from flask import Flask
from sqlalchemy import select

from dashboard.auth.throttle import WRONG_PER_EMAIL
from dashboard.extensions import db
from dashboard.models.audit import AuditEntry
from dashboard.models.user import User
from dashboard.web.safe_next import safe_next
from tests.client import CheckedClient
from tests.factories import PASSWORD, add_user, sign_in

ACCOUNT = "/settings/account"


@pytest.fixture
def ada(app: Flask) -> User:
    return add_user(app)


def post(client: CheckedClient, email: str, password: str = PASSWORD, **more: str):
    return client.post("/login", data={"email": email, "password": password, **more})


def signed_in(client: CheckedClient) -> bool:
    return client.get(ACCOUNT).status_code == 200


def audited(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        rows = db.session.execute(select(AuditEntry.action, AuditEntry.actor).order_by("id"))
        return [(action, actor) for action, actor in rows]


def test_the_form_shows_where_one_goes_next(client: CheckedClient) -> None:
    page = client.get("/login?next=/history%3Fq%3D1")
    assert page.status_code == 200
    assert "/history" in page.text
    assert 'name="csrf_token"' in page.text


def test_right_password_goes_on(client: CheckedClient, ada: User, app: Flask) -> None:
    answer = post(client, ada.email.upper(), next=ACCOUNT)
    assert (answer.status_code, answer.location) == (303, ACCOUNT)
    assert signed_in(client)
    assert audited(app) == [("sign_in", ada.email)]


@pytest.mark.parametrize("known", [True, False])
def test_wrong_password_and_unknown_email_look_the_same(
    client: CheckedClient, ada: User, app: Flask, known: bool
) -> None:
    email = ada.email if known else "nobody@example.org"
    answer = post(client, email, "wrong")
    assert answer.status_code == 422
    assert "E-mail and password do not match an active account." in answer.text
    assert audited(app) == [("sign_in.failed", email)]
    assert not signed_in(client)


def test_a_disabled_person_cannot_sign_in(client: CheckedClient, app: Flask) -> None:
    assert post(client, add_user(app, active=False).email).status_code == 422


@pytest.mark.parametrize("missing", ["email", "password"])
def test_a_form_with_a_gap_says_which(client: CheckedClient, missing: str) -> None:
    data = {"email": "a@example.org", "password": "x"} | {missing: ""}
    answer = client.post("/login", data=data)
    assert answer.status_code == 422
    assert f'id="{missing}-error"' in answer.text


def test_too_many_wrong_ones_close_the_door(client: CheckedClient, ada: User, app: Flask) -> None:
    answers = [post(client, ada.email, "wrong") for _ in range(30)]
    assert [a.status_code for a in answers].count(429) == 30 - WRONG_PER_EMAIL
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 900
    assert audited(app)[-1] == ("sign_in.throttled", ada.email)


def test_the_right_password_waits_too(client: CheckedClient, ada: User, app: Flask) -> None:
    for _ in range(WRONG_PER_EMAIL):
        post(client, ada.email, "wrong")
    answer = post(client, ada.email)
    assert answer.status_code == 429
    assert "for the right password too" in answer.text
    assert not signed_in(client)


def test_right_ones_never_count(client: CheckedClient, ada: User) -> None:
    codes = {post(client, ada.email).status_code for _ in range(40)}
    assert codes == {303}


def test_without_the_token_nothing_happens(client: CheckedClient, ada: User) -> None:
    data = {"email": ada.email, "password": PASSWORD}
    answer = client.post("/login", data=data, csrf=False)
    assert answer.status_code == 400
    assert not signed_in(client)


def test_nothing_of_the_session_before_survives(client: CheckedClient, ada: User) -> None:
    planted = client.csrf_token()
    post(client, ada.email)
    answer = client.post(ACCOUNT + "/name", headers={"X-CSRFToken": planted}, csrf=False)
    assert answer.status_code == 400


def test_remembered_for_14_days_or_until_the_browser_closes(
    client: CheckedClient, ada: User
) -> None:
    assert "Expires=" not in post(client, ada.email).headers["Set-Cookie"]
    assert "Expires=" in post(client, ada.email, remember="y").headers["Set-Cookie"]


def test_signing_out(client: CheckedClient, app: Flask) -> None:
    ada = sign_in(client)
    answer = client.post("/logout")
    assert (answer.status_code, answer.location) == (303, "/login")
    assert not signed_in(client)
    assert audited(app) == [("sign_out", ada.email)]


def test_signing_out_twice_is_no_error(client: CheckedClient) -> None:
    assert client.post("/logout").status_code == 303


def test_who_is_signed_in_is_sent_on(client: CheckedClient) -> None:
    sign_in(client)
    assert client.get("/login").location == "/"
    assert client.get("/login?next=/history").location == "/history"


@pytest.mark.parametrize("good", ["/", "/jobs/1", "/history?q=a%20b&x=//y", "/ü"])
def test_a_path_of_this_site_is_followed(good: str) -> None:
    assert safe_next(good) == good


@pytest.mark.parametrize(
    "bad",
    [
        *["", None, "//evil.example", "/\\evil.example", "https://evil.example", "evil"],
        *["\\/evil", "/\t/evil.example", "/\n", "/\x7f", "javascript:alert(1)", " /x"],
        "/" + "x" * 2001,
    ],
)
def test_anything_else_is_not(client: CheckedClient, bad: str | None) -> None:
    assert safe_next(bad) is None


def test_a_bad_next_goes_home(client: CheckedClient, ada: User) -> None:
    assert post(client, ada.email, next="//evil.example").location == "/"
