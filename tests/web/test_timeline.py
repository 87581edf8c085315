"""A job's story in words."""

from datetime import datetime, timedelta

import pytest

from dashboard.jobs.presenter import Counts, JobView
from dashboard.jobs.timeline import timeline
from dashboard.lib.clock import now
from dashboard.models.job import Job
from dashboard.models.outbox import OutboxEvent
from dashboard.web.engine import WITH_NAMES
from tests.factories import add_job, add_user, committed
from tests.web.job_parts import add_file

START: datetime = now()


def told(app, *events):
    owner = add_user(app)
    job_id = add_job(app, owner, file_id=add_file(app, owner, b"x"))
    with committed(app) as session:
        for number, (name, payload) in enumerate(events):
            at = START + timedelta(seconds=number)
            session.add(OutboxEvent(name=name, job_id=job_id, payload=payload, created_at=at))
        session.flush()
        job = session.get(Job, job_id, options=WITH_NAMES)
        return timeline(session.connection(), JobView(job, Counts(None)))


@pytest.mark.parametrize(
    ("name", "payload", "words"),
    [
        ("JobEnqueued", {"round": 1}, "Put in line"),
        ("JobEnqueued", {"round": 2}, "Round 2 asked for"),
        ("JobStarted", {"round": 1}, "A worker began"),
        ("JobRetrying", {"chunk": 4, "error": "gone"}, "Chunk 4 failed, tried again"),
        ("JobPaused", {"actor": "Ada", "reason": None}, "Paused by Ada"),
        ("JobCancelled", {"actor": None, "reason": "x"}, "Cancelled by the system"),
        ("Unheard", {}, "Unheard"),
    ],
)
def test_an_event_reads_as_a_sentence(app, name, payload, words):
    assert told(app, (name, payload))[0].text == words


def test_completion_says_rows_time_and_failures(app):
    payload = {"succeeded_count": 1900, "failed_count": 20, "duration": 75}
    entry = told(app, ("JobCompleted", payload))[0]
    assert entry.under == "1,900 rows in 1:15 min, 20 rows failed"


def test_newest_first_and_the_upload_last(app):
    entries = told(app, ("JobEnqueued", {"round": 1}), ("JobStarted", {"round": 1}))
    assert [entry.icon for entry in entries] == ["cpu", "clock", "upload"]


def test_progress_is_left_out(app):
    assert len(told(app, ("JobProgressed", {}))) == 1


def test_chunks_that_fail_alike_are_one_line(app):
    failed = {"error_message": "disk full", "will_retry": False}
    entries = told(app, *(("JobFailed", {**failed, "chunk": n}) for n in (1, 2, 3)))
    assert entries[0].text == "3 chunks failed for good"


def test_a_failure_that_is_tried_again_is_told_once(app):
    failed = ("JobFailed", {"error_message": "x", "will_retry": True, "chunk": 1})
    again = ("JobRetrying", {"error": "x", "chunk": 1})
    assert [entry.icon for entry in told(app, failed, again)] == ["refresh", "upload"]
