"""What a person is shown of a job: words, outcomes that add up, pace, chunk map."""

from datetime import timedelta

import pytest

from dashboard.jobs.presenter import BAR, MOST_CELLS, Counts, JobView, Pace, status_of, view
from dashboard.lib.clock import now
from dashboard.models.job import Job
from dashboard.models.states import JobStatus
from tests.factories import add_user, committed
from tests.web.job_parts import add_running_job


def shown(app, chunks, **values):
    job_id = add_running_job(app, add_user(app), chunks, **values)
    with committed(app) as session:
        return view(session.connection(), session.get(Job, job_id))


@pytest.mark.parametrize(
    ("values", "word", "tone"),
    [
        ({"status": "completed", "failed": 0, "not_processed": 0}, "Completed", "ok"),
        ({"status": "completed", "failed": 3120, "not_processed": 0}, "3,120 failed", "warn"),
        ({"status": "completed", "failed": 0, "not_processed": 7}, "7 not processed", "warn"),
        ({"status": "failed", "failed": 0, "not_processed": 9}, "Failed", "bad"),
        ({"status": "interrupted", "failed": 0, "not_processed": 9}, "Interrupted", "warn"),
    ],
)
def test_green_only_with_nothing_failed_and_nothing_left(values, word, tone):
    assert status_of(Job(**values))[:2] == (word, tone)


@pytest.mark.parametrize("status", list(JobStatus))
def test_every_status_has_a_word_a_tone_and_an_icon(status):
    assert all(status_of(Job(status=status, failed=0, not_processed=0)))


def test_live_counts_are_the_sum_of_the_chunks(app):
    chunks = [{"state": "done", "created": 8, "failed": 2}, {"state": "pending"}]
    counts = shown(app, chunks).counts
    assert (counts.created, counts.failed, counts.not_processed) == (8, 2, 10)


def test_outcomes_add_up_to_the_rows_of_the_file():
    counts = Counts(100, created=50, updated=9, unchanged=8, skipped=7, failed=6)
    assert sum(rows for _, _, rows in counts.outcomes) == 100


@pytest.mark.parametrize(
    "counts",
    [Counts(1_000_000, created=999_999, failed=1), Counts(7, created=3, failed=4), Counts(5)],
)
def test_a_bar_is_full_and_shows_even_one_row(counts):
    parts = counts.segments()
    last = parts[-1]
    assert last.x + last.width == pytest.approx(BAR, abs=0.5)
    assert all(part.width >= 5 for part in parts)


def test_no_bar_before_the_rows_are_known():
    assert Counts(None).segments() == []


@pytest.mark.parametrize(
    ("chunk", "state"),
    [
        ({"state": "pending"}, "pending"),
        ({"state": "pending", "attempt": 1}, "retry"),
        ({"state": "leased", "attempt": 1}, "leased"),
        ({"state": "done", "attempt": 1}, "done"),
        ({"state": "failed", "attempt": 3}, "failed"),
    ],
)
def test_a_chunk_shows_its_state(app, chunk, state):
    found = shown(app, [chunk]).chunks
    assert ([cell.state for cell in found.cells], found.legend[0][0]) == ([state], state)


def test_many_chunks_share_the_cells(app):
    found = shown(app, [{"rows": 1}] * (MOST_CELLS + 1)).chunks
    assert (found.per_cell, found.total, len(found.cells) <= MOST_CELLS) == (2, 481, True)


def test_pace_and_range_come_from_settled_chunks(app):
    start = now() - timedelta(seconds=10)
    done = {"state": "done", "created": 10, "started_at": start, "finished_at": now()}
    pace = shown(app, [done, {"state": "pending"}], started_at=start).pace
    assert pace.rate == pytest.approx(1, rel=0.1)
    assert pace.least_left <= 10 <= pace.most_left


def test_a_paused_job_promises_no_end(app):
    assert shown(app, [{"state": "pending"}], status="paused").pace == Pace()


@pytest.mark.parametrize(
    ("least", "most", "text"),
    [(0.2, 1.2, "about 1 s"), (11.2, 13.4, "11–13 s"), (111, 133, "1:50–2:10 min")],
)
def test_time_left_is_a_range(least, most, text):
    assert Pace(1, least, most).left == text


@pytest.mark.parametrize(
    ("values", "acts"),
    [
        ({"status": "waiting"}, {"pause", "cancellation"}),
        ({"status": "paused"}, {"resume", "cancellation"}),
        ({"status": "failed"}, {"retry"}),
        ({"status": "completed"}, set()),
        ({"status": "cancelled"}, set()),
    ],
)
def test_only_acts_its_state_allows_are_offered(values, acts):
    assert JobView(Job(**values), Counts(10, created=10)).acts == acts


def test_a_completed_job_with_failures_can_be_retried():
    assert JobView(Job(status="completed"), Counts(10, failed=1)).acts == {"retry"}
