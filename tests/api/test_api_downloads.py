"""The file a job made, as a program fetches it."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from dashboard.audit.downloads import DOWNLOADED
from dashboard.lib.clock import now
from dashboard.models.audit import AuditEntry
from dashboard.models.stored_file import StoredFile
from tests.api.calling import Caller, caller
from tests.factories import add_job, committed
from tests.web.job_parts import add_file

DATA = b"carrier,name\nUA,United\n"


def add_export(app: Flask, owner: Caller, **values: Any) -> int:
    file_id = add_file(app, owner.user, DATA, "flights.csv")
    with committed(app) as session:
        for name, value in values.items():
            setattr(session.get_one(StoredFile, file_id), name, value)
    done = {"type": "flights-export", "kind": "export", "status": "completed"}
    return add_job(app, owner.user, output_id=file_id, **done)


def entries(app: Flask) -> list[tuple[str, int]]:
    with committed(app) as session:
        query = select(AuditEntry).where(AuditEntry.action == DOWNLOADED)
        return [(entry.actor, entry.detail["bytes"]) for entry in session.scalars(query)]


def test_whole_and_resumed(app: Flask, staff: Caller) -> None:
    address = f"/jobs/{add_export(app, staff)}/download"
    whole = staff.get(address)
    assert (whole.status_code, whole.data, whole.mimetype) == (200, DATA, "text/csv")
    assert 'filename="flights.csv"' in whole.headers["Content-Disposition"]
    wanted = {"Range": "bytes=10-", "If-Range": whole.headers["ETag"]}
    rest = staff.get(address, headers=wanted)
    assert (rest.status_code, rest.data) == (206, DATA[10:])
    assert rest.headers["Content-Range"] == f"bytes 10-{len(DATA) - 1}/{len(DATA)}"
    assert entries(app) == [(staff.user.email, len(DATA))]


def test_a_range_that_is_not_there(app: Flask, staff: Caller) -> None:
    address = f"/jobs/{add_export(app, staff)}/download"
    answer = staff.get(address, headers={"Range": "bytes=100-"})
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{len(DATA)}")


def test_a_head_tells_the_size(app: Flask, staff: Caller) -> None:
    answer = staff.open("HEAD", f"/jobs/{add_export(app, staff)}/download")
    assert (answer.status_code, answer.content_length, answer.data) == (200, len(DATA), b"")
    assert entries(app) == []


@pytest.mark.parametrize(
    ("values", "code", "words"),
    [
        ({"expires_at": now() - timedelta(days=1)}, "file_expired", "was kept until"),
        ({"removed_at": now()}, "file_expired", "was kept until"),
        ({"key": "exports/none"}, "file_gone", "gone"),
        ({"bytes": 999}, "file_gone", "damaged"),
    ],
)
def test_one_that_is_over_or_gone(
    app: Flask, staff: Caller, values: dict[str, Any], code: str, words: str
) -> None:
    answer = staff.get(f"/jobs/{add_export(app, staff, **values)}/download")
    error = answer.json["error"]
    assert (answer.status_code, error["code"], words in error["message"]) == (404, code, True)


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [("import", "completed", "writes records"), ("export", "active", "yet: it is active")],
)
def test_why_there_is_none(app: Flask, staff: Caller, kind: str, status: str, words: str) -> None:
    job_id = add_job(app, staff.user, kind=kind, status=status)
    error = staff.get(f"/jobs/{job_id}/download").json["error"]
    assert (error["code"], words in error["message"]) == ("no_file", True)


def test_ones_own_only_but_for_who_oversees(app: Flask, staff: Caller) -> None:
    address = f"/jobs/{add_export(app, staff)}/download"
    found = [caller(app, role).get(address).status_code for role in ("staff", "manager", "admin")]
    assert found == [404, 200, 200]
