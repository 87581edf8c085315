"""Every error is a page with the right status and words, and gives nothing away."""

from collections.abc import Iterator

import pytest
from flask import Flask

from config import from_environment
from dashboard.app import create_app
from dashboard.errors import (
    ConfigurationError,
    Forbidden,
    InputRefused,
    NotFound,
    WrongState,
)
from dashboard.extensions import Base, db
from dashboard.web.guard import public
from tests.client import CheckedClient
from tests.factories import sign_in

SECRET = "SELECT password_hash FROM users -- /srv/jobengine/secret.py"
RAISED: dict[str, Exception] = {
    "refused": InputRefused("Row 18 <b>is</b> not right."),
    "foreign": NotFound("There is no such job."),
    "forbidden": Forbidden("Ask an admin."),
    "state": WrongState("The job has ended."),
    "broken": ConfigurationError(SECRET),
    "crash": RuntimeError(SECRET),
}


def raiser(error: Exception):
    @public
    def view() -> str:
        raise error

    return view


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    environ = {"LOG_LEVEL": "CRITICAL", "DEMO": "0"}
    app = create_app(from_environment(environ, instance=tmp_path_factory.mktemp("faulty")))
    app.test_client_class = CheckedClient
    for name, error in RAISED.items():
        app.add_url_rule(f"/raise/{name}", name, raiser(error), methods=["GET", "POST"])
    with app.app_context():
        Base.metadata.create_all(db.engine)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def nobody(faulty: Flask) -> CheckedClient:
    client: CheckedClient = faulty.test_client()
    return client


EXPECTED = [
    ("refused", 422, "input_refused", "Row 18 &lt;b&gt;is&lt;/b&gt; not right."),
    ("foreign", 404, "not_found", "There is no such job."),
    ("forbidden", 403, "forbidden", "Ask an admin."),
    ("state", 409, "job_state", "The job has ended."),
    ("broken", 500, "configuration", "It has been recorded."),
    ("crash", 500, "internal_error", "It has been recorded."),
]


@pytest.mark.parametrize(("name", "status", "code", "words"), EXPECTED)
def test_status_code_and_words(
    nobody: CheckedClient, name: str, status: int, code: str, words: str
) -> None:
    answer = nobody.get(f"/raise/{name}")
    assert answer.status_code == status
    assert code in answer.text
    assert words in answer.text


@pytest.mark.parametrize("name", ["broken", "crash"])
@pytest.mark.parametrize(
    "headers", [{}, {"HX-Request": "true"}, {"Accept": "application/json"}], ids=str
)
def test_nothing_is_given_away(nobody: CheckedClient, name: str, headers: dict[str, str]) -> None:
    answer = nobody.get(f"/raise/{name}", headers=headers)
    assert answer.status_code == 500
    for word in ("SELECT", "/srv", "Traceback", "RuntimeError", ".py"):
        assert word not in answer.text


def test_the_page_of_somebody_signed_in_has_the_way_out(faulty: Flask) -> None:
    client = faulty.test_client()
    sign_in(client)
    page = client.get("/raise/crash").text
    assert 'href="/"' in page
    assert "Sign out" in page


def test_for_htmx_a_fragment(nobody: CheckedClient) -> None:
    answer = nobody.get("/raise/state", headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert "<html" not in answer.text
    assert "The job has ended." in answer.text


def test_for_scripts_json(nobody: CheckedClient) -> None:
    answer = nobody.get("/raise/state", headers={"Accept": "application/json"})
    assert answer.json == {"code": "job_state", "message": "The job has ended."}


def test_an_unknown_address(client: CheckedClient) -> None:
    answer = client.get("/no/such/page")
    assert answer.status_code == 404
    assert "not_found" in answer.text


def test_a_wrong_method_says_which_are_right(client: CheckedClient) -> None:
    answer = client.put("/login")
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_the_folder_of_templates_is_whole(faulty: Flask) -> None:
    for name in faulty.jinja_env.list_templates(extensions=["html"]):
        faulty.jinja_env.get_template(name)
