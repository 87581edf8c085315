"""The job page: live part, failures, story, acts."""

import pytest

from dashboard.extensions import db
from dashboard.models.audit import AuditEntry
from dashboard.models.job import Job
from tests.factories import add_job, add_user, committed, sign_in
from tests.web.job_parts import add_failures, add_running_job

HTMX = {"HX-Request": "true"}
DONE = {"state": "done", "created": 7, "failed": 3}
BAD = [(3, "code", "required", ""), (4, "code", "too_long", "ABC"), (9, "name", "odd", "50 %")]


@pytest.fixture
def owner(client):
    return sign_in(client)


@pytest.fixture
def job(app, owner):
    job_id = add_running_job(app, owner, [DONE, {}])
    add_failures(app, job_id, BAD)
    return f"/jobs/{job_id}"


def test_the_live_part_carries_its_trigger_while_the_job_lives(client, job):
    assert f'hx-get="{job}/live" hx-trigger="every 1s' in client.get(f"{job}/live").text


def test_a_final_job_does_not_poll(app, client, owner):
    job_id = add_running_job(app, owner, [DONE], status="completed", failed=3)
    assert "hx-trigger" not in client.get(f"/jobs/{job_id}").text


def test_the_page_shows_counts_that_add_up(client, job):
    text = client.get(job).text
    assert "7 created, 0 updated, 0 unchanged, 0 skipped, 3 failed, 10 not processed" in text


def test_fragments_and_pages_are_told_apart_by_caches(client, job):
    assert "HX-Request" in client.get(f"{job}/live", headers=HTMX).vary


def test_failures_show_row_value_message_and_the_whole_row(client, job):
    text = client.get(job).text
    assert all(part in text for part in ("ABC", "too_long", "name 4", "blank"))


@pytest.mark.parametrize(
    ("query", "seen", "hidden"),
    [
        ("q=abc", "name 4", "name 3"),
        ("q=9", "name 9", "name 4"),
        ("q=50+%25", "name 9", "name 4"),
        ("column=code&code=too_long", "name 4", "name 9"),
    ],
)
def test_failures_are_searched_and_narrowed(client, job, query, seen, hidden):
    text = client.get(f"{job}/failures?{query}", headers=HTMX).text
    assert (seen in text, hidden in text) == (True, False)


def test_a_search_without_a_hit_offers_all_failures(client, job):
    assert "No failure fits" in client.get(f"{job}?q=nowhere").text


def test_narrowed_failures_do_not_poll(client, job):
    text = client.get(f"{job}/failures?q=abc", headers=HTMX).text
    assert "every 3s" not in text


def test_failures_are_paged_in_the_order_of_the_file(app, client, job):
    more = [(row, "code", "odd", "x") for row in range(20, 60)]
    add_failures(app, int(job.rpartition("/")[2]), more)
    text = client.get(f"{job}/failures", headers=HTMX).text
    place = text.partition("place=")[2].partition('"')[0].partition("&")[0].partition("#")[0]
    following = client.get(f"{job}/failures?place={place}", headers=HTMX).text
    assert ("name 20" in text, "name 59" in text) == (True, False)
    assert ("name 20" in following, "name 59" in following) == (False, True)


def test_failures_without_script_are_the_page_at_that_place(client, job):
    response = client.get(f"{job}/failures?q=abc&_external=1")
    assert (response.status_code, response.location) == (303, f"{job}?q=abc#failures")


def test_a_made_up_place_shows_the_first_page(client, job):
    assert "name 3" in client.get(f"{job}?place=rubbish").text


@pytest.mark.parametrize(
    ("act", "before", "after"),
    [
        ("pause", "waiting", "paused"),
        ("resume", "paused", "waiting"),
        ("cancellation", "waiting", "cancelled"),
        ("retry", "failed", "waiting"),
    ],
)
def test_an_act_changes_the_status_and_is_audited(app, client, owner, act, before, after):
    job_id = add_job(app, owner, status=before)
    assert client.post(f"/jobs/{job_id}/{act}").status_code == 303
    with committed(app):
        entry = db.session.query(AuditEntry).filter_by(object_id=str(job_id)).one()
        assert (db.session.get(Job, job_id).status, entry.action) == (after, f"job.{act}")


def test_an_act_the_state_forbids_says_so(app, client, owner):
    job_id = add_job(app, owner, status="cancelled")
    response = client.post(f"/jobs/{job_id}/pause")
    assert (response.status_code, "cannot pause" in response.text) == (409, True)


def test_a_manager_sees_the_job_and_no_buttons(app, client, job):
    sign_in(client, "manager")
    assert "post-button" not in client.get(job).text


def test_another_persons_job_answers_like_a_missing_one(app, client, owner):
    foreign = add_job(app, add_user(app))
    answers = {client.get(f"/jobs/{number}").status_code for number in (foreign, 10**12)}
    assert answers == {404}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"status": "waiting"}, "No worker is up"),
        ({"status": "paused", "meta": {"actor": "Ada", "reason": "new codes"}}, "new codes"),
        ({"status": "interrupted"}, "no row is lost"),
        ({"status": "delayed", "after_id": None}, "by itself"),
    ],
)
def test_a_job_that_does_not_move_says_why(app, client, owner, values, reason):
    assert reason in client.get(f"/jobs/{add_job(app, owner, **values)}").text
