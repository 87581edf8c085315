"""Schedules by REST: the whole way, what is refused, whose is whose."""

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from dashboard.jobs.dispatcher import add_stored_file
from dashboard.models.audit import AuditEntry
from dashboard.models.user import Role
from tests.api.calling import Caller, caller, error_of, field_of
from tests.factories import committed

NIGHTLY = {"type": "flights-export", "cron": "30 7 * * 1-5", "timezone": "Europe/Berlin"}
KEYS = {
    "id", "name", "type", "data", "cron", "timezone", "after", "words", "overlap", "catchUp",
    "active", "pauseReason", "userId", "nextRuns", "lastRun", "missed", "version", "createdAt",
    "changedAt",
}  # fmt: skip


def make(program: Caller, **changes: Any) -> TestResponse:
    body = {name: value for name, value in {**NIGHTLY, **changes}.items() if value != "-"}
    return program.post("/schedules", json=body)


def made(program: Caller, **changes: Any) -> dict[str, Any]:
    answer = make(program, **changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def test_made_with_what_was_not_said(staff: Caller):
    answer = make(staff)
    body = answer.get_json()
    assert answer.status_code == 201
    assert answer.location == f"/api/schedules/{body['id']}"
    assert set(body) == KEYS
    said = {"overlap": "skip", "catchUp": "one", "active": True, "data": {}, "after": None}
    assert {name: body[name] for name in said} == said
    assert (body["name"], body["lastRun"], body["version"]) == ("flights-export", None, 1)


def test_the_next_five_runs_are_of_its_zone(staff: Caller):
    runs = [datetime.fromisoformat(run) for run in made(staff)["nextRuns"]]
    assert len(set(runs)) == 5
    assert all((run.hour, run.minute, run.weekday() < 5) == (7, 30, True) for run in runs)
    assert all(run.utcoffset() for run in runs)


def test_the_list_newest_first_in_pages(staff: Caller):
    ids = [made(staff)["id"] for _ in range(3)]
    body = staff.get("/schedules?limit=2").get_json()
    assert [schedule["id"] for schedule in body["schedules"]] == ids[:0:-1]
    assert body["pagination"] == {"total": 3, "page": 1, "limit": 2, "pages": 2}
    assert len(staff.get("/schedules?limit=2&page=2").get_json()["schedules"]) == 1


def test_changed_in_part(staff: Caller):
    schedule = made(staff, data={"format": "csv"})
    answer = staff.open("PUT", f"/schedules/{schedule['id']}", json={"cron": "0 6 * * *"})
    body = answer.get_json()
    assert (answer.status_code, body["cron"], body["version"]) == (200, "0 6 * * *", 2)
    assert body["data"] == {"format": "csv"}
    assert body["timezone"] == "Europe/Berlin"


def test_paused_and_resumed_by_active(staff: Caller):
    path = f"/schedules/{made(staff)['id']}"
    assert staff.open("PUT", path, json={"active": False}).get_json()["nextRuns"] == []
    assert len(staff.open("PUT", path, json={"active": True}).get_json()["nextRuns"]) == 5


def test_from_its_times_to_a_trigger_and_back(staff: Caller):
    path = f"/schedules/{made(staff)['id']}"
    followed = {"type": "flights", "outcome": "any"}
    body = staff.open("PUT", path, json={"after": followed}).get_json()
    assert (body["cron"], body["after"], body["nextRuns"]) == (None, followed, [])
    body = staff.open("PUT", path, json={"cron": "0 6 * * *"}).get_json()
    assert (body["cron"], body["after"]) == ("0 6 * * *", None)


def test_a_wrong_outcome_changes_nothing(staff: Caller):
    path = f"/schedules/{made(staff)['id']}"
    after = {"type": "airlines", "outcome": {}}
    assert field_of(staff.open("PUT", path, json={"after": after})) == "after"
    assert staff.get(path).get_json()["version"] == 1


def test_a_version_that_is_not_the_latest(staff: Caller):
    path = f"/schedules/{made(staff)['id']}"
    staff.open("PUT", path, json={"name": "One", "version": 1})
    second = staff.open("PUT", path, json={"name": "Two", "version": 1})
    assert error_of(second) == (409, "schedule_changed")


def test_run_now(staff: Caller):
    path = f"/schedules/{made(staff)['id']}"
    answer = staff.post(f"{path}/runs")
    job_id = answer.get_json()["jobId"]
    assert (answer.status_code, answer.location) == (202, f"/api/jobs/{job_id}")
    assert staff.get(f"/jobs/{job_id}").get_json()["name"] == "flights-export"
    last = staff.get(path).get_json()["lastRun"]
    assert (last["kind"], last["outcome"], last["jobId"]) == ("manual", "started", job_id)
    assert error_of(staff.post(f"{path}/runs")) == (409, "schedule_busy")


def test_run_now_behind_the_one_that_runs(staff: Caller):
    path = f"/schedules/{made(staff, overlap='queue')['id']}"
    staff.post(f"{path}/runs")
    assert staff.post(f"{path}/runs").get_json() == {"jobId": None, "outcome": "waiting"}


def test_deleted(staff: Caller):
    path = f"/schedules/{made(staff)['id']}"
    assert staff.open("DELETE", path).status_code == 204
    assert error_of(staff.open("DELETE", path)) == (404, "not_found")
    assert error_of(staff.get(path)) == (404, "not_found")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cron": "0 0 31 2 *"}, "cron"),
        ({"cron": "61 * * * *"}, "cron"),
        ({"cron": "-"}, "cron"),
        ({"cron": ""}, "cron"),
        ({"cron": 5}, "cron"),
        ({"after": {"type": "flights"}}, "cron"),
        ({"cron": "-", "after": {"type": "nothing"}}, "after"),
        ({"cron": "-", "after": {"type": "flights", "outcome": "bad"}}, "after"),
        ({"cron": "-", "after": {"type": "airlines", "outcome": []}}, "after"),
        ({"cron": "-", "after": {"type": "\ud800"}}, "after"),
        ({"cron": "\ud800 * * * *"}, "cron"),
        ({"name": "a\ud800"}, "name"),
        ({"data": {"columns": ["\ud800"]}}, "columns"),
        ({"cron": "-", "after": "flights"}, "after"),
        ({"cron": "-", "after": {"type": "flights-export"}}, "after"),
        ({"timezone": "Europe/Nowhere"}, "timezone"),
        ({"timezone": None}, "timezone"),
        ({"overlap": "sometimes"}, "overlap"),
        ({"catchUp": "some"}, "catchUp"),
        ({"active": "yes"}, "active"),
        ({"active": None}, "active"),
        ({"name": "x" * 200}, "name"),
        ({"type": "-"}, "type"),
        ({"data": []}, "data"),
        ({"data": {"colour": "red"}}, "colour"),
        ({"data": {"runAt": "2026-11-30T08:00:00+01:00"}}, "runAt"),
        ({"type": "airlines"}, "file"),
        ({"type": "airlines", "data": {"file": "gone.csv"}}, "file"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_named(staff: Caller, changes, field):
    assert field_of(make(staff, **changes)) == field
    assert staff.get("/schedules").get_json()["schedules"] == []


def test_a_type_nobody_knows(staff: Caller):
    assert error_of(make(staff, type="nothing")) == (422, "unknown_job_type")


def test_what_is_no_json(staff: Caller):
    assert error_of(staff.post("/schedules", data="type=x"))[0] == 415
    headers = {"Content-Type": "application/json"}
    assert error_of(staff.post("/schedules", data="{", headers=headers)) == (400, "broken_json")


def test_an_import_of_ones_own_file(staff: Caller, app: Flask):
    with app.app_context():
        store = app.extensions["jobengine"].store
    stored = store.put([b"carrier,name\n"], folder="uploads", limit=100)
    with committed(app) as session:
        add_stored_file(session, stored, "carriers.csv", staff.user)
    imported = {"type": "airlines", "data": {"file": "carriers.csv"}}
    assert made(staff, **imported)["data"] == {"file": "carriers.csv"}
    assert field_of(make(caller(app), **imported)) == "file"


@pytest.mark.parametrize(
    ("role", "look", "change"),
    [("staff", 404, 404), ("integrator", 404, 404), ("manager", 200, 403), ("admin", 200, 200)],
)
def test_whose_is_whose(staff: Caller, app: Flask, role, look, change):
    path = f"/schedules/{made(staff)['id']}"
    other = caller(app, role)
    assert other.get(path).status_code == look
    assert other.open("PUT", path, json={"name": "Mine"}).status_code == change
    assert other.post(f"{path}/runs").status_code == (202 if change == 200 else change)
    assert other.open("DELETE", path).status_code == (204 if change == 200 else change)
    assert other.get("/schedules").get_json()["pagination"]["total"] == 0


@pytest.mark.parametrize(("role", "status"), [("manager", 200), ("admin", 200), ("staff", 403)])
def test_those_of_everybody(staff: Caller, app: Flask, role, status):
    made(staff)
    answer = caller(app, role).get("/schedules?owner=all")
    assert answer.status_code == status
    assert status == 403 or answer.get_json()["pagination"]["total"] == 1


def test_a_manager_makes_none(app: Flask):
    assert make(caller(app, Role.MANAGER)).status_code == 403


@pytest.mark.parametrize(("scope", "status"), [("jobs:read", 403), ("jobs:write", 201)])
def test_scopes(app: Flask, scope, status):
    assert make(caller(app, Role.STAFF, scope)).status_code == status


def test_every_change_is_audited(staff: Caller, app: Flask):
    path = f"/schedules/{made(staff)['id']}"
    staff.open("PUT", path, json={"name": "Other"})
    staff.open("PUT", path, json={"name": "Other"})
    staff.post(f"{path}/runs")
    staff.open("DELETE", path)
    with committed(app) as session:
        query = select(AuditEntry.action).where(AuditEntry.object_type == "schedule")
        found = list(session.scalars(query.order_by(AuditEntry.id)))
    names = ("created", "changed", "run", "deleted")
    assert found == [f"schedule.{name}" for name in names]
