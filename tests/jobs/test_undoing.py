"""Undo is a job of its own over the import's own chunks: exactly once, whatever dies."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from dashboard.errors import WrongState
from dashboard.jobs.failure_list import Filter
from dashboard.jobs.fixing import Fix, correct_rows, fix_cause
from dashboard.jobs.registry import UNDO_JOBS, Kind
from dashboard.jobs.transitions import JOB
from dashboard.jobs.undoing import undo
from dashboard.lib.clock import now
from tests.jobs.conftest import on
from tests.jobs.lines_job import MOMENTS, kill
from tests.jobs.room import Room, adds_up

LINES = ["a", "bad b", "c", "d", "e", "bad f"]
STEPS = ["process", "write", "written", "closed", "committed"]
BOTH = on("sqlite", "postgres")


@pytest.fixture(autouse=True)
def undo_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(UNDO_JOBS, Kind.IMPORT, "tests.jobs.lines_job:UndoLinesJob")


def begin(room: Room, job_id: int) -> int:
    return room.do(undo, job_id, None).id


def test_takes_back_what_was_written_and_nothing_else(room: Room):
    room.finished(["a", "z"])
    job_id = room.finished(LINES)
    job = room.run(begin(room, job_id))
    assert (job.status, job.purpose, job.origin_id) == ("completed", "undo", job_id)
    assert (job.updated, job.skipped, room.written()) == (4, 2, ["a", "z"])
    assert adds_up(job)


@pytest.mark.parametrize("step", STEPS)
def test_killed_half_way(room: Room, step: str):
    reversal = begin(room, room.finished(LINES))

    def work(child: Room) -> None:
        MOMENTS[step] = lambda chunk: kill() if chunk == 2 else None
        child.runner.turn(reversal)

    assert room.in_child(work) < 0
    job = room.run(reversal)
    assert (job.updated, job.skipped, room.written()) == (4, 2, [])
    assert room.events(reversal).count("JobCompleted") == 1


def test_the_import_is_told_once(room: Room):
    job_id = room.finished(LINES)
    reversal = begin(room, job_id)
    assert "ImportUndone" not in room.events(job_id)
    room.run(reversal)
    room.sweeper.run_once()
    assert room.events(job_id)[-1] == "ImportUndone"
    assert room.events(job_id).count("ImportUndone") == 1


@BOTH
def test_the_last_chunk_first_and_no_file_read(room: Room):
    job_id = room.finished(LINES)
    calls: list[int | None] = []
    MOMENTS["plan"] = calls.append
    reversal = begin(room, job_id)
    room.run(reversal)
    assert [chunk.first_row for chunk in room.chunks(reversal)] == [5, 3, 1]
    assert calls == []


@BOTH
def test_chunks_that_wrote_nothing_are_left_out(room: Room):
    job_id = room.finished(["bad a", "bad b", "c", "d"])
    job = room.run(begin(room, job_id))
    assert (job.total, job.updated) == (2, 2)


@BOTH
def test_of_the_form_its_chunks_lie_in(room: Room):
    job_id = room.finished(LINES, form=True)
    assert room.job(job_id).layout["form"].startswith("forms/")
    room.run(begin(room, job_id))
    assert room.written() == []


def test_with_the_corrections_of_the_import(room: Room):
    job_id = room.finished(LINES)
    room.do(correct_rows, job_id, "ann", {2: {"line": "B"}}, None)
    room.run(job_id)
    room.do(fix_cause, job_id, "ann", Filter("line", "refused"), Fix("skip"), None)
    assert (room.run(job_id).skipped, room.written()) == (1, ["B", "a", "c", "d", "e"])
    job = room.run(begin(room, job_id))
    assert (job.updated, job.skipped, room.written()) == (5, 1, [])


@BOTH
def test_not_twice(room: Room):
    job_id = room.finished(LINES)
    reversal = begin(room, job_id)
    with pytest.raises(WrongState, match=f"is being undone by job {reversal}"):
        begin(room, job_id)
    room.run(reversal)
    with pytest.raises(WrongState, match=f"was undone by job {reversal}"):
        begin(room, job_id)


@BOTH
@pytest.mark.parametrize("ended", [False, True])
def test_no_next_round_of_what_is_undone(room: Room, ended: bool):
    job_id = room.finished(LINES)
    reversal = begin(room, job_id)
    if ended:
        room.run(reversal)
    with pytest.raises(WrongState, match=f"is undone by job {reversal}"):
        room.act("retry", job_id)
    with pytest.raises(WrongState, match=f"is undone by job {reversal}"):
        room.do(correct_rows, job_id, "ann", {2: {"line": "B"}}, None)
    assert room.job(job_id).round == 1


@BOTH
def test_an_undo_cancelled_in_line_does_not_count(room: Room):
    job_id = room.finished(LINES)
    room.act("cancel", begin(room, job_id))
    room.act("retry", job_id)
    assert room.run(job_id).round == 2
    assert room.run(begin(room, job_id)).updated == 4


@BOTH
def test_an_undo_cancelled_half_way_can_be_finished_by_another(room: Room):
    job_id = room.finished(LINES)
    reversal = begin(room, job_id)
    room.runner.prepare(reversal)
    room.runner.run_one(reversal)
    assert room.act("cancel", reversal).updated == 1
    with pytest.raises(WrongState, match="is undone by job"):
        room.act("retry", job_id)
    assert room.run(begin(room, job_id)).updated == 3
    assert room.written() == []


@BOTH
@pytest.mark.parametrize(("values", "match"), [
    ({"undo_until": None}, "did not keep what an undo needs"),
    ({"undo_until": now() - timedelta(days=1)}, "could be undone until"),
    ({"status": "waiting"}, "Wait until it has ended"),
    ({"created": 0}, "wrote no record"),
    ({"purpose": "check"}, "only imports can be undone"),
])  # fmt: skip
def test_refused(room: Room, values: dict[str, object], match: str):
    job_id = room.finished(["a"])
    with room.context.app.begin() as connection:
        connection.execute(update(JOB).where(JOB.c.id == job_id).values(values))
    with pytest.raises(WrongState, match=match):
        begin(room, job_id)


@BOTH
def test_a_cancelled_import_can_be_undone(room: Room):
    job_id = room.prepared(LINES)
    room.runner.run_one(job_id)
    room.act("cancel", job_id)
    assert room.run(begin(room, job_id)).updated == 1
    assert room.written() == []


@BOTH
def test_a_failed_undo_is_retried(room: Room):
    job_id = room.finished(LINES)
    reversal = begin(room, job_id)
    trouble = {"step": "process", "chunk": 1, "act": "raise", "times": 3}
    options = {"marks": room.marks, "troubles": [trouble]}
    with room.context.app.begin() as connection:
        connection.execute(update(JOB).where(JOB.c.id == reversal).values(options=options))
    assert room.run(reversal).status == "failed"
    with pytest.raises(WrongState, match="Retry that one"):
        begin(room, job_id)
    room.act("retry", reversal)
    assert (room.run(reversal).updated, room.written()) == (4, [])
    assert room.events(job_id).count("ImportUndone") == 1
