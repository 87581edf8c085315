"""Pause, resume and cancel at every moment; nothing is lost and counts add up."""

import threading
from collections.abc import Callable

import pytest

from dashboard.errors import NotFound, WrongState
from dashboard.jobs.finalising import end, finalise
from dashboard.jobs.leases import claim_chunk
from tests.jobs.conftest import on
from tests.jobs.lines_job import MOMENTS
from tests.jobs.room import Room, adds_up
from tests.jobs.test_leases import LEASE

LINES = ["a", "b", "c", "d", "e", "f"]
# Not inside a chunk's transaction: on SQLite another writer waits for its end.
STEPS = [("plan", None), ("process", 1), ("process", 3), ("closed", 2), ("closed", 3)]


def during(room: Room, verb: str, job_id: int, step: str, at: int | None) -> None:
    def act(chunk: int | None) -> None:
        if chunk == at:
            MOMENTS.clear()
            room.act(verb, job_id)

    MOMENTS[step] = act
    room.runner.turn(job_id)


@pytest.mark.parametrize(("step", "at"), STEPS)
def test_paused_and_resumed(room: Room, step: str, at: int | None):
    job_id = room.dispatch(LINES)
    during(room, "pause", job_id, step, at)
    paused = room.job(job_id)
    assert paused.status == ("completed" if at == 3 else "paused")
    assert adds_up(paused)
    if paused.status == "paused":
        room.act("resume", job_id)
    assert room.run(job_id).status == "completed"
    assert room.written() == LINES


@pytest.mark.parametrize(("step", "at"), STEPS)
def test_cancelled(room: Room, step: str, at: int | None):
    job_id = room.dispatch(LINES)
    during(room, "cancel", job_id, step, at)
    job = room.job(job_id)
    assert job.status == ("completed" if at == 3 else "cancelled")
    assert adds_up(job)
    assert len(room.written()) == job.created
    assert room.events(job_id).count("JobCancelled") == (job.status == "cancelled")


@pytest.mark.parametrize("prepare", [False, True])
def test_cancelled_before_any_chunk(room: Room, prepare: bool):
    job_id = room.prepared(LINES) if prepare else room.dispatch(LINES)
    job = room.act("cancel", job_id)
    assert (job.status, job.error_code) == ("cancelled", "cancelled")
    assert adds_up(job)
    room.runner.turn(job_id)
    assert room.written() == []


@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_acted_on_while_a_failing_preparing_backs_off(room: Room, verb: str):
    job_id = room.dispatch(LINES, troubles=[{"step": "plan", "act": "raise"}])
    during(room, verb, job_id, "plan", None)
    job = room.job(job_id)
    assert (job.status, job.lease_token) == ({"pause": "paused", "cancel": "cancelled"}[verb], None)


@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_its_worker_died_meanwhile(room: Room, verb: str):
    job_id = room.dispatch(LINES, troubles=[{"step": "process", "chunk": 2, "act": "kill"}])
    room.in_child(lambda child: child.runner.turn(job_id))
    assert room.act(verb, job_id).status in ("pausing", "cancelling")
    room.sweeper.run_once()
    job = room.job(job_id)
    assert job.status in ("paused", "cancelled")
    assert job.created == 2
    assert adds_up(job)


@pytest.mark.parametrize("how", ["kill", "stop"])
@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_its_worker_ended_after_the_commit(room: Room, verb: str, how: str):
    """What another target holds by then counts, though nobody will claim the chunk again."""
    job_id = room.dispatch(LINES, troubles=[{"step": "committed", "chunk": 2, "act": how}])
    room.in_child(lambda child: child.runner.turn(job_id))
    room.act(verb, job_id)
    room.sweeper.run_once()
    job = room.job(job_id)
    assert job.status in ("paused", "cancelled")
    assert (job.created, room.written()) == (4, LINES[:4])
    assert adds_up(job)


@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_a_claim_and_an_act_at_once(room: Room, verb: str):
    """The act waits for the claim to commit, then sees the chunk in hand."""
    job_id = room.prepared(LINES)
    acting = threading.Thread(target=room.act, args=(verb, job_id))
    with room.context.chunks.begin() as connection:
        claim_chunk(connection, job_id, room.runner.holder, LEASE)
        acting.start()
        acting.join(0.05)
        assert acting.is_alive()
    acting.join()
    assert room.job(job_id).status in ("pausing", "cancelling")


@on("sqlite", "postgres")
@pytest.mark.parametrize("verb", ["pause", "resume", "cancel", "retry"])
def test_not_on_a_clean_job(room: Room, verb: str):
    job_id = room.finished(["a"])
    with pytest.raises(WrongState, match="completed"):
        room.act(verb, job_id)


@on("sqlite")
@pytest.mark.parametrize("verb", ["pause", "resume", "cancel", "retry"])
def test_not_on_a_missing_job(room: Room, verb: str):
    with pytest.raises(NotFound):
        room.act(verb, 99)


@on("sqlite", "postgres")
def test_a_delayed_job_can_be_cancelled(room: Room):
    job_id = room.dispatch(LINES, troubles=[{"step": "plan", "act": "raise"}])
    room.runner.prepare(job_id)
    assert (room.job(job_id).status, room.act("cancel", job_id).status) == ("delayed", "cancelled")


@on("sqlite", "postgres")
def test_events_name_the_actor(room: Room):
    job_id = room.dispatch(LINES)
    room.act("pause", job_id)
    room.act("resume", job_id)
    assert room.events(job_id) == ["JobEnqueued", "JobPaused", "JobResumed"]
    assert room.hints.take().count(("work", job_id)) >= 2


def race(room: Room, first: Callable[[], object], second: Callable[[], object]) -> None:
    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_two_finalise_at_once(room: Room):
    job_id, other = room.prepared(LINES), Room(room.context, room.hints, room.marks)
    while room.runner.run_one(job_id):
        pass
    race(room, lambda: room.runner.rest(job_id), lambda: other.runner.rest(job_id))
    room.run(job_id)
    assert room.events(job_id).count("JobCompleted") == 1
    assert room.job(job_id).created == 6


def test_not_finalised_while_a_chunk_is_open(room: Room):
    job_id = room.prepared(LINES)
    room.runner.run_one(job_id)
    with room.context.app.begin() as connection:
        assert finalise(connection, job_id) is None


def test_a_row_read_before_the_last_settle_ends_nothing(room: Room):
    """Its sums may have been taken before the last chunk's counts were there."""
    job_id = room.prepared(LINES)
    early = room.job(job_id)
    while room.runner.run_one(job_id):
        pass
    room.runner.steps.after(job_id)
    with room.context.app.begin() as connection:
        assert end(connection, early) is None
        assert finalise(connection, job_id).created == 6


def test_two_last_chunks_settle_at_once(room: Room):
    """Each looks before the other has settled: the end comes from whoever looks later."""
    job_id, other = room.prepared(LINES[:4]), Room(room.context, room.hints, room.marks)

    def meanwhile(chunk: int | None) -> None:
        MOMENTS.clear()
        other.runner.run_one(job_id)
        other.runner.rest(job_id)
        assert room.job(job_id).status == "active"

    MOMENTS["process"] = meanwhile
    room.runner.turn(job_id)
    assert (room.job(job_id).status, room.written()) == ("completed", LINES[:4])
    assert room.events(job_id).count("JobCompleted") == 1
