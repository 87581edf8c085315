"""Headers, cookies, limits, CSRF, proxies, and what the web process must not load."""

import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask_login import current_user
from sqlalchemy import select

from config import ROOT, Settings, from_environment
from dashboard.app import create_app
from dashboard.extensions import Base, db
from dashboard.models.audit import AuditEntry
from dashboard.web.guard import FORM_BYTES
from tests.client import CheckedClient
from tests.factories import add_user, sign_in

STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)

FORM = "application/x-www-form-urlencoded"
PROBE = """
import sys
from pathlib import Path
from config import from_environment
from dashboard.app import create_app
app = create_app(from_environment({}, instance=Path(sys.argv[1])))
app.test_client().get("/login")
print(sorted({"pandas", "openpyxl", "fastexcel"} & set(sys.modules)))
"""


@pytest.fixture
def alone(tmp_path: Path) -> Settings:
    """For an application of the test's own."""
    return from_environment({"LOG_LEVEL": "CRITICAL", "DEMO": "0"}, instance=tmp_path)


def client_of(settings: Settings) -> CheckedClient:
    app = create_app(settings)
    app.test_client_class = CheckedClient
    with app.app_context():
        Base.metadata.create_all(db.engine)
        db.engine.dispose()
    client: CheckedClient = app.test_client()
    return client


@pytest.mark.parametrize("path", ["/login", "/", "/nothing/here", "/static/img/mark.svg"])
def test_every_answer_carries_the_headers(client: CheckedClient, path: str) -> None:
    with client.get(path) as answer:
        assert answer.headers["Content-Security-Policy"] == STRICT
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "Permissions-Policy" in answer.headers


def test_pages_are_not_kept_by_caches(client: CheckedClient) -> None:
    sign_in(client)
    assert client.get("/settings/account").headers["Cache-Control"] == "no-store"


def test_static_files_may_be_kept(client: CheckedClient) -> None:
    with client.get("/static/img/mark.svg") as answer:
        assert "no-store" not in answer.headers.get("Cache-Control", "")


def test_cookie_in_development(client: CheckedClient) -> None:
    cookie = client.get("/login").headers["Set-Cookie"]
    assert cookie.startswith("jobengine=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_cookie_and_hsts_in_production(alone: Settings) -> None:
    client = client_of(replace(alone, env="production"))
    answer = client.get("/login", base_url="https://localhost")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-jobengine=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


def test_a_poll_does_not_bring_an_old_session_back(client: CheckedClient) -> None:
    sign_in(client)
    client.get("/settings/account")
    assert "Set-Cookie" not in client.get("/settings/account").headers


def test_csrf_by_header_as_htmx_sends_it(client: CheckedClient) -> None:
    sign_in(client)
    url, data = "/settings/account/name", {"name": "Ada"}
    assert client.post(url, data=data, csrf=False).status_code == 400
    assert client.post(url, data=data).status_code == 303


def test_csrf_by_form_field(client: CheckedClient) -> None:
    sign_in(client)
    data = {"name": "Ada", "csrf_token": client.csrf_token()}
    assert client.post("/settings/account/name", data=data, csrf=False).status_code == 303


def test_a_token_of_another_session_is_refused(client: CheckedClient, app: Flask) -> None:
    sign_in(client)
    other = app.test_client()
    with other.session_transaction() as session:
        session["csrf_token"] = "1" * 40
    headers = {"X-CSRFToken": other.csrf_token()}
    answer = client.post("/settings/account/name", headers=headers, csrf=False)
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.text


def test_a_form_may_not_be_endless(client: CheckedClient) -> None:
    answer = client.post("/theme", data=b"x" * FORM_BYTES + b"x", content_type=FORM)
    assert answer.status_code == 413


def test_who_is_nobody_cannot_make_the_server_read_a_file(client: CheckedClient) -> None:
    answer = client.post("/imports", data=b"x" * 3 * FORM_BYTES, content_type=FORM, csrf=False)
    assert answer.location == "/login"


def test_a_file_over_the_limit(alone: Settings) -> None:
    client = client_of(replace(alone, max_upload_bytes=1000))
    sign_in(client)
    file = (BytesIO(b"x" * 200_000), "x.csv")
    answer = client.post("/imports", data={"file": file})
    assert answer.status_code == 413
    assert "Nothing was kept" in answer.text


def test_who_asks_is_known_before_the_body_is_read_and_holds_no_lock(app: Flask) -> None:
    user = add_user(app)
    with app.test_request_context("/imports", method="POST") as context:
        context.session["_user_id"] = user.get_id()
        assert current_user.email == user.email
        assert not db.session().in_transaction()


def test_asking_who_it_is_does_not_undo_what_a_view_has_begun(app: Flask) -> None:
    user = add_user(app)
    with app.test_request_context("/theme", method="POST") as context:
        context.session["_user_id"] = user.get_id()
        db.session.add(
            AuditEntry(actor="a", action="b", object_type="c", object_id="d", address="")
        )
        db.session.flush()
        assert current_user.email == user.email
        assert db.session.scalar(select(AuditEntry.action)) == "b"


def failed_from(client: CheckedClient, app: Flask) -> str | None:
    headers = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
    client.post("/login", data={"email": "a@b.c", "password": "x"}, headers=headers)
    with app.app_context():
        return db.session.scalar(select(AuditEntry.address))


def test_without_trusted_proxies_the_header_is_a_lie(client: CheckedClient, app: Flask) -> None:
    assert failed_from(client, app) == "127.0.0.1"


@pytest.mark.parametrize(("hops", "seen"), [(1, "203.0.113.9"), (2, "198.51.100.7")])
def test_behind_trusted_proxies(alone: Settings, hops: int, seen: str) -> None:
    client = client_of(replace(alone, trusted_proxies=hops))
    assert failed_from(client, client.application) == seen
    with client.application.app_context():
        db.engine.dispose()


def test_the_web_process_stays_small(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROBE, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr[-2000:]
