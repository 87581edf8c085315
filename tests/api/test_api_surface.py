"""The API as a whole: errors in one shape, CORS, its description."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from dashboard.api.schemas import SCHEMAS
from tests.api.calling import Caller, caller, error_of
from tests.client import CheckedClient
from tests.factories import add_job

ORIGIN = "https://app.example"


@pytest.fixture
def origins(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Any:
    def allow(*allowed: str) -> None:
        context = app.extensions["jobengine"]
        monkeypatch.setattr(context, "settings", replace(context.settings, cors_origins=allowed))

    return allow


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("GET", "/api", (404, "not_found")),
        ("GET", "/api/", (404, "not_found")),
        ("GET", "/api/no-such", (404, "not_found")),
        ("DELETE", "/api/jobs", (405, "method_not_allowed")),
        ("GET", "/api/submit-job", (405, "method_not_allowed")),
    ],
)
def test_errors_before_any_view(
    client: CheckedClient, method: str, path: str, found: tuple[int, str]
) -> None:
    answer = client.open(path, method=method, csrf=False, headers={"Accept": "text/html"})
    assert error_of(answer) == found
    assert ("Allow" in answer.headers) is (found[0] == 405)


def test_pages_keep_their_own_errors(client: CheckedClient) -> None:
    assert client.get("/apiary").mimetype == "text/html"


def test_a_crash_tells_nothing(app: Flask, staff: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.view_functions, "api.jobs.index", crash)
    answer = staff.get("/jobs")
    assert error_of(answer) == (500, "internal_error")
    assert "secret" not in answer.text


def crash() -> None:
    raise ValueError("secret path /srv")


crash.jobengine_guard = "jobs.view_own"  # type: ignore[attr-defined]


def test_answers_are_not_kept_by_caches(staff: Caller) -> None:
    assert staff.get("/jobs").headers["Cache-Control"] == "no-store"


def test_any_origin_may_read_without_cookies(origins: Any, staff: Caller) -> None:
    origins("*")
    answer = staff.get("/jobs", headers={"Origin": ORIGIN})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(("origin", "allowed"), [(ORIGIN, ORIGIN), ("https://evil.example", None)])
def test_named_origins(origins: Any, staff: Caller, origin: str, allowed: str | None) -> None:
    origins(ORIGIN)
    answer = staff.get("/jobs", headers={"Origin": origin})
    assert answer.headers.get("Access-Control-Allow-Origin") == allowed
    assert "Origin" in answer.headers["Vary"]


def test_a_preflight_needs_no_token(origins: Any, client: CheckedClient) -> None:
    origins("*")
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    answer = client.options("/api/submit-job", headers=headers)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


def test_errors_may_be_read_by_other_origins_too(origins: Any, client: CheckedClient) -> None:
    origins("*")
    answer = client.get("/api/jobs", headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (401, "*")


def test_pages_are_closed_to_other_origins(origins: Any, client: CheckedClient) -> None:
    origins("*")
    answer = client.get("/login", headers={"Origin": ORIGIN})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_description_names_every_route_and_no_other(app: Flask, client: CheckedClient) -> None:
    document = client.get("/api/openapi.json").get_json()
    described = {
        (path, method.upper()) for path, methods in document["paths"].items() for method in methods
    }
    real = {
        (rule.rule.removeprefix("/api").replace("<", "{").replace(">", "}"), method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert (document["openapi"], described) == ("3.1.0", real)


def references(part: Any) -> Iterator[str]:
    for key, value in part.items() if isinstance(part, dict) else enumerate(part):
        if key == "$ref":
            yield value.rpartition("/")[2]
        elif isinstance(value, dict | list):
            yield from references(value)


def test_every_reference_leads_somewhere_and_429_is_told(client: CheckedClient) -> None:
    document = client.get("/api/openapi.json").get_json()
    assert set(references(document)) <= set(SCHEMAS)
    assert "429" in document["paths"]["/jobs"]["get"]["responses"]


def test_the_described_job_has_exactly_its_keys(app: Flask, staff: Caller) -> None:
    body = staff.get(f"/jobs/{add_job(app, staff.user)}").get_json()
    assert set(SCHEMAS["Job"]["properties"]) == set(body)
    assert set(SCHEMAS["Counts"]["properties"]) == set(body["counts"])
    assert set(SCHEMAS["Preview"]["properties"]) == set(staff.preview().get_json())


def test_job_types_with_fields_and_formats(app: Flask) -> None:
    found = {t["type"]: t for t in caller(app, "manager").get("/job-types").get_json()["jobTypes"]}
    airlines = found["airlines"]
    assert (airlines["label"], airlines["kind"], airlines["strategy"]) == (
        "Airlines",
        "import",
        "polling",
    )
    wanted = {"name": "carrier", "type": "string", "required": True}
    assert wanted.items() <= airlines["fields"][0].items()
    assert {"csv", "xlsx"} <= set(airlines["formats"])
