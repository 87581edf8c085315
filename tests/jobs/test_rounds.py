"""Retry: failed chunks whole, failed rows by row; counts still add up."""

from pathlib import Path

import pytest
from sqlalchemy import update

from dashboard.errors import WrongState
from dashboard.jobs.leases import CHUNK
from tests.jobs.conftest import on
from tests.jobs.lines_job import MOMENTS, kill
from tests.jobs.room import Room, adds_up

LINES = ["a", "bad b", "c", "d", "bad e", "f"]
STEPS = ["process", "write", "written", "closed", "committed"]


def mended(room: Room) -> str:
    """A file whose being there makes bad lines good."""
    return str(Path(room.marks) / "mended")


def second_round(room: Room, *troubles: dict[str, object]) -> int:
    job_id = room.finished(LINES, mended=mended(room), troubles=list(troubles))
    Path(mended(room)).touch()
    room.act("retry", job_id)
    return job_id


def test_failed_rows_are_tried_again_by_row(room: Room):
    job = room.run(job_id := second_round(room))
    assert (job.status, job.round, job.created, job.failed) == ("completed", 2, 6, 0)
    assert room.written() == sorted(LINES)
    assert room.failures(job_id) == []
    assert adds_up(job)


def test_events_of_both_rounds(room: Room):
    job_id = second_round(room)
    room.run(job_id)
    assert room.events(job_id) == ["JobEnqueued", "JobStarted", "JobProgressed", "JobCompleted"] * 2


def test_rows_that_fail_again(room: Room):
    job_id = room.finished(LINES)
    room.act("retry", job_id)
    job = room.run(job_id)
    assert (job.round, job.created, job.failed) == (2, 4, 2)
    assert adds_up(job)
    assert room.failures(job_id) == [(2, "bad b"), (5, "bad e")]


def test_opened_rows_count_as_not_processed(room: Room):
    job = room.job(second_round(room))
    assert (job.failed, job.not_processed, job.processed) == (0, 2, 4)
    assert adds_up(job)


@pytest.mark.parametrize("step", STEPS)
def test_killed_in_the_second_round(room: Room, step: str):
    job_id = second_round(room)
    room.in_child(lambda child: kill_at(child, job_id, step))
    job = room.run(job_id)
    assert (job.status, job.created, job.failed) == ("completed", 6, 0)
    assert adds_up(job)
    assert room.written() == sorted(LINES)


def kill_at(room: Room, job_id: int, step: str) -> None:
    MOMENTS[step] = lambda chunk: kill()
    room.runner.turn(job_id)


def test_failed_chunks_are_tried_again_whole(room: Room):
    trouble = {"step": "process", "chunk": 2, "act": "raise", "times": 3}
    job_id = room.finished(LINES, troubles=[trouble])
    room.act("retry", job_id)
    job = room.run(job_id)
    assert (job.status, job.created, job.failed, job.not_processed) == ("completed", 4, 2, 0)
    assert room.written() == ["a", "c", "d", "f"]


def test_a_third_round(room: Room):
    job_id = room.finished(LINES, mended=mended(room))
    for _ in range(2):
        room.act("retry", job_id)
        room.run(job_id)
    Path(mended(room)).touch()
    room.act("retry", job_id)
    assert room.run(job_id).created == 6
    assert room.written() == sorted(LINES)


@on("sqlite-apart", "postgres-apart")
def test_a_chunk_written_but_marked_failed_is_not_written_again(room: Room):
    job_id = room.prepared(LINES)
    room.in_child(lambda child: kill_at(child, job_id, "committed"))
    freed = {"lease_token": None, "lease_until": None, "lease_holder": None}
    with room.context.app.begin() as connection:
        connection.execute(update(CHUNK).where(CHUNK.c.number == 1).values(state="failed", **freed))
    room.run(job_id)
    room.act("retry", job_id)
    assert room.run(job_id).created == 4
    assert room.written() == ["a", "c", "d", "f"]


def test_an_unreadable_file_can_be_retried(room: Room):
    job_id = room.finished(["unreadable"])
    room.act("retry", job_id)
    assert (room.run(job_id).status, room.job(job_id).round) == ("failed", 2)


def test_a_failed_after_hook_runs_again(room: Room):
    job_id = room.finished(["a"], troubles=[{"step": "after", "act": "raise"}])
    assert room.job(job_id).error_code == "after_failed"
    room.act("retry", job_id)
    assert room.run(job_id).status == "completed"
    assert room.written() == ["a"]


@on("sqlite", "postgres")
def test_nothing_to_retry(room: Room):
    job_id = room.finished(["a"])
    with pytest.raises(WrongState, match="nothing to try again"):
        room.act("retry", job_id)


@on("sqlite", "postgres")
def test_retried_twice_at_once(room: Room):
    job_id = second_round(room)
    with pytest.raises(WrongState):
        room.act("retry", job_id)
    assert room.job(job_id).round == 2
