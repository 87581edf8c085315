"""Previews over REST: what is found, how it is overridden, who may look."""

import pytest
from flask import Flask

from dashboard.importers import previews
from dashboard.importers.previews import RowCounter
from dashboard.models.preview import FilePreview
from dashboard.models.stored_file import StoredFile
from tests.api.calling import Caller, error_of, field_of
from tests.factories import committed

KEYS = {
    "id", "encoding", "delimiter", "sheet", "sheets", "headerRow", "columns", "rows", "totalRows",
}  # fmt: skip
FORM = "multipart/form-data"
# More than a preview reads.
LARGE = b"a,b\n" + b"1,2\n" * 300_000


def stored(app: Flask) -> int:
    with committed(app) as session:
        return session.query(StoredFile).count()


def test_what_is_found(staff: Caller) -> None:
    answer = staff.preview(b"carrier,name\nUA,United\nAA,\n")
    body = answer.get_json()
    assert (answer.status_code, set(body)) == (201, KEYS)
    assert (body["columns"], body["rows"]) == (["carrier", "name"], [["UA", "United"], ["AA", ""]])
    assert (body["encoding"], body["delimiter"], body["headerRow"]) == ("utf-8", ",", 1)
    assert (body["sheet"], body["sheets"], body["totalRows"]) == (None, [], 2)


def test_it_can_be_looked_at_again(staff: Caller) -> None:
    answer = staff.preview()
    body = answer.get_json()
    assert answer.headers["Location"].endswith(f"/api/previews/{body['id']}")
    assert staff.get(f"/previews/{body['id']}").get_json() == body


def test_twenty_rows_at_most(staff: Caller) -> None:
    body = staff.preview(b"a,b\n" + b"1,2\n" * 30).get_json()
    assert (len(body["rows"]), body["totalRows"]) == (20, 30)


def test_overrides_change_what_is_found(staff: Caller) -> None:
    content = b"a;b,c\n1;2,3\n"
    body = staff.preview(content, delimiter=";").get_json()
    assert (body["delimiter"], body["columns"]) == (";", ["a", "b,c"])


@pytest.mark.parametrize(
    ("form", "field"), [({"colour": "red"}, "colour"), ({"mode": "insert"}, "mode")]
)
def test_another_field_is_named(staff: Caller, form: dict[str, str], field: str) -> None:
    assert field_of(staff.preview(**form)) == field


@pytest.mark.parametrize("form", [{"delimiter": "ab"}, {"headerRow": "x"}, {"encoding": "klingon"}])
def test_a_wrong_override_is_422(app: Flask, staff: Caller, form: dict[str, str]) -> None:
    assert error_of(staff.preview(**form))[0] == 422
    assert stored(app) == 0


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00\x01\x02" * 9])
def test_unreadable_is_422_and_not_kept(app: Flask, staff: Caller, content: bytes) -> None:
    assert error_of(staff.preview(content))[0] == 422
    assert stored(app) == 0


def test_without_a_file(staff: Caller) -> None:
    assert field_of(staff.post("/previews", data={"a": "b"}, content_type=FORM)) == "file"
    assert error_of(staff.post("/previews", json={})) == (415, "wrong_content_type")


def test_a_large_file_is_counted_by_a_worker(
    app: Flask, staff: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "COUNTED_AT_ONCE", 1000)
    queue = app.extensions["jobengine"].queue
    queue.jobs.flush()
    body = staff.preview(LARGE).get_json()
    assert body["totalRows"] is None
    assert queue.jobs.dequeue().args[0] == "count"
    assert staff.get(f"/previews/{body['id']}").get_json()["totalRows"] is None


def test_up_to_some_megabytes_the_person_waits_for_the_number(staff: Caller) -> None:
    assert staff.preview(LARGE).get_json()["totalRows"] == 300_000


def test_counted_in_the_background(
    running_app: Flask, running: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "COUNTED_AT_ONCE", 1000)
    preview_id = running.preview(LARGE).get_json()["id"]
    counter = RowCounter(running_app.extensions["jobengine"])
    counter.count(file_of(running_app, preview_id))
    assert running.get(f"/previews/{preview_id}").get_json()["totalRows"] == 300_000


def test_a_file_that_is_gone_says_so_instead_of_counting_for_ever(
    running_app: Flask, running: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "COUNTED_AT_ONCE", 1000)
    preview_id = running.preview(LARGE).get_json()["id"]
    context, file_id = running_app.extensions["jobengine"], file_of(running_app, preview_id)
    with committed(running_app) as session:
        context.store.delete(session.get_one(StoredFile, file_id).key)
    RowCounter(context).count(file_id)
    assert error_of(running.get(f"/previews/{preview_id}")) == (422, "file_refused")


def test_a_lost_hint_is_sent_again_ever_more_rarely(
    running_app: Flask, running: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "COUNTED_AT_ONCE", 1000)
    file_id = file_of(running_app, running.preview(LARGE).get_json()["id"])
    counter = RowCounter(running_app.extensions["jobengine"])
    clock = iter((0.0, 29.0, 31.0, 32.0, 62.0))
    monkeypatch.setattr(previews.time, "monotonic", lambda: next(clock))
    counter._open = lambda: (previews.PREVIEW.c.file_id == file_id,)  # type: ignore[method-assign]
    assert [counter.run_once() for _ in range(5)] == [0, 0, 1, 0, 1]


def file_of(app: Flask, preview_id: str) -> int:
    with committed(app) as session:
        return session.get_one(FilePreview, preview_id).file_id
