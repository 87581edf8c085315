"""New import: the form with and without script, and what it refuses."""

from dataclasses import replace
from io import BytesIO

import pytest

from dashboard.extensions import db
from dashboard.models.audit import AuditEntry
from dashboard.models.job import Job
from dashboard.web.engine import engine_context
from tests.factories import committed, sign_in

CONTENT = b"carrier,name\nUA,United\n"


@pytest.fixture(autouse=True)
def owner(client):
    return sign_in(client)


def send(client, type_="airlines", content=CONTENT, name="carriers.csv", **headers):
    data = {"type": type_, "file": (BytesIO(content), name)}
    return client.post("/imports", data=data, headers=headers)


def test_the_page_shows_types_required_columns_and_the_limit(client):
    text = client.get("/imports/new?type=flights").text
    assert all(part in text for part in ("Flights", "sched_dep_time", "Up to 5.4 GB"))


def test_a_made_up_type_in_the_address_shows_the_first(client):
    assert client.get("/imports/new?type=nothing").status_code == 200


def test_the_form_makes_a_job_of_the_stored_file(app, client, owner):
    response = send(client)
    job_id = int(response.location.rpartition("/")[2])
    with committed(app):
        job = db.session.get(Job, job_id)
        assert (response.status_code, job.type, job.user_id) == (303, "airlines", owner.id)
        key = db.session.get(Job, job_id).file_id
        assert key is not None


def test_the_bytes_are_kept_as_they_came(app, client):
    job_id = int(send(client).location.rpartition("/")[2])
    assert client.get(f"/jobs/{job_id}/file").data == CONTENT


def test_a_script_gets_the_address_of_the_job(client):
    response = send(client, **{"X-Upload": "1"})
    assert (response.status_code, response.json["location"][:6]) == (201, "/jobs/")


def test_job_and_audit_entry_appear_together(app, client):
    job_id = send(client).location.rpartition("/")[2]
    with committed(app):
        entry = db.session.query(AuditEntry).filter_by(object_id=job_id).one()
        assert (entry.action, entry.detail["file"]) == ("job.created", "carriers.csv")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"content": b""}, "is empty"),
        ({"name": ""}, "Choose a file first"),
        ({"type_": "no-such"}, "There is no job type"),
        ({"type_": ""}, "Choose what the file holds"),
    ],
)
def test_a_refusal_stands_beside_its_field_and_leaves_no_job(app, client, values, words):
    response = send(client, **values)
    assert (response.status_code, words in response.text) == (422, True)
    with committed(app):
        assert db.session.query(Job).count() == 0


def test_a_refusal_for_the_script_is_json(client):
    response = send(client, content=b"", **{"X-Upload": "1"})
    assert (response.status_code, response.json["code"]) == (422, "file_empty")


def test_a_file_over_the_limit_is_413_and_not_kept(app, client, monkeypatch):
    with app.app_context():
        context = engine_context()
    small = replace(context.settings, max_upload_bytes=10)
    monkeypatch.setattr(context, "settings", small)
    response = send(client)
    assert (response.status_code, "larger than the limit" in response.text) == (413, True)


def test_a_type_only_a_manager_looks_at_cannot_be_sent(client):
    sign_in(client, "manager")
    assert send(client).status_code == 403
