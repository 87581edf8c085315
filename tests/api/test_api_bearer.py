"""Who is let in: by bearer alone, within the token's scopes and pace."""

from collections.abc import Iterator

import pytest
from flask import Flask

from dashboard.api.limits import PER_MINUTE, Buckets
from dashboard.auth.tokens import revoke_token
from dashboard.models.token import ApiToken
from tests.api.calling import Caller, caller, error_of
from tests.client import CheckedClient
from tests.factories import committed, sign_in


@pytest.fixture
def few(app: Flask) -> Iterator[None]:
    """Three requests a minute."""
    before = app.extensions["jobengine_buckets"]
    app.extensions["jobengine_buckets"] = Buckets(3)
    yield
    app.extensions["jobengine_buckets"] = before


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "je_x", "Bearer je_x"])
def test_no_or_a_bad_bearer(client: CheckedClient, header: str) -> None:
    answer = client.get("/api/jobs", headers={"Authorization": header} if header else {})
    assert error_of(answer) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="jobengine"')


def test_a_bad_token_is_called_so(client: CheckedClient) -> None:
    answer = client.get("/api/jobs", headers={"Authorization": "Bearer a.b.c"})
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_the_session_cookie_is_not_read(client: CheckedClient) -> None:
    sign_in(client, "admin")
    assert client.get("/history").status_code == 200
    assert client.get("/api/jobs").status_code == 401
    assert client.post("/api/submit-job").status_code == 401


def test_the_scheme_is_read_in_any_case(staff: Caller) -> None:
    assert staff.get("/jobs", headers={"Authorization": f"bearer {staff.token}"}).status_code == 200


def test_a_revoked_token(app: Flask, staff: Caller) -> None:
    with committed(app) as session:
        row = session.query(ApiToken).filter_by(user_id=staff.user.id).one()
        revoke_token(session, row)
    assert error_of(staff.get("/jobs")) == (401, "unauthorized")


def test_its_use_is_noted(app: Flask, staff: Caller) -> None:
    staff.get("/jobs")
    with committed(app) as session:
        row = session.query(ApiToken).filter_by(user_id=staff.user.id).one()
        assert row.last_used_at is not None


def test_scopes_limit(app: Flask) -> None:
    reader, writer = (caller(app, "staff", f"jobs:{what}") for what in ("read", "write"))
    assert reader.get("/jobs").status_code == 200
    assert error_of(reader.post("/submit-job")) == (403, "scope_missing")
    assert error_of(writer.get("/jobs")) == (403, "scope_missing")
    assert writer.send().status_code == 202


def test_more_than_the_pace_allows(few: None, staff: Caller) -> None:
    assert [staff.get("/jobs").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = staff.get("/jobs")
    assert error_of(answer) == (429, "too_many_requests")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_each_token_has_its_own_pace(app: Flask, few: None, staff: Caller) -> None:
    for _ in range(4):
        staff.get("/jobs")
    assert Caller(app, staff.user).get("/jobs").status_code == 200


def test_600_a_minute_and_it_fills_up_again() -> None:
    buckets = Buckets()
    assert PER_MINUTE >= 600
    assert not any(buckets.take("a", 0.0) for _ in range(600))
    assert buckets.take("a", 0.0) == 1
    assert buckets.take("a", 1.0) == 0


def test_forgotten_tokens_do_not_fill_the_memory() -> None:
    buckets = Buckets(most=2)
    for key in "abc":
        buckets.take(key, 0.0)
    assert len(buckets._left) == 2
