"""A check runs the real code, tells what would happen, and writes nothing."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from dashboard.errors import WrongState
from dashboard.jobs.checking import check, check_result
from dashboard.models.job import Job
from tests.jobs.conftest import on
from tests.jobs.lines_job import MOMENTS, kill
from tests.jobs.room import Room, adds_up

LINES = ["a", "bad b", "c", "refuse d", "e"]


def result(room: Room, job_id: int):
    with Session(room.context.app) as session:
        return check_result(session.connection(), session.get(Job, job_id))


def test_nothing_is_written(room: Room):
    draft = room.draft(LINES)
    job = room.run(room.do(check, draft, None).id)
    assert (job.status, job.purpose, job.origin_id) == ("completed", "check", draft)
    assert (job.created, job.failed, room.written()) == (3, 2, [])
    assert adds_up(job)
    assert room.job(draft).status == "draft"


def test_what_it_tells(room: Room):
    told = result(room, room.finished(LINES, check=True))
    assert (told.counts.created, told.counts.failed) == (3, 2)
    assert next((s.row, s.field, s.old, s.new) for s in told.samples) == (1, "line", None, "a")
    assert [(cause.column, cause.cells) for cause in told.causes] == [("line", 2)]


@pytest.mark.parametrize("step", ["process", "write", "written", "closed"])
def test_killed_in_a_check(room: Room, step: str):
    job_id = room.prepared(LINES, check=True)

    def work(child: Room) -> None:
        MOMENTS[step] = lambda chunk: kill()
        child.runner.turn(job_id)

    assert room.in_child(work) < 0
    job = room.run(job_id)
    assert (job.created, job.failed, room.written()) == (3, 2, [])
    assert len(room.failures(job_id)) == 2


@on("sqlite", "postgres")
def test_options_of_the_draft_without_the_word_check(room: Room):
    job = room.do(check, room.draft(["a"], check=True, chunkRows=7), None)
    assert job.options == {"marks": room.marks, "chunkRows": 7}


@on("sqlite")
@pytest.mark.parametrize("hook", ["before", "after"])
def test_hooks_that_may_write_do_not_run(room: Room, hook: str):
    calls: list[int | None] = []
    MOMENTS[hook] = calls.append
    room.finished(["a"], check=True)
    assert calls == []


@on("sqlite")
def test_a_check_is_not_checked(room: Room):
    job_id = room.finished(["a"], check=True)
    with pytest.raises(WrongState, match="only imports can be checked"):
        room.do(check, job_id, None)


@on("sqlite")
def test_a_finished_import_can_be_checked_again(room: Room):
    job_id = room.finished(["bad a"], mended=str(Path(room.marks) / "mended"))
    (Path(room.marks) / "mended").touch()
    assert room.run(room.do(check, job_id, None).id).created == 1
