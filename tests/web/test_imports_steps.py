"""The conversation before a run: what starts at once, what is asked, and whose draft it is."""

import pytest

from dashboard.extensions import db
from dashboard.models.audit import AuditEntry
from dashboard.models.job import Job
from dashboard.models.stored_file import StoredFile
from tests.factories import committed, sign_in
from tests.web.draft_parts import RENAMED, choose, draft, options, send, status

CLEAN = "carrier,name\nUA,United\n"
BROKEN = 'carrier,name\nUA,"never closed\n'


@pytest.fixture(autouse=True)
def owner(client):
    return sign_in(client)


def job_of(location):
    return int(location.rpartition("/")[2])


def test_a_file_that_fits_starts_at_once(app, client):
    location = send(client, CLEAN).location
    assert location.startswith("/jobs/")
    assert status(app, job_of(location)) == "waiting"


def test_headers_of_another_name_are_asked(client):
    assert send(client, RENAMED).location.endswith("/mapping")


def test_a_file_that_cannot_be_read_is_asked_about_first(client):
    assert send(client, BROKEN).location.endswith("/reading")


def test_the_same_file_again_is_said_before_it_runs(client):
    first = job_of(send(client, CLEAN).location)
    location = send(client, CLEAN).location
    assert location.endswith("/ready")
    assert f"job #{first}" in client.get(location).text


def test_other_columns_than_in_the_last_good_run_are_said(app, client):
    done = job_of(send(client, CLEAN).location)
    with committed(app):
        job = db.session.get_one(Job, done)
        job.status, job.created, job.layout = "completed", 1, {"columns": ["carrier", "name", "x"]}
    location = send(client, "carrier,name\nAA,American\n").location
    assert "Gone: x." in client.get(location).text


def test_pasted_rows_are_imported_like_a_file(app, client):
    data = {"type": "airlines", "rows": "carrier\tname\r\nUA\tUnited\r\n"}
    job_id = job_of(client.post("/imports", data=data).location)
    with committed(app):
        stored = db.session.get_one(StoredFile, db.session.get_one(Job, job_id).file_id)
        assert (stored.name, stored.bytes) == ("pasted rows.txt", 23)


def test_a_file_and_pasted_rows_are_one_too_many(client):
    response = send(client, CLEAN, rows="a,b\n1,2\n")
    assert (response.status_code, "Send one of them" in response.text) == (422, True)


def test_check_first_starts_a_check_of_the_draft(app, client):
    check_id = job_of(send(client, CLEAN, check="1").location)
    with committed(app):
        check = db.session.get_one(Job, check_id)
        assert (check.purpose, db.session.get_one(Job, check.origin_id).status) == (
            "check",
            "draft",
        )


def test_the_choices_about_rows_are_kept(app, client):
    form = {"mode": "upsert", "key-airlines": "carrier", "blanks": "leave", "mostFailedRows": "5"}
    found = options(app, job_of(send(client, CLEAN, **form).location))
    wanted = {"mode": "upsert", "key": ["carrier"], "blanks": "leave", "mostFailedRows": 5}
    assert found.items() >= wanted.items()


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"mode": "replace"}, "is not available"),
        ({"mostFailedPercent": "120"}, "whole number from 0 to 100"),
        ({"duplicates": "any"}, "is not available"),
    ],
)
def test_a_choice_that_is_none_is_refused_beside_its_field(client, form, words):
    response = send(client, CLEAN, **form)
    assert (response.status_code, words in response.text) == (422, True)


def test_no_undo_when_it_is_unticked(app, client):
    found = options(app, job_of(send(client, CLEAN, **{"undo-asked": "1"}).location))
    assert found["undo"] is False


def test_drafts_are_listed_until_discarded(client, app):
    job_id = draft(client)
    assert f"draft #{job_id}" in client.get("/imports/new").text
    assert client.post(f"/imports/{job_id}/discarding").location == "/imports/new"
    assert status(app, job_id) == "cancelled"
    assert f"draft #{job_id}" not in client.get("/imports/new").text


def test_a_draft_is_taken_up_where_it_asks(client):
    job_id = draft(client)
    assert client.get(f"/imports/{job_id}").location == f"/imports/{job_id}/mapping"
    choose(client, job_id, f0="carrier", f1="name")
    assert client.get(f"/imports/{job_id}").location == f"/imports/{job_id}/ready"


