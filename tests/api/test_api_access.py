"""Every route of the API × everybody, from the application's own list of routes (I8)."""

import re
from io import BytesIO

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from dashboard.models.preview import FilePreview
from dashboard.models.schedule import Schedule
from dashboard.models.states import JobStatus
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import Role, User
from tests.api.calling import Caller, error_of
from tests.client import CheckedClient
from tests.factories import add_job, add_user, committed

WHO = ("anonymous", "owner", "other", "manager", "integrator", "admin")
IN, SIGN_IN, FORBIDDEN, MISSING = "let in", "sign in first", "forbidden", "missing"


def table(*answers: str) -> dict[str, str]:
    return dict(zip(WHO, answers, strict=True))


OPEN = table(IN, IN, IN, IN, IN, IN)
MEMBERS = table(SIGN_IN, IN, IN, IN, IN, IN)
RUNNERS = table(SIGN_IN, IN, IN, FORBIDDEN, IN, IN)
OWNERS_LOOK = table(SIGN_IN, IN, MISSING, IN, MISSING, IN)
OWNERS_CHANGE = table(SIGN_IN, IN, MISSING, FORBIDDEN, MISSING, IN)
OWN_ONLY = table(SIGN_IN, IN, MISSING, MISSING, MISSING, MISSING)

EXPECTED = {
    "api.auth.token": OPEN,
    "api.auth.refresh": OPEN,
    "api.openapi.show": OPEN,
    "api.job_types.index": MEMBERS,
    "api.jobs.index": MEMBERS,
    "api.submitting.submit": RUNNERS,
    "api.previews.create": RUNNERS,
    "api.previews.show": OWN_ONLY,
    "api.jobs.show": OWNERS_LOOK,
    "api.failures.index": OWNERS_LOOK,
    "api.failures.as_file": OWNERS_LOOK,
    "api.downloads.output": OWNERS_LOOK,
    "api.schedules.index": MEMBERS,
    "api.schedules.make": RUNNERS,
    "api.schedules.show": OWNERS_LOOK,
    "api.schedules.change": OWNERS_CHANGE,
    "api.schedules.delete": OWNERS_CHANGE,
    "api.schedules.run": OWNERS_CHANGE,
    "api.jobs.retry": OWNERS_CHANGE,
    "api.jobs.pause": OWNERS_CHANGE,
    "api.jobs.resume": OWNERS_CHANGE,
    "api.jobs.cancellation": OWNERS_CHANGE,
    "api.jobs.undo": OWNERS_CHANGE,
    "api.jobs.rerun": OWNERS_CHANGE,
}
# Without a body it has no token to end. Tested by itself.
APART = {"api.auth.logout"}


@pytest.fixture
def people(app: Flask) -> dict[str, Caller | None]:
    roles = {"owner": Role.STAFF, "other": Role.STAFF} | {str(role): role for role in Role}
    return {"anonymous": None} | {who: Caller(app, add_user(app, roles[who])) for who in WHO[1:]}


@pytest.fixture
def values(app: Flask, people: dict[str, Caller | None]) -> dict[str, object]:
    """The owner's job, preview and schedule."""
    assert people["owner"]
    owner: User = people["owner"].user
    with committed(app) as tx:
        store = app.extensions["jobengine"].store
        key = store.put(BytesIO(b"a\n1\n"), folder="uploads", limit=100).key
        file = StoredFile(key=key, name="a.csv", bytes=4, sha256="s", owner_id=owner.id)
        tx.add(file)
        tx.flush()
        found = dict.fromkeys(("encoding", "delimiter", "sheet", "sheets", "header_row"))
        found |= {"columns": None}
        tx.add(FilePreview(id="f" * 32, file_id=file.id, owner_id=owner.id, found=found))
        schedule = Schedule(user_id=owner.id, name="a", type="airlines", cron="0 7 * * *")
        tx.add(schedule)
        tx.flush()
        file_id, schedule_id = file.id, schedule.id
    done = {"status": JobStatus.COMPLETED, "file_id": file_id, "output_id": file_id}
    return {
        "job_id": add_job(app, owner, **done),
        "schedule_id": schedule_id,
        "preview_id": "f" * 32,
    }


def routes(app: Flask) -> list[tuple[Rule, str]]:
    """Those that delete come last: the others need what they are asked about."""
    found = [
        (rule, method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint not in APART
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    return sorted(found, key=lambda route: route[1] == "DELETE")


def fetch(app: Flask, who: Caller | None, method: str, rule: Rule, values: object) -> TestResponse:
    assert isinstance(values, dict)
    built = rule.build({name: values[name] for name in rule.arguments})
    assert built
    if who is not None:
        return who.open(method, built[1].removeprefix("/api"))
    answer: TestResponse = CheckedClient(app, app.response_class).open(
        built[1], method=method, csrf=False
    )
    return answer


def said(answer: TestResponse) -> str:
    names = {401: SIGN_IN, 403: FORBIDDEN, 404: MISSING}
    return names.get(answer.status_code, IN)


def test_every_route_is_in_the_table_and_nothing_else(app: Flask) -> None:
    found = {r.endpoint for r in app.url_map.iter_rules() if r.endpoint.startswith("api.")}
    assert found == {*EXPECTED, *APART}


@pytest.mark.parametrize("who", WHO)
def test_every_route_answers_as_the_table_says(
    app: Flask, people: dict[str, Caller | None], values: dict[str, object], who: str
) -> None:
    for rule, method in routes(app):
        answer = fetch(app, people[who], method, rule, values)
        if answer.status_code >= 400:
            error_of(answer)
        assert answer.status_code < 500, (rule, answer.text)
        assert said(answer) == EXPECTED[rule.endpoint][who], (rule, method, answer.status)


def test_a_foreign_one_answers_like_a_missing_one(
    app: Flask, people: dict[str, Caller | None], values: dict[str, object]
) -> None:
    missing = {"job_id": 987654321, "preview_id": "e" * 32, "schedule_id": 987654321}
    for rule, method in routes(app):
        if not rule.arguments:
            continue
        answers = [fetch(app, people["other"], method, rule, v) for v in (values, missing)]
        bodies = {re.sub(r"\d", "", answer.text) for answer in answers}
        assert (len(bodies), answers[0].status_code) == (1, 404), rule


@pytest.mark.parametrize("job_id", ["0", "-1", "abc", "9" * 30, "%00", "1.0"])
def test_made_up_job_numbers(people: dict[str, Caller | None], job_id: str) -> None:
    assert people["admin"]
    assert error_of(people["admin"].get(f"/jobs/{job_id}")) == (404, "not_found")


def test_an_import_has_no_output(app: Flask, people: dict[str, Caller | None]) -> None:
    owner, other = people["owner"], people["other"]
    assert owner
    assert other
    job = add_job(app, owner.user, status=JobStatus.COMPLETED)
    assert error_of(owner.get(f"/jobs/{job}/download")) == (404, "no_file")
    assert error_of(other.get(f"/jobs/{job}/download")) == (404, "not_found")
