"""Every route × everybody, from the application's own list of routes (I8).

A route that is not in EXPECTED fails the first test: say there who may use it.
"""

import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from dashboard.models.job import Job, JobFailure
from dashboard.models.states import JobStatus
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import Role, User
from dashboard.web.engine import engine_context
from dashboard.web.guard import check_guards, public
from tests.client import CheckedClient
from tests.factories import add_user, committed, sign_in

WHO = ("anonymous", "owner", "other", "manager", "integrator", "admin")
IN, SIGN_IN, FORBIDDEN, MISSING = "let in", "sign in first", "forbidden", "missing"


def table(*answers: str) -> dict[str, str]:
    return dict(zip(WHO, answers, strict=True))


OPEN = table(IN, IN, IN, IN, IN, IN)
MEMBERS = table(SIGN_IN, IN, IN, IN, IN, IN)
RUNNERS = table(SIGN_IN, IN, IN, FORBIDDEN, IN, IN)
ADMINS = table(SIGN_IN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, IN)
OWNERS_LOOK = table(SIGN_IN, IN, MISSING, IN, MISSING, IN)
OWNERS_CHANGE = table(SIGN_IN, IN, MISSING, FORBIDDEN, MISSING, IN)
# Of a mapping that is not there; whose are whose is told in test_mappings.py.
RUNNERS_MISS = table(SIGN_IN, MISSING, MISSING, FORBIDDEN, MISSING, MISSING)
MEMBERS_MISS = table(SIGN_IN, MISSING, MISSING, MISSING, MISSING, MISSING)
ADMINS_MISS = table(SIGN_IN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, MISSING)

EXPECTED = {
    "static": OPEN,
    "login.form": OPEN,
    "login.sign_in": OPEN,
    "login.sign_out": OPEN,
    "theme.set": OPEN,
    "overview.index": MEMBERS,
    "overview.live": MEMBERS,
    "history.index": MEMBERS,
    "history.arrivals": MEMBERS,
    "account.show": MEMBERS,
    "account.rename": MEMBERS,
    "account.new_password": MEMBERS,
    "imports.new": RUNNERS,
    "imports.create": RUNNERS,
    "drafts.show": OWNERS_CHANGE,
    "drafts.reading": OWNERS_CHANGE,
    "drafts.read_again": OWNERS_CHANGE,
    "drafts.mapping": OWNERS_CHANGE,
    "drafts.choose": OWNERS_CHANGE,
    "drafts.ready": OWNERS_CHANGE,
    "drafts.check": OWNERS_CHANGE,
    "drafts.run": OWNERS_CHANGE,
    "drafts.discard": OWNERS_CHANGE,
    "import_templates.as_csv": RUNNERS,
    "import_templates.as_xlsx": RUNNERS,
    "mappings.index": RUNNERS,
    "mappings.rename": RUNNERS_MISS,
    "mappings.delete": RUNNERS_MISS,
    "mappings.share": ADMINS_MISS,
    "job.show": OWNERS_LOOK,
    "job.live": OWNERS_LOOK,
    "job.story": OWNERS_LOOK,
    "job.refused": OWNERS_LOOK,
    "downloads.failed_rows": OWNERS_LOOK,
    "downloads.source": OWNERS_LOOK,
    "downloads.result": OWNERS_LOOK,
    "exports.index": MEMBERS,
    "export_new.new": RUNNERS,
    "export_new.change": RUNNERS,
    "export_new.count": RUNNERS,
    "export_presets.delete": RUNNERS_MISS,
    "reports.index": MEMBERS,
    "reports.show": MEMBERS_MISS,
    "reports.run": RUNNERS_MISS,
    "report_results.show": MEMBERS_MISS,
    "report_results.comparison": MEMBERS_MISS,
    "report_results.download": MEMBERS_MISS,
    "report_results.mail": OWNERS_CHANGE,
    "syncs.index": MEMBERS,
    "syncs.rows": MEMBERS,
    "syncs.show": MEMBERS_MISS,
    "syncs.state": MEMBERS_MISS,
    "syncs.run": RUNNERS_MISS,
    "syncs.set_secret": ADMINS_MISS,
    "syncs.reset": ADMINS_MISS,
    "job.retry": OWNERS_CHANGE,
    "job.pause": OWNERS_CHANGE,
    "job.resume": OWNERS_CHANGE,
    "job.cancellation": OWNERS_CHANGE,
    "fixes.cause": OWNERS_CHANGE,
    "fixes.row_form": OWNERS_CHANGE,
    "fixes.correct": OWNERS_CHANGE,
    "fixes.corrected_file": OWNERS_CHANGE,
    "followups.run": OWNERS_CHANGE,
    "followups.check_again": OWNERS_CHANGE,
    "followups.rerun": OWNERS_CHANGE,
    "followups.reverse": OWNERS_CHANGE,
    "followups.takeover": OWNERS_CHANGE,
    "followups.forced_cancellation": OWNERS_CHANGE,
    "downloads.failed_rows_workbook": OWNERS_LOOK,
    "schedules.index": MEMBERS,
    "schedules.new": RUNNERS,
    "schedules.add": RUNNERS,
    "schedules.what": RUNNERS,
    "schedules.when": RUNNERS,
    "schedules.preview": RUNNERS,
    "schedules.show": MEMBERS_MISS,
    "schedules.change": RUNNERS_MISS,
    "schedules.pause": RUNNERS_MISS,
    "schedules.resume": RUNNERS_MISS,
    "schedules.run": RUNNERS_MISS,
    "schedules.delete": RUNNERS_MISS,
    "users.index": ADMINS,
    "users.new": ADMINS,
    "users.add": ADMINS,
    "users.edit": ADMINS,
    "users.change": ADMINS,
    "users.disable": ADMINS,
    "users.enable": ADMINS,
    "users.reset_password": ADMINS,
    "audit.index": ADMINS,
}


