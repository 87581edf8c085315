"""Putting failed rows right: what the forms refuse, and what they write."""

from io import BytesIO

import pytest

from dashboard.models.audit import AuditEntry
from dashboard.models.job import Job, RowCorrection
from dashboard.models.saved_mapping import SavedMapping
from tests.factories import add_user, committed, sign_in
from tests.web.job_parts import add_failures, add_running_job

BAD = [(3, "code", "required", ""), (4, "code", "too_long", "ABC"), (9, "code", "too_long", "ABD")]
TOO_LONG = {"column": "code", "code": "too_long"}


@pytest.fixture
def owner(client):
    return sign_in(client)


@pytest.fixture
def job(app, owner):
    """Ended, with three failed rows."""
    chunks = [{"state": "done", "created": 7, "failed": 3}]
    layout = {"columns": ["code", "name"], "fields": {"code": "carrier", "name": "name"}}
    counts = {"created": 7, "failed": 3}
    job_id = add_running_job(app, owner, chunks, status="completed", layout=layout, **counts)
    add_failures(app, job_id, BAD)
    return f"/jobs/{job_id}"


def corrections(app) -> dict[int, str | None]:
    with committed(app) as session:
        return {row.row: row.cells for row in session.query(RowCorrection)}


def test_every_cause_offers_its_fixes(client, job):
    text = client.get(job).text
    assert text.count('class="fix-form"') == 2
    assert '<option value="ABC">ABC (1)</option>' in text


def test_mapping_a_value_corrects_the_rows_that_hold_it(app, client, job):
    form = {**TOO_LONG, "act": "map", "old": "ABC", "map_text": "AB"}
    assert client.post(f"{job}/fixes", data=form).status_code == 303
    assert corrections(app) == {4: '["AB", "name 4"]'}


def test_a_mapped_value_is_remembered_when_asked(app, client, job):
    form = {**TOO_LONG, "act": "map", "old": "ABC", "map_text": "AB", "remember": "1"}
    client.post(f"{job}/fixes", data=form)
    with committed(app) as session:
        values = [saved.values for saved in session.query(SavedMapping)]
        assert values == [{"carrier": {"ABC": "AB"}}]


def test_one_value_for_all_rows_of_a_cause(app, client, job):
    client.post(f"{job}/fixes", data={**TOO_LONG, "act": "set", "set_text": "X"})
    assert corrections(app) == {4: '["X", "name 4"]', 9: '["X", "name 9"]'}


def test_rows_are_left_out(app, client, job):
    client.post(f"{job}/fixes", data={**TOO_LONG, "act": "skip"})
    assert corrections(app) == {4: None, 9: None}


def test_a_fix_opens_the_next_round_and_is_audited(app, client, job):
    client.post(f"{job}/fixes", data={**TOO_LONG, "act": "skip"})
    with committed(app) as session:
        found = session.query(Job).one()
        entry = session.query(AuditEntry).filter_by(action="job.fixed").one()
        assert (found.round, found.status, entry.detail["rows"]) == (2, "waiting", 2)


@pytest.mark.parametrize("form", [{}, {"act": "set"}, {**TOO_LONG}, {**TOO_LONG, "act": "burn"}])
def test_a_fix_without_cause_or_choice_is_refused(app, client, job, form):
    assert client.post(f"{job}/fixes", data=form).status_code == 422
    assert corrections(app) == {}


def test_a_row_is_shown_with_its_cells_and_what_is_wrong(client, job):
    text = client.get(f"{job}/corrections/4").text
    assert 'value="ABC"' in text
    assert 'aria-invalid="true"' in text


def test_a_corrected_row_is_tried_again(app, client, job):
    form = {"cell-0": "AB", "cell-1": "name 4"}
    assert client.post(f"{job}/corrections/4", data=form).status_code == 303
    assert corrections(app) == {4: '["AB", "name 4"]'}


def test_an_unchanged_row_is_refused_and_shown_again(client, job):
    answer = client.post(f"{job}/corrections/4", data={"cell-0": "ABC", "cell-1": "name 4"})
    assert answer.status_code == 422
    assert "Nothing is changed" in answer.text


def test_a_row_that_did_not_fail_is_missing(client, job):
    assert client.get(f"{job}/corrections/5").status_code == 404


def test_uploading_without_a_file_is_refused(client, job):
    assert client.post(f"{job}/failed-rows", data={}).status_code == 422


def test_a_file_with_other_columns_is_refused(app, client, job):
    upload = {"file": (BytesIO(b"colour,row in file\nred,4\n"), "failed.csv")}
    answer = client.post(f"{job}/failed-rows", data=upload, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert corrections(app) == {}


def test_the_corrected_file_is_matched_by_row(app, client, job):
    content = b"code,name,row in file,what is wrong\nAB,name 4,4,x\n"
    upload = {"file": (BytesIO(content), "failed.csv")}
    client.post(f"{job}/failed-rows", data=upload, content_type="multipart/form-data")
    assert corrections(app) == {4: '["AB", "name 4"]'}


def test_a_manager_sees_no_fix_forms(app, client, job):
    sign_in(client, add_user(app, "manager"))
    assert "fix-form" not in client.get(job).text


def test_a_running_job_offers_no_fixes(app, client, owner):
    job_id = add_running_job(app, owner, [{"state": "done", "created": 7, "failed": 3}, {}])
    add_failures(app, job_id, BAD)
    assert "fix-form" not in client.get(f"/jobs/{job_id}").text
