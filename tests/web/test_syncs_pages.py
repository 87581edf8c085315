"""The pages of syncs: where each stands, run now, credentials, and what it is made to forget."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from config import from_environment
from dashboard.app import create_app
from dashboard.extensions import Base, db
from dashboard.models.audit import AuditEntry
from dashboard.models.job import Job
from dashboard.models.type_secret import TypeSecret
from dashboard.sync.cursors import CURSORS, ensure_cursors, position_of
from tests.client import CheckedClient
from tests.factories import add_user, committed, sign_in
from tests.jobs.room import HintBook
from tests.sync.listed_source import SHELF, Shelf
from tests.sync.sync_room import SyncRoom
from tests.sync.sync_types import METADATA, TYPES, WEB_TYPES

NAME = "append-sync"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """With the tests' sync types; what is committed stays."""
    environ = {"LOG_LEVEL": "CRITICAL", "DEMO": "0"}
    settings = from_environment(environ, instance=tmp_path_factory.mktemp("syncs"))
    types = {"sync": {**TYPES["sync"], **WEB_TYPES}}
    app = create_app(replace(settings, job_types=types))
    app.testing, app.test_client_class = True, CheckedClient
    app.config["PROPAGATE_EXCEPTIONS"] = False
    context = app.extensions["jobengine"]
    with app.app_context():
        Base.metadata.create_all(db.engine)
        METADATA.create_all(db.engine)
    ensure_cursors(context.target)
    yield app
    context.close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def room(app: Flask, tmp_path: Any) -> SyncRoom:
    """A worker of the same application."""
    SHELF.__dict__.update(vars(Shelf()))
    context = app.extensions["jobengine"]
    with context.target.begin() as connection:
        connection.execute(CURSORS.delete())
    context.queue, hints = HintBook(), HintBook()
    return SyncRoom(context, hints, str(tmp_path))


@pytest.fixture
def client(app: Flask, room: SyncRoom) -> CheckedClient:
    return app.test_client()


def entry(app: Flask, action: str) -> Any:
    with committed(app) as session:
        query = select(AuditEntry).where(AuditEntry.action == action)
        found = session.scalars(query.order_by(AuditEntry.id.desc())).first()
        return found and (found.object_id, found.detail)


def test_the_list_says_where_each_stands(client, room):
    room.shelve(1, 2)
    room.sync("append")
    sign_in(client)
    text = client.get("/syncs").text
    assert all(said in text for said in ("a list of the tests", "n 2", "Completed", "Run now"))
    assert "nothing taken yet" in text
    assert "0 files taken" in text


def test_a_type_that_cannot_be_loaded_is_named_and_the_others_stay(client):
    sign_in(client)
    text = client.get("/syncs").text
    assert "names no Sync with a source" in text
    assert "a list of the tests" in text


def test_run_now_leads_to_the_job(app, client, room):
    person = sign_in(client)
    room.shelve(1)
    response = client.post(f"/syncs/{NAME}/runs")
    assert response.status_code == 303
    with committed(app) as session:
        job = session.scalars(select(Job).order_by(Job.id.desc())).first()
        job_id, kind, owner = job.id, job.kind, job.user_id
    assert response.location.endswith(f"/jobs/{job_id}")
    assert (kind, owner, room.run(job_id).status) == ("sync", person.id, "completed")


def test_a_second_run_meanwhile_is_refused_by_name(client, room):
    sign_in(client)
    room.shelve(1)
    job_id = room.start("append")
    response = client.post(f"/syncs/{NAME}/runs", follow_redirects=True)
    assert "runs already" in response.text
    room.run(job_id)


def test_the_page_of_a_type_lists_its_runs(client, room):
    sign_in(client, "admin")
    room.shelve(1, 2, 3)
    room.sync("append")
    room.sync("upsert", fullRefresh=True)
    text = client.get("/syncs/upsert-sync").text
    assert all(said in text for said in ("Upsert: records", "full refresh", "Runs", "Forget"))


def test_a_full_refresh_is_offered_where_it_doubles_nothing(client, room):
    sign_in(client)
    room.shelve(1)
    room.sync("append")
    room.sync("upsert")
    assert "Full refresh" not in client.get(f"/syncs/{NAME}").text
    assert "Full refresh" in client.get("/syncs/upsert-sync").text
    room.shelve(1, 2)
    client.post("/syncs/upsert-sync/runs", data={"full": "1"})
    with room.context.app.connect() as connection:
        job_id = connection.scalar(select(func.max(Job.id)))
    assert (room.run(job_id).total, SHELF.asked[-1].cursor) == (2, None)


def test_what_a_mirror_deleted_is_shown(client, room):
    sign_in(client, "admin")
    room.add_things(*range(100, 140))
    room.shelve(*range(101, 140))
    job = room.sync("mirror", mostDeletedPercent=100)
    assert job.meta["figures"]["deleted"] > 0
    row = client.get("/syncs/mirror-sync").text
    assert f'data-label="Deleted">{job.meta["figures"]["deleted"]}</td>' in row


