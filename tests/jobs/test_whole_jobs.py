"""Jobs that make one file: under one lease, with a new generation of parts after every stop."""

import signal
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from dashboard.errors import InputRefused, WrongState
from dashboard.jobs.transitions import JOB
from dashboard.lib.clock import now
from dashboard.models.columns import AnyRow, table_of
from dashboard.models.stored_file import StoredFile
from tests.jobs.conftest import on
from tests.jobs.lines_job import MOMENTS
from tests.jobs.room import Room, adds_up

FILE = table_of(StoredFile)
TEXT = b"1:0\n1:1\n2:0\n3:0\n"
STEPS = [("run", None), ("part", 1), ("part", 3), ("made", None)]


def file_of(room: Room, job_id: int) -> AnyRow:
    return room.rows(select(*FILE.c).where(FILE.c.id == room.job(job_id).output_id))[0]


def is_whole(room: Room, job_id: int) -> bool:
    """One complete file with the right count, and no stray part."""
    file, job = file_of(room, job_id), room.job(job_id)
    assert room.context.store.read(file.key, 0, file.bytes) == TEXT
    assert (job.status, job.total, job.created, file.rows) == ("completed", 4, 4, 4)
    assert adds_up(job)
    assert len(list(room.context.store.keys("exports"))) == 1
    return room.context.store.folders(f"parts/{job.uuid}") == []


def test_undisturbed(room: Room):
    job_id = room.make(2, 1, 1)
    room.run(job_id)
    assert is_whole(room, job_id)
    told = ["JobEnqueued", "JobStarted", "JobProgressed", "JobCompleted"]
    assert room.events(job_id) == told
    assert room.job(job_id).meta["parts"] == 3
    assert file_of(room, job_id).expires_at > now() + timedelta(days=2)


@pytest.mark.parametrize("step", STEPS)
def test_killed_at(room: Room, step: tuple[str, int | None]):
    trouble = {"step": step[0], "chunk": step[1], "act": "kill"}
    job_id = room.make(2, 1, 1, troubles=[trouble])
    assert room.in_child(lambda child: child.runner.turn(job_id)) == -signal.SIGKILL
    if step[0] == "made":  # whole, but of no job: retention takes it after a day
        for key, _ in list(room.context.store.keys("exports")):
            room.context.store.delete(key)
    room.run(job_id)
    assert is_whole(room, job_id)


@pytest.mark.parametrize("step", STEPS[:3])
def test_told_to_stop_at(room: Room, step: tuple[str, int | None]):
    job_id = room.make(2, 1, 1, troubles=[{"step": step[0], "chunk": step[1], "act": "stop"}])
    with pytest.raises(KeyboardInterrupt):
        room.runner.turn(job_id)
    assert room.job(job_id).status == "interrupted"
    room.run(job_id)
    assert is_whole(room, job_id)


@on("sqlite", "postgres")
def test_killed_again_and_again_while_parts_are_made(room: Room):
    trouble = {"step": "part", "chunk": 3, "act": "kill", "times": 5}
    job_id = room.make(2, 1, 1, troubles=[trouble])
    for _ in range(5):
        assert room.in_child(lambda child: child.step(job_id)) == -signal.SIGKILL
    room.run(job_id)
    assert is_whole(room, job_id)


@on("sqlite", "postgres")
def test_a_job_that_kills_its_worker_before_any_part_is_refused(room: Room):
    job_id = room.make(2, troubles=[{"step": "run", "act": "kill", "times": 3}])
    for _ in range(3):
        room.in_child(lambda child: child.step(job_id))
    assert room.run(job_id).error_code == "worker_killed"


def test_paused_and_resumed(room: Room):
    job_id = room.make(2, 1, 1)
    MOMENTS["part"] = lambda number: room.act("pause", job_id) if number == 2 else None
    room.runner.turn(job_id)
    assert room.job(job_id).status == "paused"
    MOMENTS.clear()
    room.act("resume", job_id)
    room.run(job_id)
    assert is_whole(room, job_id)


def test_cancelled(room: Room):
    job_id = room.make(2, 1, 1)
    MOMENTS["part"] = lambda number: room.act("cancel", job_id) if number == 2 else None
    room.runner.turn(job_id)
    job = room.job(job_id)
    assert (job.status, job.output_id, job.created, job.not_processed) == ("cancelled", None, 3, 1)
    assert room.context.store.folders(f"parts/{job.uuid}") == []
    assert list(room.context.store.keys("exports")) == []


def test_an_error_of_the_code_is_tried_again_then_fails(room: Room):
    job_id = room.make(2, 1, 1, troubles=[{"step": "part", "chunk": 2, "act": "raise", "times": 9}])
    assert room.run(job_id).status == "failed"
    assert room.events(job_id).count("JobRetrying") == 2


def test_an_error_that_passes(room: Room):
    job_id = room.make(2, 1, 1, troubles=[{"step": "part", "chunk": 2, "act": "raise"}])
    room.run(job_id)
    assert is_whole(room, job_id)


@on("sqlite", "postgres")
def test_what_is_refused_fails_at_once_and_can_be_retried(room: Room):
    job_id = room.make(2, 1, 1, troubles=[{"step": "run", "act": "refuse_input"}])
    assert room.run(job_id).error_code == "filter_refused"
    room.act("retry", job_id)
    room.run(job_id)
    assert is_whole(room, job_id)