@pytest.mark.parametrize("step", ["", "/reading", "/mapping", "/ready"])
def test_a_foreign_draft_looks_like_none(client, step):
    job_id = draft(client)
    sign_in(client)
    assert client.get(f"/imports/{job_id}{step}").status_code == 404


@pytest.mark.parametrize("act", ["reading", "mapping", "check", "run", "discarding"])
def test_nobody_else_changes_a_draft(app, client, act):
    job_id = draft(client)
    sign_in(client)
    assert client.post(f"/imports/{job_id}/{act}").status_code == 404
    assert status(app, job_id) == "draft"


def test_run_starts_the_draft_and_remembers_its_columns(app, client):
    job_id = draft(client)
    choose(client, job_id, f0="carrier", f1="name")
    assert client.post(f"/imports/{job_id}/run").location == f"/jobs/{job_id}"
    assert status(app, job_id) == "waiting"
    again = send(client, RENAMED.replace("Carrier", "Other"))
    assert again.location.startswith("/jobs/")


def test_run_asks_what_is_still_open(app, client):
    job_id = draft(client)
    assert client.post(f"/imports/{job_id}/run").location == f"/imports/{job_id}/mapping"
    assert status(app, job_id) == "draft"


def test_a_draft_started_in_another_tab_leads_to_its_job(client):
    job_id = draft(client)
    choose(client, job_id, f0="carrier", f1="name")
    client.post(f"/imports/{job_id}/run")
    assert client.get(f"/imports/{job_id}/mapping").location == f"/jobs/{job_id}"
    assert client.post(f"/imports/{job_id}/run").location == f"/jobs/{job_id}"


def test_check_leaves_the_draft_open(app, client):
    job_id = draft(client)
    choose(client, job_id, f0="carrier", f1="name")
    check_id = job_of(client.post(f"/imports/{job_id}/check").location)
    assert (check_id != job_id, status(app, job_id)) == (True, "draft")


def test_each_act_on_a_draft_is_in_the_audit_log(app, client):
    job_id = draft(client)
    choose(client, job_id, f0="carrier", f1="name")
    client.post(f"/imports/{job_id}/run")
    with committed(app):
        entries = db.session.query(AuditEntry).filter_by(object_id=str(job_id))
        assert {entry.action for entry in entries} == {"job.drafted", "job.created"}


def test_ready_says_what_will_happen(client):
    job_id = draft(client, mode="upsert")
    choose(client, job_id, f0="carrier", f1="name", mode="upsert")
    text = client.get(f"/imports/{job_id}/ready").text
    assert "a new carrier becomes a new record" in text
    assert "2 of 2 columns are used" in text


def test_a_file_that_is_gone_is_said(app, client):
    job_id = draft(client)
    with committed(app):
        job = db.session.get_one(Job, job_id)
        db.session.get_one(StoredFile, job.file_id).removed_at = job.created_at
    assert client.get(f"/imports/{job_id}/mapping").status_code == 404


def test_any_file_asks_for_a_table_and_no_columns(app, client):
    sign_in(client, "admin")
    job_id = draft(client, type_="any-file")
    page = f"/imports/{job_id}/mapping"
    assert "Name of the new table" in client.get(page).text
    assert client.post(page, data={"table": "no spaces"}).status_code == 422
    assert client.post(page, data={"table": "prices_2026"}).location.endswith("/ready")
    assert options(app, job_id) == {"table": "prices_2026"}


def test_any_file_with_its_table_starts_at_once(app, client):
    sign_in(client, "admin")
    location = send(client, RENAMED, type_="any-file", table="prices_2026").location
    assert options(app, job_of(location)) == {"table": "prices_2026"}


def test_a_type_for_admins_is_neither_offered_nor_taken(client):
    assert "Any file" not in client.get("/imports/new").text
    assert send(client, CLEAN, type_="any-file", table="t").status_code == 403


def test_templates_hold_the_columns_of_the_type(client):
    text = client.get("/imports/templates/airlines.csv").text
    assert text.startswith("carrier,name\r\n")
    assert client.get("/imports/templates/airlines.xlsx").data.startswith(b"PK")


def test_there_is_no_template_of_what_one_may_not_import(client):
    assert client.get("/imports/templates/any-file.csv").status_code == 404
