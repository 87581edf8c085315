"""The `limit` of a job type: so many workers at once, over all its jobs, whatever dies."""

import pytest
from sqlalchemy import update

from dashboard.jobs.database_time import database_now
from dashboard.jobs.leases import CHUNK, claim_chunk
from dashboard.jobs.limits import TypeLimit, next_of_type
from tests.jobs.conftest import on
from tests.jobs.lines_job import MOMENTS
from tests.jobs.room import PAST, Room
from tests.jobs.test_acts import race
from tests.jobs.test_leases import LEASE

ONE = TypeLimit("narrow", 1)
BOTH = on("sqlite", "postgres")


def claim(room: Room, job_id: int, limit: TypeLimit | None = ONE):
    with room.context.chunks.begin() as connection:
        return claim_chunk(connection, job_id, room.runner.holder, LEASE, limit)


def test_over_all_jobs_of_the_type(room: Room):
    first, second = (room.prepared(["a", "b", "c"], type="narrow") for _ in range(2))
    assert claim(room, first) is not None
    assert claim(room, first) is None
    assert claim(room, second) is None


def test_other_types_are_not_held_up(room: Room):
    claim(room, room.prepared(["a"], type="narrow"))
    assert claim(room, room.prepared(["a"]), TypeLimit("lines", 1)) is not None


def test_a_lease_that_ended_takes_no_place(room: Room):
    first, second = (room.prepared(["a"], type="narrow") for _ in range(2))
    claim(room, first)
    with room.context.app.begin() as connection:
        past = database_now(connection, PAST)
        connection.execute(update(CHUNK).where(CHUNK.c.job_id == first).values(lease_until=past))
    assert claim(room, second) is not None


def test_two_claim_at_once(room: Room):
    jobs = [room.prepared(["a"], type="narrow") for _ in range(2)]
    found = []
    race(room, *(lambda job_id=job_id: found.append(claim(room, job_id)) for job_id in jobs))
    assert sorted(claimed is None for claimed in found) == [False, True]


@BOTH
def test_a_job_that_finds_it_reached_waits(room: Room):
    first, second = (room.prepared(["a"], type="narrow") for _ in range(2))
    claim(room, first)
    room.runner.turn(second)
    assert (room.job(second).processed, room.hints.take()[2:]) == (0, [])


@BOTH
def test_the_hint_goes_round(room: Room):
    """What a blocked job has lost, the one that ran passes on."""
    first, second = (room.prepared(["a", "b", "c"], type="narrow") for _ in range(2))
    room.hints.take()
    other = Room(room.context, room.hints, room.marks)

    def meanwhile(chunk: int | None) -> None:
        MOMENTS.clear()
        other.runner.turn(second)

    MOMENTS["process"] = meanwhile
    room.runner.turn(first)
    assert room.job(second).processed == 0
    assert ("work", second) in room.hints.take()


@BOTH
def test_by_turns(room: Room):
    jobs = [room.prepared(["a"], type="narrow") for _ in range(3)]
    with room.context.app.connect() as connection:
        order = [next_of_type(connection, "narrow", job_id) for job_id in jobs]
    assert order == [jobs[1], jobs[2], jobs[0]]


@BOTH
@pytest.mark.parametrize("lines", [1, 6])
def test_a_limited_job_comes_to_its_end(room: Room, lines: int):
    job_id = room.dispatch(["a"] * lines, type="narrow")
    assert room.run(job_id).created == lines
