"""Drafts wait for a person; whoever starts one first starts it once."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from dashboard.errors import NotFound, WrongState
from dashboard.jobs.dispatcher import rerun
from dashboard.jobs.drafts import change_draft, start_draft
from dashboard.jobs.transitions import JOB
from dashboard.lib.clock import now
from dashboard.models.stored_file import StoredFile
from tests.jobs.conftest import on
from tests.jobs.room import Room

BOTH = on("sqlite", "postgres")


def change(room: Room, job_id: int, **options: object) -> None:
    with Session(room.context.app) as session, session.begin():
        change_draft(session, job_id, {"marks": room.marks, **options})


@BOTH
def test_a_draft_makes_no_noise(room: Room):
    job_id = room.draft(["a"])
    room.sweeper.run_once()
    assert (room.job(job_id).status, room.events(job_id), room.hints.take()) == ("draft", [], [])


@BOTH
def test_a_started_draft_runs(room: Room):
    job_id = room.draft(["a", "b"])
    assert room.do(start_draft, job_id, "ann@example.com").status == "waiting"
    assert room.hints.take() == [("work", job_id)]
    assert room.run(job_id).created == 2
    assert room.events(job_id)[0] == "JobEnqueued"


@BOTH
def test_its_options_can_be_changed_until_then(room: Room):
    job_id = room.draft(["a", "b", "c"])
    change(room, job_id, chunkRows=1)
    room.do(start_draft, job_id, "ann@example.com")
    room.run(job_id)
    assert len(room.chunks(job_id)) == 3
    with pytest.raises(WrongState, match="no draft any more: it cannot be changed"):
        change(room, job_id, chunkRows=2)


@BOTH
def test_started_in_two_tabs(room: Room):
    job_id = room.draft(["a"])
    room.do(start_draft, job_id, "ann@example.com")
    with pytest.raises(WrongState, match="is waiting, no draft any more"):
        room.do(start_draft, job_id, "ann@example.com")
    assert room.events(job_id) == ["JobEnqueued"]


@BOTH
def test_started_for_later(room: Room):
    job_id = room.draft(["a"])
    row = room.do(start_draft, job_id, "ann@example.com", run_at=now() + timedelta(hours=1))
    assert (row.status, row.enqueued_at, room.hints.take()) == ("delayed", None, [])
    assert room.run(job_id).status == "completed"


@on("sqlite")
@pytest.mark.parametrize(("kind", "options", "kept"), [
    ("lines", {}, True), ("lines", {"undo": False}, False), ("lasting", {}, False),
])  # fmt: skip
def test_undo_is_possible_for_a_time_after_the_end(room: Room, kind, options, kept):
    job_id = room.finished(["a"], type=kind, **options)
    job = room.job(job_id)
    left = job.undo_until and job.undo_until - job.finished_at
    assert left is None if not kept else timedelta(days=7) <= left < timedelta(days=7, seconds=5)


@BOTH
def test_run_again_as_a_new_job(room: Room):
    first = room.finished(["a", "b"], chunkRows=1)
    job = room.do(rerun, first, None)
    assert (job.origin_id, job.purpose, job.status) == (first, "run", "waiting")
    assert room.run(job.id).created == 2
    assert (len(room.chunks(job.id)), room.written()) == (2, ["a", "a", "b", "b"])


@on("sqlite")
def test_not_run_again_without_its_file(room: Room):
    job_id = room.finished(["a"])
    with room.context.app.begin() as connection:
        connection.execute(update(StoredFile).values(removed_at=now()))
    with pytest.raises(NotFound, match="gone; upload it again"):
        room.do(rerun, job_id, None)


@on("sqlite")
def test_a_draft_is_not_run_again(room: Room):
    with pytest.raises(WrongState, match="a draft"):
        room.do(rerun, room.draft(["a"]), None)


@BOTH
def test_thrown_away_without_a_word(room: Room):
    job_id = room.draft(["a"])
    assert room.act("cancel", job_id).status == "cancelled"
    assert room.events(job_id) == []


@on("sqlite")
def test_a_missing_draft(room: Room):
    with pytest.raises(NotFound):
        room.do(start_draft, 99, "ann@example.com")


def test_old_jobs_keep_their_numbers(room: Room):
    """Row and event are one transaction: no job without its event."""
    job_id = room.dispatch(["a"])
    assert room.rows(JOB.select().where(JOB.c.id == job_id))[0].status == "waiting"
    assert room.events(job_id) == ["JobEnqueued"]
