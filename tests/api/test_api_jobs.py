"""Jobs over REST: exact bodies, lists, filters, acts."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from dashboard.models.job import JobChunk, JobFailure
from dashboard.models.states import FINAL, ChunkState, JobStatus
from tests.api.calling import JOB_KEYS, Caller, caller, error_of, field_of
from tests.factories import add_job, add_user, committed

START = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


def show(who: Caller, job_id: int) -> dict[str, Any]:
    found: dict[str, Any] = who.get(f"/jobs/{job_id}").get_json()
    return found


def ids(who: Caller, query: str = "") -> list[str]:
    return [job["id"] for job in who.get(f"/jobs{query}").get_json()["jobs"]]


def test_the_body_of_a_completed_job(app: Flask, staff: Caller) -> None:
    job_id = add_job(
        app, staff.user, status="completed", total=7, processed=7, created=4, failed=3,
        created_at=START, started_at=START, finished_at=START,
    )  # fmt: skip
    counts = {
        "total": 7, "created": 4, "updated": 0, "unchanged": 0, "skipped": 0, "failed": 3,
        "notProcessed": 0,
    }  # fmt: skip
    moment = 1767323045678
    assert show(staff, job_id) == {
        "id": str(job_id),
        "name": "airlines",
        "state": "completed",
        "progress": 100,
        "result": {"counts": counts, "file": None},
        "failedReason": None,
        "timestamp": {"created": moment, "started": moment, "finished": moment},
        "status": "completed",
        "type": "airlines",
        "kind": "import",
        "purpose": "run",
        "counts": counts,
    }


def test_every_key_is_there_before_anything_is_known(app: Flask, staff: Caller) -> None:
    body = show(staff, add_job(app, staff.user))
    assert set(body) == JOB_KEYS
    assert (body["progress"], body["result"], body["failedReason"]) == (0, None, None)
    assert (body["counts"]["total"], body["counts"]["notProcessed"]) == (None, None)
    assert (body["timestamp"]["started"], body["timestamp"]["finished"]) == (None, None)


def test_a_failed_job_says_why(app: Flask, staff: Caller) -> None:
    body = show(staff, add_job(app, staff.user, status="failed", error_message="No rows."))
    assert (body["state"], body["failedReason"], body["result"]) == ("failed", "No rows.", None)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("draft", "waiting"),
        ("waiting", "waiting"),
        ("paused", "waiting"),
        ("delayed", "delayed"),
        ("preparing", "active"),
        ("active", "active"),
        ("pausing", "active"),
        ("cancelling", "active"),
        ("interrupted", "active"),
        ("completed", "completed"),
        ("failed", "failed"),
        ("cancelled", "failed"),
    ],
)
def test_state_and_status(app: Flask, staff: Caller, status: str, state: str) -> None:
    job_id = add_job(app, staff.user, status=status)
    body = show(staff, job_id)
    assert (body["state"], body["status"]) == (state, status)
    assert ids(staff, f"?status={state}") == [str(job_id)]
    assert str(job_id) in ids(staff, f"?status={status}")


def test_a_running_job_counts_its_chunks(app: Flask, staff: Caller) -> None:
    job_id = add_job(app, staff.user, status="active", total=900, prepared=True)
    with committed(app) as session:
        for number, created in ((1, 200), (2, 100)):
            session.add(
                JobChunk(
                    job_id=job_id, number=number, state=ChunkState.DONE, offset=0, length=1,
                    first_row=2, rows=300, created=created, failed=0,
                )
            )  # fmt: skip
    body = show(staff, job_id)
    assert (body["progress"], body["counts"]["created"], body["counts"]["notProcessed"]) == (
        33,
        300,
        600,
    )


def test_never_100_before_it_is_completed(app: Flask, staff: Caller) -> None:
    job_id = add_job(app, staff.user, status="failed", total=2, created=2)
    assert show(staff, job_id)["progress"] == 99


@pytest.mark.parametrize("status", [str(status) for status in JobStatus])
def test_an_unfinished_job_says_when_to_look_again(app: Flask, staff: Caller, status: str) -> None:
    answer = staff.get(f"/jobs/{add_job(app, staff.user, status=status)}")
    assert ("Retry-After" in answer.headers) is (status not in FINAL)


def test_who_has_it_already_gets_304(app: Flask, staff: Caller) -> None:
    path = f"/jobs/{add_job(app, staff.user, status='paused')}"
    etag = staff.get(path).headers["ETag"]
    again = staff.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    staff.post(f"{path}/cancellation")
    assert staff.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_the_list_is_newest_first_and_paged(app: Flask, staff: Caller) -> None:
    made = [str(add_job(app, staff.user)) for _ in range(5)][::-1]
    body = staff.get("/jobs?page=2&limit=2").get_json()
    assert [job["id"] for job in body["jobs"]] == made[2:4]
    assert body["pagination"] == {"total": 5, "page": 2, "limit": 2, "pages": 3}
    assert all(set(job) == JOB_KEYS for job in body["jobs"])


def test_an_empty_list_and_the_default_limit(app: Flask, staff: Caller) -> None:
    body = staff.get("/jobs").get_json()
    assert body == {"jobs": [], "pagination": {"total": 0, "page": 1, "limit": 10, "pages": 0}}
    add_job(app, staff.user)
    assert staff.get("/jobs?page=9").get_json()["jobs"] == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=101", "limit=ten", "limit=", "limit=²", "page=0", "page=-1", "page=1.5",
        f"page={10**30}", "status=done", "status=", "kind=imports", "from=yesterday",
        "from=2026-01-01T00:00:00", "to=2026-13-01", "to=9999-12-31T23:59:59-23:00", "owner=other",
    ],
)  # fmt: skip
def test_bad_values_are_422_and_named(staff: Caller, query: str) -> None:
    assert field_of(staff.get(f"/jobs?{query}")) == query.partition("=")[0]


def test_one_sees_ones_own(app: Flask, staff: Caller) -> None:
    add_job(app, add_user(app))
    add_job(app, None)
    mine = str(add_job(app, staff.user))
    assert ids(staff) == [mine]
    assert error_of(staff.get("/jobs?owner=all")) == (403, "forbidden")


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_managers_and_admins_ask_for_all(app: Flask, role: str) -> None:
    who = caller(app, role)
    mine, other = str(add_job(app, who.user)), str(add_job(app, add_user(app)))
    assert ids(who) == ids(who, "?owner=me") == [mine]
    assert ids(who, "?owner=all") == [other, mine]


def test_filters_by_type_kind_and_time(app: Flask, staff: Caller) -> None:
    old = str(add_job(app, staff.user, created_at=START))
    new = str(add_job(app, staff.user, type="flights"))
    assert ids(staff, "?type=flights") == [new]
    assert ids(staff, "?kind=import") == [new, old]
    assert ids(staff, "?kind=export") == []
    assert ids(staff, "?to=2026-01-02") == ids(staff, "?to=2026-01-02T04:05:00%2B01:00") == [old]
    assert ids(staff, "?to=2026-01-02T04:04:05.678+01:00") == []
    assert ids(staff, "?from=2026-01-02T03:04:05.678Z") == [new, old]
    assert ids(staff, "?from=2026-01-03") == [new]


def test_a_type_that_never_was_is_refused(app: Flask, staff: Caller) -> None:
    old = str(add_job(app, staff.user, type="retired"))
    assert ids(staff, "?type=retired") == [old]
    for wrong in ("flihgts", "", "%00"):
        answer = staff.get(f"/jobs?type={wrong}")
        assert (answer.status_code, field_of(answer)) == (422, "type")


@pytest.mark.parametrize(
    ("before", "act", "after"),
    [
        ("waiting", "pause", "paused"),
        ("active", "pause", "paused"),
        ("paused", "resume", "waiting"),
        ("waiting", "cancellation", "cancelled"),
        ("delayed", "cancellation", "cancelled"),
        ("failed", "retry", "waiting"),
    ],
)
def test_acts(app: Flask, staff: Caller, before: str, act: str, after: str) -> None:
    job_id = add_job(app, staff.user, status=before)
    answer = staff.post(f"/jobs/{job_id}/{act}")
    assert (answer.status_code, answer.get_json()["status"]) == (202, after)
    assert answer.get_json() == show(staff, job_id)


@pytest.mark.parametrize(
    ("status", "act"),
    [
        ("completed", "pause"),
        ("waiting", "resume"),
        ("cancelled", "cancellation"),
        ("waiting", "retry"),
        ("completed", "retry"),
        ("waiting", "undo"),
    ],
)
def test_a_state_that_does_not_allow_it(app: Flask, staff: Caller, status: str, act: str) -> None:
    job_id = add_job(app, staff.user, status=status, prepared=True)
    assert error_of(staff.post(f"/jobs/{job_id}/{act}")) == (409, "job_state")


def test_failures_are_paged_in_the_order_of_the_file(app: Flask, staff: Caller) -> None:
    job_id = add_job(app, staff.user, layout={"columns": ["carrier", "name"]})
    add_failures(app, job_id, 3)
    body = staff.get(f"/jobs/{job_id}/failures?limit=2").get_json()
    assert body["pagination"] == {"total": 3, "page": 1, "limit": 2, "pages": 2}
    assert body["failures"][0] == {
        "row": 2,
        "column": "carrier",
        "code": "required",
        "message": "Row 2 …",
        "value": None,
        "record": {"carrier": "", "name": "A", "column_3": "more"},
    }
    assert '"record":{"carrier":"","name":"A","column_3"' in body_text(staff, job_id)
    [last] = staff.get(f"/jobs/{job_id}/failures?limit=2&page=2").get_json()["failures"]
    assert last["row"] == 4


def test_failures_as_a_file(app: Flask, staff: Caller) -> None:
    job_id = add_job(app, staff.user, layout={"columns": ["carrier", "name"]})
    add_failures(app, job_id, 1)
    answer = staff.get(f"/jobs/{job_id}/failures.csv")
    assert answer.mimetype == "text/csv"
    assert answer.text.splitlines()[0] == "carrier,name,row in file,what is wrong"


def test_failures_of_one_column(app: Flask, staff: Caller) -> None:
    add_failures(app, job_id := add_job(app, staff.user), 2)
    address = f"/jobs/{job_id}/failures?column="
    counted = [len(staff.get(address + name).get_json()["failures"]) for name in ("carrier", "x")]
    assert counted == [2, 0]


def body_text(who: Caller, job_id: int) -> str:
    return who.get(f"/jobs/{job_id}/failures").text.replace(" ", "")


def add_failures(app: Flask, job_id: int, count: int) -> None:
    with committed(app) as session:
        for row in range(2, 2 + count):
            session.add(
                JobFailure(
                    job_id=job_id, chunk_id=1, row=row, column="carrier", code="required",
                    message=f"Row {row} …", value=None, record='["", "A", "more"]',
                )
            )  # fmt: skip
