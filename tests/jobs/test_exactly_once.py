"""I1: a kill at any point, then a new consumer: the same end as an undisturbed run."""

import signal

import pytest

from tests.jobs.room import Room, adds_up

LINES = ["a", "bad b", "c", "d", "e"]
END = {
    "status": "completed",
    "counts": {
        "created": 4,
        "updated": 0,
        "unchanged": 0,
        "skipped": 0,
        "failed": 1,
        "not_processed": 0,
    },
    "failures": [(2, "bad b")],
    "written": ["a", "c", "d", "e"],
}
STEPS = [
    ("plan", None), ("before", None), ("process", 1), ("process", 3), ("open", 2), ("write", 2),
    ("written", 1), ("written", 3), ("closed", 2), ("committed", 1), ("committed", 3),
    ("after", None),
]  # fmt: skip


def once(*events: str) -> dict[str, int]:
    return dict.fromkeys(events, 1)


def final_events(room: Room, job_id: int) -> dict[str, int]:
    names = room.events(job_id)
    return {name: names.count(name) for name in ("JobStarted", "JobCompleted")}


def test_undisturbed(room: Room):
    job_id = room.finished(LINES)
    assert room.outcome(job_id) == room.outcome(job_id) | END
    assert room.events(job_id) == ["JobEnqueued", "JobStarted", "JobProgressed", "JobCompleted"]


@pytest.mark.parametrize(("step", "chunk"), STEPS)
def test_killed_at(room: Room, step: str, chunk: int | None):
    trouble = {"step": step, "chunk": chunk, "act": "kill"}
    job_id = room.dispatch(LINES, troubles=[trouble])
    assert room.in_child(lambda child: child.runner.turn(job_id)) == -signal.SIGKILL
    room.run(job_id)
    assert room.outcome(job_id) == room.outcome(job_id) | END
    assert final_events(room, job_id) == once("JobStarted", "JobCompleted")


@pytest.mark.parametrize(("step", "chunk"), STEPS)
def test_told_to_stop_at(room: Room, step: str, chunk: int | None):
    job_id = room.dispatch(LINES, troubles=[{"step": step, "chunk": chunk, "act": "stop"}])
    with pytest.raises(KeyboardInterrupt):
        room.runner.turn(job_id)
    room.expire_leases()
    room.run(job_id)
    assert room.outcome(job_id) == room.outcome(job_id) | END
    assert [chunk.deaths for chunk in room.chunks(job_id)] == [0, 0, 0]


@pytest.mark.parametrize(("step", "chunk"), STEPS)
def test_raised_at(room: Room, step: str, chunk: int | None):
    job_id = room.finished(LINES, troubles=[{"step": step, "chunk": chunk, "act": "raise"}])
    if step == "after":
        room.act("retry", job_id)
        room.run(job_id)
    assert room.outcome(job_id) == room.outcome(job_id) | END


def test_a_message_lost_before_the_claim(room: Room):
    job_id = room.dispatch(LINES)
    assert room.hints.take() == [("work", job_id)]
    room.sweeper.run_once()
    assert ("work", job_id) in room.hints.take()


def test_the_same_message_twice(room: Room):
    job_id = room.dispatch(LINES)
    room.runner.turn(job_id)
    end = room.outcome(job_id)
    room.runner.turn(job_id)
    assert room.outcome(job_id) == end == end | END
    assert final_events(room, job_id) == once("JobStarted", "JobCompleted")


def test_two_runners_take_turns(room: Room):
    job_id, other = room.dispatch(LINES), Room(room.context, room.hints, room.marks)
    for runner in (room.runner, other.runner):
        runner.prepare(job_id)
    while room.runner.run_one(job_id) or other.runner.run_one(job_id):
        other.runner.run_one(job_id)
    for runner in (room.runner, other.runner):
        runner.rest(job_id)
    assert room.outcome(job_id) == room.outcome(job_id) | END
    assert final_events(room, job_id) == once("JobStarted", "JobCompleted")


def test_killed_again_and_again(room: Room):
    steps = ["plan", "before", "process", "written", "committed"]
    troubles = [{"step": step, "act": "kill"} for step in steps]
    job_id = room.dispatch(LINES, troubles=troubles)
    while room.in_child(lambda child: child.step(job_id)):
        assert room.open_chunks(job_id) or not room.job(job_id).prepared
    assert room.outcome(job_id) == room.outcome(job_id) | END
    assert adds_up(room.job(job_id))


def test_an_after_hook_that_killed_its_workers_is_retried_alone(room: Room):
    job_id = room.dispatch(LINES, troubles=[{"step": "after", "act": "kill", "times": 3}])
    for _ in range(3):
        room.in_child(lambda child: child.step(job_id))
    assert room.run(job_id).error_code == "worker_killed"
    room.act("retry", job_id)
    assert room.run(job_id).status == "completed"
    assert room.written() == END["written"]
