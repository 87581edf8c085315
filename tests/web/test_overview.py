"""Overview: what runs, waits, ended, and needs a person."""

from datetime import timedelta

import pytest

from dashboard.lib.clock import now
from dashboard.models.worker import Worker
from tests.factories import add_job, add_user, committed, sign_in
from tests.web.job_parts import add_running_job


@pytest.fixture
def owner(client):
    return sign_in(client)


def test_before_the_first_job_it_says_what_to_do(client, owner):
    text = client.get("/").text
    assert ("No job yet" in text, "/imports/new" in text) == (True, True)


def test_a_manager_is_not_asked_to_import(client):
    sign_in(client, "manager")
    assert "/imports/new" not in client.get("/").text


def test_a_running_job_shows_its_progress(app, client, owner):
    add_running_job(app, owner, [{"state": "done", "created": 9, "failed": 1}, {}])
    text = client.get("/overview/live").text
    assert all(part in text for part in ("10 of 20", "50 %", "Running"))


def test_a_waiting_job_says_why(app, client, owner):
    before = add_job(app, owner, status="active")
    add_job(app, owner, status="delayed", after_id=before)
    assert f"when job #{before} has completed" in client.get("/").text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"status": "failed", "error_message": "The file is empty."}, "The file is empty."),
        ({"status": "completed", "failed": 3, "total": 9, "processed": 9}, "3 of 9 rows failed"),
    ],
)
def test_what_is_left_to_do_needs_you(app, client, owner, values, words):
    add_job(app, owner, finished_at=now(), **values)
    text = client.get("/").text
    assert ("Needs you" in text, words in text) == (True, True)


def test_old_failures_do_not_need_you_for_ever(app, client, owner):
    add_job(app, owner, status="failed", finished_at=now() - timedelta(days=8))
    assert "Needs you" not in client.get("/").text


def test_figures_count_the_last_24_hours(app, client, owner):
    for hours, rows in ((1, 4000), (30, 700)):
        ended = now() - timedelta(hours=hours)
        add_job(app, owner, status="completed", processed=rows, finished_at=ended)
    text = client.get("/").text
    assert ("4,000" in text, "4,700" in text) == (True, False)


@pytest.mark.parametrize(("silent", "words"), [(2, "1 worker up"), (60, "No worker is up")])
def test_a_worker_is_up_while_it_says_so(app, client, owner, silent, words):
    with committed(app) as session:
        seen = now() - timedelta(seconds=silent)
        session.add(Worker(holder="h", queue="jobs", host="h", pid=1, seen_at=seen))
    assert words in client.get("/").text


def test_other_peoples_jobs_stay_out(app, client, owner):
    other = add_running_job(app, add_user(app), [{}])
    assert f"/jobs/{other}" not in client.get("/").text
