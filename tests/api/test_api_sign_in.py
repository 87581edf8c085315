"""`/api/auth`: a pair for a password, a new pair, and the end of it."""

from datetime import timedelta

import jwt
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from dashboard.auth.accounts import find_user
from dashboard.auth.jwt_pairs import issue
from dashboard.auth.throttle import WRONG_PER_EMAIL
from dashboard.jobs.sweeper import Sweeper
from dashboard.lib.clock import now
from dashboard.models.token import RefreshToken
from dashboard.models.user import Role, User
from tests.api.calling import error_of, token_for
from tests.client import CheckedClient
from tests.factories import PASSWORD, add_user, committed


@pytest.fixture
def ada(app: Flask) -> User:
    return add_user(app)


def post(client: CheckedClient, path: str, token: str = "", **body: object) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    sent = {"json": body} if body else {}
    answer: TestResponse = client.post(f"/api/auth/{path}", csrf=False, headers=headers, **sent)
    return answer


def sign_in(client: CheckedClient, user: User, password: str = PASSWORD) -> TestResponse:
    return post(client, "token", email=user.email, password=password)


def works(client: CheckedClient, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    status: int = client.get("/api/jobs", headers=headers).status_code
    assert status in (200, 401)
    return status == 200


def test_a_pair_for_the_right_password(client: CheckedClient, app: Flask, ada: User) -> None:
    pair = sign_in(client, ada).get_json()
    assert set(pair) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (pair["token_type"], pair["expires_in"]) == ("Bearer", 3600)
    secret = app.config["SETTINGS"].token_secret
    claims = jwt.decode(pair["access_token"], secret, ["HS256"], options={"verify_aud": False})
    assert claims["sub"] == str(ada.id)
    assert works(client, pair["access_token"])


def test_it_sets_no_cookie(client: CheckedClient, ada: User) -> None:
    assert "Set-Cookie" not in sign_in(client, ada).headers


def test_the_wrong_password(client: CheckedClient, ada: User) -> None:
    answer = sign_in(client, ada, "wrong")
    assert error_of(answer) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_unknown_person_answers_alike(client: CheckedClient, ada: User) -> None:
    unknown = post(client, "token", email="nobody@example.org", password="wrong")
    assert unknown.get_json() == sign_in(client, ada, "wrong").get_json()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "a@b"}, "password"),
        ({"password": "x"}, "email"),
        ({"email": 7, "password": "x"}, "email"),
        ({"email": "a@b", "password": "x", "remember": True}, "remember"),
    ],
)
def test_what_is_missing_is_named(
    client: CheckedClient, body: dict[str, object], field: str
) -> None:
    answer = post(client, "token", **body)
    assert error_of(answer) == (422, "input_refused")
    assert answer.get_json()["error"]["details"] == {"field": field}


@pytest.mark.parametrize("path", ["token", "refresh"])
def test_broken_json_and_another_content_type(client: CheckedClient, path: str) -> None:
    url = f"/api/auth/{path}"
    broken = client.post(url, data="{", content_type="application/json", csrf=False)
    form = client.post(url, data={"email": "a"}, csrf=False)
    assert error_of(broken) == (400, "broken_json")
    assert error_of(form) == (415, "wrong_content_type")


def test_wrong_ones_are_throttled_for_the_right_password_too(
    client: CheckedClient, ada: User
) -> None:
    for _ in range(WRONG_PER_EMAIL):
        assert sign_in(client, ada, "wrong").status_code == 401
    answer = sign_in(client, ada)
    assert error_of(answer) == (429, "too_many_sign_ins")
    assert int(answer.headers["Retry-After"]) > 0


def test_right_ones_are_never_throttled(client: CheckedClient, ada: User) -> None:
    answers = {sign_in(client, ada).status_code for _ in range(WRONG_PER_EMAIL + 10)}
    assert answers == {200}


def test_refresh_gives_a_new_pair(client: CheckedClient, ada: User) -> None:
    old = sign_in(client, ada).get_json()
    new = post(client, "refresh", refresh_token=old["refresh_token"]).get_json()
    assert set(new) == set(old)
    assert works(client, new["access_token"])
    assert works(client, old["access_token"])


def test_reuse_ends_the_family_for_good(client: CheckedClient, ada: User) -> None:
    old = sign_in(client, ada).get_json()
    new = post(client, "refresh", refresh_token=old["refresh_token"]).get_json()
    again = post(client, "refresh", refresh_token=old["refresh_token"])
    assert error_of(again) == (401, "unauthorized")
    assert post(client, "refresh", refresh_token=new["refresh_token"]).status_code == 401
    assert not works(client, new["access_token"])


def test_an_access_token_is_no_refresh_token(client: CheckedClient, ada: User) -> None:
    access = sign_in(client, ada).get_json()["access_token"]
    assert post(client, "refresh", refresh_token=access).status_code == 401


def test_logout_by_the_access_token_ends_the_pair(client: CheckedClient, ada: User) -> None:
    pair = sign_in(client, ada).get_json()
    assert post(client, "logout", pair["access_token"]).status_code == 204
    assert not works(client, pair["access_token"])
    assert post(client, "refresh", refresh_token=pair["refresh_token"]).status_code == 401


def test_logout_by_the_refresh_token_ends_the_pair(client: CheckedClient, ada: User) -> None:
    pair = sign_in(client, ada).get_json()
    assert post(client, "logout", refresh_token=pair["refresh_token"]).status_code == 204
    assert not works(client, pair["access_token"])


def test_refresh_tokens_past_their_time_are_deleted(running_app: Flask) -> None:
    user, settings = add_user(running_app), running_app.config["SETTINGS"]
    with committed(running_app) as session:
        issue(session, settings, user.id)
        issue(session, settings, user.id)
        old = session.query(RefreshToken).filter_by(user_id=user.id).first()
        assert old
        old.expires_at = now() - timedelta(days=30)
    Sweeper(running_app.extensions["jobengine"]).delete_old()
    with committed(running_app) as session:
        assert session.query(RefreshToken).filter_by(user_id=user.id).count() == 1


def test_logout_of_nobody(client: CheckedClient, app: Flask, ada: User) -> None:
    assert error_of(post(client, "logout")) == (401, "unauthorized")
    assert error_of(post(client, "logout", token_for(app, ada))) == (401, "unauthorized")


def test_a_changed_role_counts_at_once(client: CheckedClient, app: Flask, ada: User) -> None:
    token = sign_in(client, ada).get_json()["access_token"]
    with committed(app) as session:
        find_user(session, ada.id).role = Role.MANAGER
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.get("/api/jobs?owner=all", headers=headers)
    assert answer.status_code == 200
    assert client.post("/api/submit-job", headers=headers, csrf=False).status_code == 403
