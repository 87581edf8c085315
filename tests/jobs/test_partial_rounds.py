"""Only some failed rows are tried again: the others stay failed, whatever happens meanwhile."""

from pathlib import Path

import pytest

from dashboard.errors import WrongState
from dashboard.jobs.actions import retry
from dashboard.jobs.failure_list import Filter
from tests.jobs.conftest import on
from tests.jobs.lines_job import MOMENTS, kill
from tests.jobs.room import Room, adds_up

LINES = ["a", "bad b", "bad c", "bad d", "e", "bad f"]
STEPS = ["process", "write", "written", "closed", "committed"]


def failed_job(room: Room, *troubles: dict[str, object]) -> int:
    """Its bad lines would be good by now."""
    mended = Path(room.marks) / "mended"
    job_id = room.finished(LINES, chunkRows=3, mended=str(mended), troubles=list(troubles))
    mended.touch()
    return job_id


def test_some_rows(room: Room):
    job_id = failed_job(room)
    room.act("retry", job_id, rows=[3, 6])
    job = room.run(job_id)
    assert (job.status, job.created, job.failed) == ("completed", 4, 2)
    assert room.failures(job_id) == [(2, "bad b"), (4, "bad d")]
    assert room.written() == ["a", "bad c", "bad f", "e"]
    assert adds_up(job)


def test_meanwhile_the_others_count_as_failed(room: Room):
    job_id = failed_job(room)
    job = room.act("retry", job_id, rows={3})
    assert (job.failed, job.not_processed, job.created) == (3, 1, 2)
    assert adds_up(job)


@pytest.mark.parametrize("step", STEPS)
def test_killed_while_some_are_tried(room: Room, step: str):
    job_id = failed_job(room)
    room.act("retry", job_id, rows=[2, 4])

    def work(child: Room) -> None:
        MOMENTS[step] = lambda chunk: kill()
        child.runner.turn(job_id)

    assert room.in_child(work) < 0
    job = room.run(job_id)
    assert (job.created, job.failed) == (4, 2)
    assert room.failures(job_id) == [(3, "bad c"), (6, "bad f")]
    assert room.written() == ["a", "bad b", "bad d", "e"]


def test_round_after_round(room: Room):
    job_id = failed_job(room)
    for row in (6, 2, 4, 3):
        room.act("retry", job_id, rows=[row])
        assert adds_up(room.run(job_id))
    job = room.job(job_id)
    assert (job.round, job.created, job.failed, room.failures(job_id)) == (5, 6, 0, [])
    assert room.written() == sorted(LINES)


@on("sqlite", "postgres")
def test_rows_of_a_cause(room: Room):
    job_id = failed_job(room)
    room.act("retry", job_id, cause=Filter("line", "refused", "bad c"))
    assert room.run(job_id).failed == 3


@on("sqlite", "postgres")
def test_a_failed_chunk_is_left_alone(room: Room):
    trouble = {"step": "process", "chunk": 2, "act": "raise", "times": 3}
    job_id = failed_job(room, trouble)
    room.act("retry", job_id, rows=[2])
    job = room.run(job_id)
    assert (job.status, job.created, job.failed, job.not_processed) == ("failed", 2, 1, 3)
    room.act("retry", job_id)
    assert room.run(job_id).created == 6


@on("sqlite", "postgres")
@pytest.mark.parametrize("how", [{"rows": [1, 5, 99]}, {"rows": []}, {"cause": Filter("x", "y")}])
def test_nothing_of_it_is_failed(room: Room, how: dict):
    job_id = failed_job(room)
    before = room.outcome(job_id)
    with pytest.raises(WrongState, match="nothing to try again"):
        room.act("retry", job_id, **how)
    assert room.outcome(job_id) == before
    assert room.job(job_id).round == 1


@on("sqlite", "postgres")
def test_a_refused_act_leaves_nothing_behind_in_a_longer_transaction(room: Room):
    """A bulk act goes on with the next job after one that is refused."""
    first, second = room.finished(LINES), room.finished(LINES)

    def both(context, session):
        with pytest.raises(WrongState):
            retry(context, session, first, "ann", rows=[1])
        retry(context, session, second, "ann")

    room.do(both)
    assert (room.job(first).round, room.job(second).round) == (1, 2)
