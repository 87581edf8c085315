"""Force: a stuck job whose worker is gone; a worker that comes back can write nothing."""

import pytest
from sqlalchemy import update

from dashboard.errors import WrongState
from dashboard.jobs.forcing import force_cancel, take_over
from dashboard.jobs.leases import CHUNK, claim_chunk
from dashboard.jobs.transitions import JOB
from tests.jobs.conftest import on
from tests.jobs.lines_job import MOMENTS
from tests.jobs.room import Room, adds_up
from tests.jobs.test_leases import LEASE

LINES = ["a", "b", "c", "d"]
ELSEWHERE = "far.example/boot:1/77/1.00/1/1.00"
BOTH = on("sqlite", "postgres")


def stuck(room: Room, verb: str | None = None) -> int:
    """A worker of another host holds the first chunk; nobody can tell whether it lives."""
    job_id = room.prepared(LINES)
    with room.context.chunks.begin() as connection:
        claim_chunk(connection, job_id, ELSEWHERE, LEASE)
    if verb:
        room.act(verb, job_id)
    return job_id


def force(room: Room, act, job_id: int, **how: bool):
    return room.do(act, job_id, "ann@example.com", **how)


@BOTH
@pytest.mark.parametrize(("verb", "end"), [("pause", "paused"), ("cancel", "cancelled")])
def test_when_its_lease_has_ended(room: Room, verb: str, end: str):
    job_id = stuck(room, verb)
    with pytest.raises(WrongState, match=r"lease runs \d+ s more"):
        force(room, take_over, job_id)
    room.expire_leases()
    job = force(room, take_over, job_id)
    assert (job.status, job.not_processed) == (end, 4)
    assert adds_up(job)


@BOTH
@pytest.mark.parametrize(("verb", "end"), [("pause", "paused"), ("cancel", "cancelled")])
def test_at_once(room: Room, verb: str, end: str):
    job_id = stuck(room, verb)
    assert force(room, take_over, job_id, at_once=True).status == end


@BOTH
def test_taken_over_it_goes_on(room: Room):
    job_id = stuck(room)
    assert force(room, take_over, job_id, at_once=True).status == "interrupted"
    assert room.run(job_id).created == 4
    assert room.written() == LINES


@BOTH
@pytest.mark.parametrize("verb", [None, "pause", "cancel"])
def test_cancelled_by_force(room: Room, verb: str | None):
    job_id = stuck(room, verb)
    job = force(room, force_cancel, job_id, at_once=True)
    assert (job.status, job.error_code) == ("cancelled", "cancelled")
    assert adds_up(job)
    assert room.events(job_id)[-1] == "JobCancelled"


@pytest.mark.parametrize("act", [take_over, force_cancel])
def test_a_late_settle_is_refused(room: Room, act):
    """Forced between the worker's last look and its transaction."""
    job_id = room.prepared(LINES)

    def meanwhile(chunk: int | None) -> None:
        MOMENTS.clear()
        force(room, act, job_id, at_once=True)

    MOMENTS["process"] = meanwhile
    room.runner.run_one(job_id)
    assert (room.written(), room.chunks(job_id)[0].state) == ([], "pending")


@BOTH
def test_forced_while_it_prepares(room: Room):
    job_id = room.dispatch(LINES)
    held = {"status": "preparing", "lease_token": "x", "lease_holder": ELSEWHERE}
    with room.context.app.begin() as connection:
        connection.execute(update(JOB).where(JOB.c.id == job_id).values(held))
    room.act("cancel", job_id)
    assert force(room, take_over, job_id, at_once=True).status == "cancelled"


@BOTH
def test_nothing_to_force(room: Room):
    job_id = room.finished(["a"])
    with pytest.raises(WrongState, match="is completed; there is nothing to force"):
        force(room, force_cancel, job_id, at_once=True)
    assert not room.rows(CHUNK.select().where(CHUNK.c.state == "pending"))