def test_a_run_that_asks_says_so(client, room):
    sign_in(client, "admin")
    room.add_things(*range(300, 340))
    room.shelve(300)
    job = room.sync("mirror")
    assert "The last run asks." in client.get("/syncs/mirror-sync").text
    room.act("cancel", job.id)
    assert "The last run asks." not in client.get("/syncs/mirror-sync").text


def test_runs_of_others_are_not_listed_for_staff(app, client, room):
    room.shelve(1)
    job_id = room.start("append")
    room.run(job_id)
    sign_in(client)
    assert f"/jobs/{job_id}" not in client.get(f"/syncs/{NAME}").text


def test_a_type_for_other_roles_is_not_there(client):
    sign_in(client)
    assert client.get("/syncs/admins-sync").status_code == 404
    assert "admins only" not in client.get("/syncs").text.lower()
    sign_in(client, "admin")
    assert client.get("/syncs/admins-sync").status_code == 200


@pytest.mark.parametrize("address", ["/syncs/none-sync", "/syncs/none-sync/state"])
def test_what_is_missing(client, address):
    sign_in(client, "admin")
    assert client.get(address).status_code == 404


def test_a_manager_looks_but_runs_nothing(client):
    sign_in(client, "manager")
    assert "Run now" not in client.get("/syncs").text
    assert client.post(f"/syncs/{NAME}/runs").status_code == 403


def test_a_secret_is_kept_encrypted_and_never_shown(app, client):
    person = sign_in(client, "admin")
    answer = client.post("/syncs/secret-sync/secrets/token", data={"value": "hush hush"})
    text = client.get(answer.location).text
    assert "hush" not in text
    assert f"by {person.name}" in text
    with committed(app) as session:
        kept = session.scalars(select(TypeSecret.value)).one()
    assert "hush" not in kept
    assert entry(app, "sync.secret_set") == ("secret-sync", {"secret": "token"})


@pytest.mark.parametrize(("secret", "value", "status"), [("token", " ", 422), ("other", "x", 404)])
def test_a_secret_nobody_asks_for_or_a_blank_one(client, secret, value, status):
    sign_in(client, "admin")
    answer = client.post(f"/syncs/secret-sync/secrets/{secret}", data={"value": value})
    assert answer.status_code == status


def test_the_source_gets_its_secrets(client, room):
    sign_in(client, "admin")
    client.post("/syncs/secret-sync/secrets/token", data={"value": "hush"})
    room.shelve(1)
    room.sync("secret")
    assert SHELF.asked[-1].secrets == {"token": "hush"}


def test_staff_sees_no_secrets_and_resets_nothing(client):
    sign_in(client)
    assert "Credentials" not in client.get("/syncs/secret-sync").text
    assert client.post("/syncs/secret-sync/secrets/token", data={"value": "x"}).status_code == 403
    assert client.post(f"/syncs/{NAME}/resets", data={"what": "cursor"}).status_code == 403


def test_a_reset_is_typed_out_and_told_in_the_audit_log(app, client, room):
    sign_in(client, "admin")
    room.shelve(1, 2)
    room.sync("append")
    reset = {"what": "cursor", "confirm": NAME}
    assert client.post(f"/syncs/{NAME}/resets", data=reset).status_code == 303
    assert room.position("append").cursor is None
    assert entry(app, "sync.reset") == (NAME, {"what": "cursor", "cursor": "n 2"})


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"what": "cursor", "confirm": "yes"}, f"Type {NAME} to confirm."),
        ({"what": "records", "confirm": NAME}, "Choose what to forget."),
    ],
)
def test_a_reset_that_is_not_meant(client, room, form, said):
    sign_in(client, "admin")
    room.shelve(1)
    room.sync("append")
    answer = client.post(f"/syncs/{NAME}/resets", data=form)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert room.position("append").cursor == {"n": 1}


def test_a_reset_stops_the_job_that_runs(app, client, room):
    sign_in(client, "admin")
    room.shelve(1, 2)
    room.sync("append")
    room.shelve(1, 2, 3)
    job_id = room.start("append")
    room.runner.prepare(job_id)
    client.post(f"/syncs/{NAME}/resets", data={"what": "cursor", "confirm": NAME})
    assert room.run(job_id).error_code == "cursor_moved"
    with app.extensions["jobengine"].target.connect() as connection:
        assert position_of(connection, NAME).cursor is None


def test_nothing_to_forget(client, room):
    sign_in(client, "admin")
    form = {"what": "files", "confirm": "files-sync"}
    assert "has taken nothing yet" in client.post("/syncs/files-sync/resets", data=form).text


def test_rows_of_a_live_sync_refresh_themselves(client, room):
    add_user(client.application)
    sign_in(client, "admin")
    room.shelve(1)
    job_id = room.start("append")
    assert "every 3s" in client.get("/syncs").text
    assert "every 2s" in client.get(f"/syncs/{NAME}/state").text
    room.run(job_id)
    assert "every 3s" not in client.get("/syncs/list").text
