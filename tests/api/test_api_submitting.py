"""`POST /api/submit-job`: what makes a job, and everything that is refused."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from dashboard.api import submitting
from dashboard.extensions import db
from dashboard.jobs.registry import JobRegistry
from dashboard.models.audit import AuditEntry
from dashboard.models.job import Job
from dashboard.models.stored_file import StoredFile
from tests.api.calling import FILE, Caller, caller, error_of, field_of
from tests.factories import committed

PART = '{"file": "carriers.csv"}'


def job_of(app: Flask, answer: Any) -> dict[str, Any]:
    """The columns of the job an answer names."""
    with committed(app) as session:
        job = session.get_one(Job, int(answer.get_json()["jobId"]))
        return {column.name: getattr(job, column.key) for column in Job.__table__.columns}


def stored(app: Flask) -> int:
    with committed(app) as session:
        return session.query(StoredFile).count()


def jobs(app: Flask) -> int:
    with committed(app) as session:
        return session.query(Job).count()


def test_multipart_makes_a_job(app: Flask, staff: Caller) -> None:
    answer = staff.send()
    job = job_of(app, answer)
    assert (answer.status_code, answer.get_json()) == (202, {"jobId": str(job["id"])})
    assert answer.headers["Location"].endswith(f"/api/jobs/{job['id']}")
    assert (job["type"], job["status"], job["user_id"]) == ("airlines", "waiting", staff.user.id)


def test_the_location_leads_to_the_job(staff: Caller) -> None:
    answer = staff.send()
    assert staff.get(f"/jobs/{answer.get_json()['jobId']}").get_json()["name"] == "airlines"


def test_data_becomes_options(app: Flask, staff: Caller) -> None:
    data = {
        "mode": "upsert",
        "key": ["carrier"],
        "mapping": {"carrier": "carrier", "x": None},
        "delimiter": ";",
        "headerRow": 1,
        "duplicates": "last",
        "chunkRows": 500,
        "format": None,
    }
    job = job_of(app, staff.send(data=json.dumps(data)))
    chunk_rows = data.pop("chunkRows")
    del data["format"]
    assert (job["options"], job["chunk_rows"]) == (data, chunk_rows)


def test_a_check_writes_nothing_and_says_so(app: Flask, staff: Caller) -> None:
    job = job_of(app, staff.send(data='{"check": true}'))
    assert (job["purpose"], job["options"]) == ("check", {})


def test_later(app: Flask, staff: Caller) -> None:
    job = job_of(app, staff.send(data='{"runAt": "2090-01-01T08:00:00+01:00"}'))
    assert (job["status"], job["run_at"]) == ("delayed", datetime(2090, 1, 1, 7, tzinfo=UTC))


def test_json_with_the_name_of_a_file_sent_before(app: Flask, staff: Caller) -> None:
    staff.send(content=b"carrier,name\nXX,Old\n")
    newest = job_of(app, staff.send())["file_id"]
    answer = staff.post("/submit-job", json={"name": "airlines", "data": {"file": "carriers.csv"}})
    assert (answer.status_code, job_of(app, answer)["file_id"]) == (202, newest)


def test_json_with_a_preview_reads_as_the_preview_did(app: Flask, staff: Caller) -> None:
    preview = staff.preview(b"carrier;name\nUA;United\n", delimiter=";").get_json()
    data = {"file": preview["id"], "headerRow": 1}
    answer = staff.post("/submit-job", json={"name": "airlines", "data": data})
    assert job_of(app, answer)["options"] == {"delimiter": ";", "headerRow": 1}


@pytest.mark.parametrize("what", ["name", "preview"])
def test_a_foreign_file_is_like_a_missing_one(app: Flask, staff: Caller, what: str) -> None:
    named = staff.preview(name="mine.csv").get_json()["id"] if what == "preview" else "mine.csv"
    staff.preview(name="mine.csv")
    other = caller(app, "admin")
    answer = other.post("/submit-job", json={"name": "airlines", "data": {"file": named}})
    assert field_of(answer) == "file"


def test_job_file_and_audit_entry_appear_together(app: Flask, staff: Caller) -> None:
    job_id = staff.send().get_json()["jobId"]
    with committed(app):
        entry = db.session.query(AuditEntry).filter_by(object_id=job_id).one()
        assert (entry.action, entry.actor) == ("job.created", staff.user.email)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"header_row": 1}, "header_row"),
        ({"columns": ["a"]}, "columns"),
        ({"filters": []}, "filters"),
        ({"mode": "replace"}, "mode"),
        ({"mode": 1}, "mode"),
        ({"key": "carrier"}, "key"),
        ({"key": []}, "key"),
        ({"key": [1]}, "key"),
        ({"mapping": ["a"]}, "mapping"),
        ({"mapping": {"a": 1}}, "mapping"),
        ({"constants": {"a": None}}, "constants"),
        ({"values": {"a": "b"}}, "values"),
        ({"formats": {"a": "DMY"}}, "formats"),
        ({"formats": {"a": {"date": "DDD"}}}, "formats"),
        ({"key": ["a", "a"]}, "key"),
        ({"check": "yes"}, "check"),
        ({"undo": 1}, "undo"),
        ({"headerRow": "1"}, "headerRow"),
        ({"headerRow": -1}, "headerRow"),
        ({"headerRow": True}, "headerRow"),
        ({"chunkRows": 0}, "chunkRows"),
        ({"chunkRows": 10**12}, "chunkRows"),
        ({"chunkRows": 1.5}, "chunkRows"),
        ({"mostFailedPercent": 101}, "mostFailedPercent"),
        ({"mostFailedRows": -1}, "mostFailedRows"),
        ({"duplicates": "keep"}, "duplicates"),
        ({"blanks": "leave"}, "blanks"),
        ({"delimiter": 1}, "delimiter"),
        ({"table": ""}, "table"),
        ({"runAt": "2090-01-01T08:00:00"}, "runAt"),
        ({"runAt": "tomorrow"}, "runAt"),
        ({"runAt": 7}, "runAt"),
        ({"check": True, "runAt": "2090-01-01T08:00:00Z"}, "runAt"),
        ({"file": 7}, "file"),
        ({"key": ["kode"]}, "key"),
        ({"mapping": {"a": "kode"}}, "mapping"),
        ({"mapping": {"a": "name", "b": "name"}}, "mapping"),
        ({"constants": {"kode": "x"}}, "constants"),
        ({"values": {"kode": {"a": "b"}}}, "values"),
        ({"table": "t"}, "table"),
    ],
)
def test_what_is_wrong_in_data_is_named(
    app: Flask, staff: Caller, data: dict[str, Any], field: str
) -> None:
    assert field_of(staff.send(data=json.dumps(data))) == field
    assert (stored(app), jobs(app)) == (0, 0)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "table"),
        ({"table": "a b"}, "table"),
        ({"table": "pg_x"}, "table"),
        ({"table": "t", "mode": "upsert"}, "mode"),
        ({"table": "t", "mapping": {"a": "b"}}, "mapping"),
    ],
)
def test_any_file_without_a_usable_table_makes_no_job(
    app: Flask, data: dict[str, Any], field: str
) -> None:
    answer = caller(app, "admin").send("any-file", data=json.dumps(data))
    assert (answer.status_code, field_of(answer), jobs(app)) == (422, field, 0)


@pytest.mark.parametrize(
    "data",
    [
        {"delimiter": "ab"},
        {"quote": "''"},
        {"encoding": "klingon"},
        {"format": "docx"},
        {"delimiter": '"', "quote": '"'},
    ],
)
def test_a_reading_that_cannot_be_is_422(staff: Caller, data: dict[str, Any]) -> None:
    answer = staff.send(data=json.dumps(data))
    assert (answer.status_code, bool(error_of(answer)[1])) == (422, True)


def test_an_unknown_type_names_the_known_ones(staff: Caller) -> None:
    answer = staff.send("no-such")
    assert error_of(answer) == (422, "unknown_job_type")
    assert "airlines" in answer.get_json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": 7}, "name"),
        ({"name": "airlines"}, "file"),
        ({"name": "airlines", "data": []}, "file"),
        ({"name": "airlines", "data": "{}"}, "data"),
        ({"name": "airlines", "data": {"file": "no such"}}, "file"),
        ({"name": "airlines", "data": {"file": "a"}, "priority": 1}, "priority"),
    ],
)
def test_what_is_wrong_with_the_body_is_named(
    staff: Caller, body: dict[str, Any], field: str
) -> None:
    assert field_of(staff.post("/submit-job", json=body)) == field


def test_two_files_are_one_too_many(staff: Caller) -> None:
    assert field_of(staff.send(data=PART)) == "file"


@pytest.mark.parametrize("text", ["{", "nothing", '{"a": NaN}', '{"a": 1, "a": 2}', "[" * 9999])
def test_broken_json(staff: Caller, text: str) -> None:
    answer = staff.post("/submit-job", data=text, content_type="application/json")
    assert error_of(answer) == (400, "broken_json")
    assert error_of(staff.send(data=text)) == (400, "broken_json")


@pytest.mark.parametrize("kind", ["text/csv", "application/x-www-form-urlencoded", None])
def test_another_content_type(staff: Caller, kind: str | None) -> None:
    answer = staff.post("/submit-job", data=b"name=airlines", content_type=kind)
    assert error_of(answer) == (415, "wrong_content_type")


def test_an_empty_file(app: Flask, staff: Caller) -> None:
    assert error_of(staff.send(content=b"")) == (422, "file_empty")
    assert jobs(app) == 0


def test_a_file_over_the_limit(app: Flask, staff: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    context = app.extensions["jobengine"]
    small = replace(context.settings, max_upload_bytes=10)
    monkeypatch.setattr(context, "settings", small)
    assert error_of(staff.send()) == (413, "file_too_large")
    assert jobs(app) == 0


def test_a_json_body_over_the_limit(staff: Caller) -> None:
    answer = staff.post("/submit-job", json={"name": "x" * (1 << 20)})
    assert error_of(answer) == (413, "too_large")


@pytest.mark.parametrize(("role", "status"), [("staff", 403), ("integrator", 202), ("admin", 202)])
def test_a_type_for_some_roles(
    app: Flask, monkeypatch: pytest.MonkeyPatch, role: str, status: int
) -> None:
    entry = {"importer": "dashboard.demo.importers:AirlineImporter", "roles": ["integrator"]}
    registry = JobRegistry({"import": {"airlines": entry}})
    monkeypatch.setattr(app.extensions["jobengine"], "registry", registry)
    who = caller(app, role)
    assert who.send().status_code == status
    shown = [t["type"] for t in who.get("/job-types").get_json()["jobTypes"]]
    assert shown == ([] if status == 403 else ["airlines"])


def test_the_same_key_and_body_make_one_job(app: Flask, staff: Caller) -> None:
    first, second = (staff.send(**{"Idempotency-Key": "k1"}) for _ in range(2))
    assert (second.status_code, second.get_json()) == (202, first.get_json())
    assert (jobs(app), stored(app)) == (1, 1)


@pytest.mark.parametrize(
    "other",
    [{"content": FILE + b"DL,Delta\n"}, {"data": '{"mode": "upsert"}'}, {"name": "other.csv"}],
)
def test_the_same_key_and_another_body(app: Flask, staff: Caller, other: dict[str, Any]) -> None:
    staff.send(**{"Idempotency-Key": "k1"})
    answer = staff.send(**other, **{"Idempotency-Key": "k1"})
    assert error_of(answer) == (409, "idempotency_key")
    assert jobs(app) == 1


def test_a_key_in_json_whatever_the_order_of_keys(staff: Caller) -> None:
    staff.preview()
    texts = (
        '{"name": "airlines", "data": {"file": "a.csv", "mode": "upsert"}}',
        '{"data": {"mode": "upsert", "file": "a.csv"}, "name": "airlines"}',
    )
    headers = {"Idempotency-Key": "k2", "Content-Type": "application/json"}
    found = {staff.post("/submit-job", data=t, headers=headers).get_data() for t in texts}
    assert len(found) == 1


def test_a_key_sent_twice_at_the_same_moment_makes_one_job(
    app: Flask, staff: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = staff.send(**{"Idempotency-Key": "k1"})
    # As the other request saw it, before the first had committed.
    seen = iter((False, True))
    monkeypatch.setattr(submitting, "is_used", lambda *_: next(seen))
    second = staff.send(**{"Idempotency-Key": "k1"})
    assert (second.status_code, second.get_json()) == (202, first.get_json())
    assert (jobs(app), stored(app)) == (1, 1)


def test_each_person_has_their_own_keys(app: Flask, staff: Caller) -> None:
    first = staff.send(**{"Idempotency-Key": "k"}).get_json()
    second = caller(app).send(**{"Idempotency-Key": "k"}).get_json()
    assert first != second


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_cannot_be_kept(staff: Caller, key: str) -> None:
    assert field_of(staff.send(**{"Idempotency-Key": key})) == "Idempotency-Key"
