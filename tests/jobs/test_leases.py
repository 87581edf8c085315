"""I3: leases end with their holders; a chunk taken over is written once."""

import signal
from datetime import timedelta

import pytest

from dashboard.jobs.leases import claim_chunk, renew_chunk
from tests.jobs.lines_job import MOMENTS
from tests.jobs.room import Room, adds_up, wait_for

LEASE = timedelta(seconds=15)
LINES = ["a", "b", "c", "d", "e", "f"]


def beside(room: Room) -> Room:
    return Room(room.context, room.hints, room.marks)


def test_each_claim_has_its_own_token(room: Room):
    job_id = room.prepared(LINES)
    with room.context.app.begin() as connection:
        claims = [claim_chunk(connection, job_id, "h/b/1/2/3/4", LEASE) for _ in range(4)]
    numbers = [claim[1].number for claim in claims[:3]]
    assert (numbers, claims[3]) == ([1, 2, 3], None)
    assert len({claim[1].lease_token for claim in claims[:3]}) == 3


@pytest.mark.parametrize("step", ["process", "write", "written"])
def test_the_first_holder_lives_on_after_a_take_over(room: Room, step: str):
    job_id, other = room.prepared(LINES), beside(room)

    def meanwhile(number: int | None) -> None:
        MOMENTS.clear()
        if room.context.app.dialect.name == "postgresql" or step == "process":
            room.expire_leases()
            other.sweeper.run_once()

    MOMENTS[step] = meanwhile
    room.run(job_id)
    assert room.written() == LINES
    assert adds_up(room.job(job_id))


def test_taken_over_and_finished_while_the_first_holder_slept(room: Room):
    job_id, other = room.prepared(LINES), beside(room)

    def meanwhile(number: int | None) -> None:
        MOMENTS.clear()
        room.expire_leases()
        other.run(job_id)

    MOMENTS["process"] = meanwhile
    room.runner.turn(job_id)
    assert room.job(job_id).status == "completed"
    assert room.written() == LINES
    assert room.events(job_id).count("JobCompleted") == 1


def test_a_renewed_lease_is_not_taken_over(room: Room):
    job_id = room.prepared(LINES)
    with room.context.app.begin() as connection:
        _, chunk = claim_chunk(connection, job_id, room.runner.holder, LEASE)
    room.expire_leases()
    with room.context.app.begin() as connection:
        assert renew_chunk(connection, chunk.id, chunk.lease_token, LEASE)
    room.sweeper.run_once()
    assert room.chunks(job_id)[0].lease_token == chunk.lease_token


def test_a_lost_lease_is_not_renewed(room: Room):
    job_id = room.prepared(LINES)
    with room.context.app.begin() as connection:
        _, chunk = claim_chunk(connection, job_id, room.runner.holder, LEASE)
    room.expire_leases()
    room.sweeper.run_once()
    with room.context.app.begin() as connection:
        assert not renew_chunk(connection, chunk.id, chunk.lease_token, LEASE)


def test_a_dead_holder_is_known_before_its_lease_ends(room: Room):
    job_id = room.dispatch(LINES, troubles=[{"step": "process", "chunk": 2, "act": "kill"}])
    assert room.in_child(lambda child: child.runner.turn(job_id)) == -signal.SIGKILL
    room.sweeper.run_once()
    chunk = room.chunks(job_id)[1]
    assert (chunk.state, chunk.deaths) == ("pending", 1)
    assert room.job(job_id).status == "interrupted"


def test_a_chunk_that_kills_three_workers_fails_alone(room: Room):
    trouble = {"step": "process", "chunk": 2, "act": "kill", "times": 3}
    job_id = room.dispatch(LINES, troubles=[trouble])
    while room.in_child(lambda child: child.step(job_id)):
        pass
    job, chunks = room.job(job_id), room.chunks(job_id)
    assert [chunk.state for chunk in chunks] == ["done", "failed", "done"]
    assert (job.status, job.error_code, job.not_processed) == ("failed", "worker_killed", 2)
    assert adds_up(job)
    assert room.written() == ["a", "b", "e", "f"]


def test_a_file_that_kills_three_workers_is_refused(room: Room):
    job_id = room.dispatch(LINES, troubles=[{"step": "plan", "act": "kill", "times": 3}])
    while room.in_child(lambda child: child.step(job_id)):
        pass
    job = room.job(job_id)
    assert (job.status, job.error_code, job.lease_token) == ("failed", "worker_killed", None)


def test_an_after_hook_that_kills_three_workers_fails_the_job(room: Room):
    job_id = room.dispatch(LINES, troubles=[{"step": "after", "act": "kill", "times": 9}])
    for _ in range(4):
        room.in_child(lambda child: child.step(job_id))
    job = room.job(job_id)
    assert (job.status, job.error_code) == ("failed", "worker_killed")
    assert (job.created, job.not_processed, adds_up(job)) == (len(LINES), 0, True)
    assert room.written() == LINES


def test_after_a_death_a_chunk_runs_alone(room: Room):
    job_id = room.dispatch(LINES, troubles=[{"step": "process", "chunk": 1, "act": "kill"}])
    room.in_child(lambda child: child.runner.turn(job_id))
    room.sweeper.run_once()
    with room.context.app.begin() as connection:
        first = claim_chunk(connection, job_id, room.runner.holder, LEASE)
        second = claim_chunk(connection, job_id, room.runner.holder, LEASE)
    assert (first[1].number, second) == (1, None)


def test_sweepers_do_not_disturb_each_other(room: Room):
    job_id = room.dispatch(LINES, troubles=[{"step": "process", "chunk": 2, "act": "kill"}])
    room.in_child(lambda child: child.runner.turn(job_id))
    children = [
        room.fork(lambda child: [child.sweeper.run_once() for _ in range(5)]) for _ in "abc"
    ]
    assert [wait_for(pid) for pid in children] == [0, 0, 0]
    assert room.chunks(job_id)[1].deaths == 1
    assert room.run(job_id).status == "completed"
    assert room.written() == LINES