@pytest.fixture
def people(app: Flask) -> dict[str, User | None]:
    roles = {"owner": Role.STAFF, "other": Role.STAFF} | {str(role): role for role in Role}
    return {"anonymous": None} | {who: add_user(app, roles[who]) for who in WHO[1:]}


@pytest.fixture
def values(app: Flask, people: dict[str, User | None]) -> dict[str, object]:
    """What routes are filled with: the owner's job with its file, and a user of no importance."""
    owner = people["owner"]
    assert owner
    with committed(app) as tx:
        stored = engine_context().store.put(BytesIO(b"a\n1\n"), folder="uploads", limit=100)
        file = StoredFile(
            key=stored.key, name="a.csv", bytes=4, sha256=stored.sha256, owner_id=owner.id
        )
        tx.add(file)
        tx.flush()
        job = Job(
            type="airlines",
            kind="import",
            user_id=owner.id,
            file_id=file.id,
            output_id=file.id,
            status=JobStatus.COMPLETED,
            layout={"columns": ["a"]},
        )
        tx.add(job)
        tx.flush()
        cell = {"column": "a", "code": "odd", "message": "is odd", "value": "1", "record": '["1"]'}
        tx.add(JobFailure(job_id=job.id, chunk_id=0, row=2, **cell))
        return {
            "job_id": job.id,
            "row": 2,
            "user_id": add_user(app).id,
            "filename": "img/mark.svg",
            "type_name": "airlines",
            "mapping_id": 900_000,
            "preset_id": 900_000,
            "name": "missing",
            "suffix": "csv",
            "secret": "token",
            "schedule_id": 900_000,
        }


def routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    """All pages; tests/api/test_api_access.py has the same for the API."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("api."):
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method


def address(rule: Rule, values: dict[str, object]) -> str:
    built = rule.build({name: values[name] for name in rule.arguments})
    assert built
    return built[1]


def fetch(client: CheckedClient, who: User | None, method: str, url: str) -> TestResponse:
    """As the person, and on to the job's page when the answer leads there."""
    with client.session_transaction() as session:
        session.clear()
    if who:
        sign_in(client, who)
    answer: TestResponse = client.open(url, method=method)
    if (answer.location or "").startswith("/jobs/"):
        answer = client.get(answer.location)
    answer.get_data()
    answer.close()
    return answer


def said(answer: TestResponse) -> str:
    if (answer.location or "").startswith("/login") and answer.request.path != "/logout":
        return SIGN_IN
    return {403: FORBIDDEN, 404: MISSING}.get(answer.status_code, IN)


def test_every_route_is_in_the_table_and_nothing_else(app: Flask) -> None:
    assert {rule.endpoint for rule, _ in routes(app)} == set(EXPECTED)


@pytest.mark.parametrize("who", WHO)
def test_every_route_answers_as_the_table_says(
    client: CheckedClient,
    app: Flask,
    people: dict[str, User | None],
    values: dict[str, object],
    who: str,
) -> None:
    for rule, method in routes(app):
        answer = fetch(client, people[who], method, address(rule, values))
        assert answer.status_code < 500, rule
        assert said(answer) == EXPECTED[rule.endpoint][who], (rule, method, answer.status)


def comparable(answer: TestResponse, number: object) -> tuple[object, ...]:
    """The number asked for stands in the page's own links; CSRF tokens carry the time."""
    body = re.sub(r"[\w.-]*\.[\w-]{6}\.[\w-]{27}", "TOKEN", answer.get_data(as_text=True))
    headers = [(k, v) for k, v in answer.headers if k not in ("Set-Cookie", "Content-Length")]
    return answer.status_code, body.replace(f"/{number}", "/N"), tuple(headers)


def test_a_foreign_job_answers_byte_for_byte_like_a_missing_one(
    client: CheckedClient, app: Flask, people: dict[str, User | None], values: dict[str, object]
) -> None:
    foreign = int(str(values["job_id"]))
    missing = foreign + 900_000
    for rule, method in routes(app):
        if "job_id" not in rule.arguments:
            continue
        answers = {
            comparable(
                fetch(client, people["other"], method, address(rule, {**values, "job_id": n})), n
            )
            for n in (foreign, missing)
        }
        assert len(answers) == 1, rule


def test_htmx_gets_401_and_goes_to_the_login_page_itself(client: CheckedClient) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/history?q=a"}
    answer = client.get("/overview/live", headers=headers)
    assert (answer.status_code, answer.text) == (401, "")
    assert answer.headers["HX-Redirect"] == "/login?next=/history?q%3Da"


def test_the_upload_script_gets_401_in_json(client: CheckedClient) -> None:
    answer = client.post("/imports", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert (answer.json or {})["code"] == "sign_in_needed"


def test_after_signing_in_one_returns_to_the_page_asked_for(client: CheckedClient) -> None:
    assert client.get("/history?q=a").location == "/login?next=/history?q%3Da"
    assert client.post("/settings/account/name").location == "/login"


def test_a_route_without_a_guard_stops_the_start() -> None:
    app = Flask(__name__)
    app.get("/a")(public(lambda: ""))
    check_guards(app)
    app.get("/b", endpoint="forgotten")(lambda: "")
    with pytest.raises(Exception, match=r"/b \(forgotten\) has no guard"):
        check_guards(app)
