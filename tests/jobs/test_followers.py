"""Jobs that follow another: on after its completion, cancelled otherwise."""

from datetime import timedelta

import pytest

from dashboard.lib.clock import now
from tests.jobs.conftest import on
from tests.jobs.room import Room

pytestmark = on("sqlite", "postgres")
NO_LUCK = [{"step": "process", "act": "raise", "times": 9}]


def test_waits_for_the_first(room: Room):
    first = room.dispatch(["a"])
    second = room.dispatch(["b"], after=first)
    room.runner.turn(second)
    assert room.job(second).status == "delayed"
    assert room.written() == []
    room.hints.take()
    room.runner.turn(first)
    assert ("work", second) in room.hints.take()
    assert room.run(second).status == "completed"


def test_runs_at_once_after_a_completed_one(room: Room):
    second = room.dispatch(["b"], after=room.finished(["a"]))
    assert room.job(second).status == "waiting"


def test_is_cancelled_with_the_first_and_so_on(room: Room):
    first = room.dispatch(["a"], troubles=NO_LUCK)
    second = room.dispatch(["b"], after=first)
    third = room.dispatch(["c"], after=second)
    assert room.run(first).status == "failed"
    assert [room.job(n).status for n in (second, third)] == ["cancelled"] * 2
    assert f"Job {first}" in room.job(second).error_message


def test_is_cancelled_when_the_first_had_failed_before(room: Room):
    second = room.dispatch(["b"], after=room.finished(["a"], troubles=NO_LUCK))
    room.sweeper.run_once()
    assert room.job(second).error_code == "predecessor"


@pytest.mark.parametrize("prepare", [False, True])
def test_is_cancelled_when_the_first_is(room: Room, prepare: bool):
    first = room.prepared(["a"]) if prepare else room.dispatch(["a"])
    second = room.dispatch(["b"], after=first)
    room.act("cancel", first)
    assert room.job(second).status == "cancelled"


def test_the_sweeper_finds_one_the_end_missed(room: Room):
    second = room.dispatch(["b"], after=room.finished(["a"]), run_at=now())
    room.sweeper.run_once()
    assert room.job(second).status == "waiting"


def test_a_follower_backing_off_is_not_hurried(room: Room):
    trouble = {"step": "plan", "act": "raise"}
    second = room.dispatch(["b"], after=room.finished(["a"]), troubles=[trouble])
    room.runner.prepare(second)
    room.sweeper.run_once()
    assert room.job(second).status == "delayed"


def test_its_own_time_holds_too(room: Room):
    later = now() + timedelta(hours=1)
    second = room.dispatch(["b"], after=room.finished(["a"]), run_at=later)
    room.sweeper.run_once()
    assert room.job(second).status == "delayed"


def test_its_time_does_not_come_before_the_first_ended(room: Room):
    second = room.dispatch(["b"], after=room.dispatch(["a"]), run_at=now())
    room.hurry()
    room.sweeper.run_once()
    assert room.job(second).status == "delayed"


def test_a_time_comes(room: Room):
    job_id = room.dispatch(["a"], run_at=now() + timedelta(hours=1))
    room.sweeper.run_once()
    assert room.job(job_id).status == "delayed"
    assert room.run(job_id).status == "completed"