@on("sqlite")
def test_a_finished_one_has_nothing_to_retry(room: Room):
    job_id = room.make(2, 1, 1)
    room.run(job_id)
    with pytest.raises(WrongState):
        room.act("retry", job_id)


@on("sqlite", "postgres")
def test_a_count_that_is_wrong_keeps_no_file(room: Room):
    job_id = room.make(2, wrong_by=1)
    assert room.run(job_id).status == "failed"
    assert room.job(job_id).output_id is None


@on("sqlite", "postgres")
def test_a_job_without_parts(room: Room):
    job_id = room.make(2, 1, 1, published=False)
    room.run(job_id)
    assert is_whole(room, job_id)


@on("sqlite", "postgres")
def test_who_lost_the_lease_ends_nothing(room: Room):
    job_id = room.make(2, 1, 1)
    MOMENTS["made"] = lambda _: take_away(room, job_id)
    room.runner.turn(job_id)
    assert (room.job(job_id).status, room.job(job_id).output_id) == ("active", None)


def take_away(room: Room, job_id: int) -> None:
    with room.context.app.begin() as connection:
        mine = JOB.c.id == job_id
        connection.execute(update(JOB).where(mine).values(lease_token="another"))


@on("sqlite", "postgres")
def test_one_worker_stays_free(room: Room):
    first, second = room.make(1), room.make(1)
    MOMENTS["part"] = lambda _: room.runner.whole.run(second)
    room.runner.turn(first)
    assert room.job(second).status == "waiting"
    assert ("work", second) in room.hints.take()


@on("sqlite")
def test_no_other_worker_takes_its_parts(room: Room):
    job_id = room.make(2, 1, 1)
    MOMENTS["part"] = lambda _: assert_nothing_to_claim(room, job_id)
    room.runner.turn(job_id)
    assert is_whole(room, job_id)


def assert_nothing_to_claim(room: Room, job_id: int) -> None:
    assert not room.runner.run_one(job_id)
    room.runner.rest(job_id)
    room.sweeper.run_once()
    assert room.job(job_id).status == "active"


@on("sqlite")
def test_a_file_for_an_export_is_refused(room: Room):
    with pytest.raises(InputRefused, match="takes no file"):
        room.dispatch(["a"], type="lines-export")


# -- chunks in order -----------------------------------------------------------------------------


@on("sqlite", "postgres")
def test_ordered_chunks_wait_for_those_ahead(room: Room):
    job_id = room.prepared("abcdef", type="ordered")
    beside: list[bool] = []
    MOMENTS["process"] = lambda _: beside.append(room.runner.run_one(job_id))
    assert room.runner.run_one(job_id)
    assert beside == [False]
    assert [chunk.state for chunk in room.chunks(job_id)] == ["done", "pending", "pending"]


@on("sqlite", "postgres")
def test_behind_a_failed_chunk_nothing_runs_until_it_is_retried(room: Room):
    fails = {"step": "process", "chunk": 2, "act": "raise", "times": 3}
    job_id = room.finished("abcdef", type="ordered", troubles=[fails])
    assert [chunk.error_code for chunk in room.chunks(job_id)][1:] == [
        "code_error",
        "chunk_ahead_failed",
    ]
    assert room.written() == ["a", "b"]
    room.act("retry", job_id)
    assert room.run(job_id).status == "completed"
    assert room.written() == list("abcdef")


@on("sqlite", "postgres")
def test_a_store_that_does_not_answer_is_asked_again(room: Room):
    lost = {"step": "part", "chunk": 2, "act": "lose_the_store"}
    job_id = room.make(2, 1, 1, troubles=[lost])
    room.run(job_id)
    assert is_whole(room, job_id)


@on("sqlite", "postgres")
def test_tries_count_anew_in_every_round(room: Room):
    fails = {"step": "part", "chunk": 2, "act": "raise", "times": 4}
    job_id = room.make(2, 1, 1, troubles=[fails])
    assert room.run(job_id).status == "failed"
    room.act("retry", job_id)
    room.run(job_id)
    assert is_whole(room, job_id)


# -- what a plan asks ----------------------------------------------------------------------------


@on("sqlite", "postgres")
@pytest.mark.parametrize("paused", [False, True])
def test_a_question_is_put_even_to_who_paused_meanwhile(room: Room, paused: bool):
    job_id = room.dispatch("ab", type="asking")
    if paused:
        MOMENTS["plan"] = lambda _: room.act("pause", job_id)
    room.runner.prepare(job_id)
    room.runner.rest(job_id)
    job = room.job(job_id)
    assert (job.status, job.error_code) == ("paused", "mass_deletion")
    assert job.meta["mass_deletion"] == {"rows": 2}
    room.act("resume", job_id)
    assert room.run(job_id).status == "completed"


@pytest.mark.parametrize("type", ["lines", "lines-export"])
@on("sqlite", "postgres")
def test_a_job_whose_type_is_gone_fails_and_says_so(room: Room, type: str):
    job_id = room.make(1) if type == "lines-export" else room.prepared("abc")
    with room.context.app.begin() as connection:
        connection.execute(update(JOB).where(JOB.c.id == job_id).values(type="gone"))
    room.runner.turn(job_id)
    job = room.job(job_id)
    assert (job.status, job.error_code) == ("failed", "unknown_job_type")
    assert "Put it back" in job.error_message
