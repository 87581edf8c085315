"""What goes when its time is over, and what must not."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from dashboard.jobs.checking import check
from dashboard.jobs.fixing import correct_rows
from dashboard.jobs.leases import CHUNK
from dashboard.jobs.retention import FILE, ORPHAN_AGE, Retention
from dashboard.jobs.transitions import JOB
from dashboard.jobs.undoing import undo
from dashboard.lib.clock import now
from dashboard.models.preview import FilePreview
from dashboard.records.images import IMAGES, ensure_images
from tests.jobs.conftest import on
from tests.jobs.room import Room

BOTH = on("sqlite", "postgres")
pytestmark = BOTH
LONG_AGO = now() - timedelta(days=400)


def sweep(room: Room) -> None:
    Retention(room.context).run_once()


def age(room: Room, job_id: int, **values: object) -> None:
    """As if all of it had been a year ago."""
    values = {"created_at": LONG_AGO, "finished_at": LONG_AGO, "undo_until": None, **values}
    with room.context.app.begin() as connection:
        connection.execute(update(JOB).where(JOB.c.id == job_id).values(values))
        connection.execute(update(FILE).values(created_at=LONG_AGO))


def has_file(room: Room, job_id: int) -> bool:
    query = select(FILE).join(JOB, JOB.c.file_id == FILE.c.id).where(JOB.c.id == job_id)
    file = room.rows(query)[0]
    there = room.context.store.exists(file.key)
    assert there == (file.removed_at is None)
    return there


def test_an_old_draft_goes_with_its_file_and_its_checks(room: Room):
    draft = room.draft(["a"])
    room.run(room.do(check, draft, None).id)
    age(room, draft, finished_at=None)
    sweep(room)
    assert (room.job(draft).status, room.job(draft).error_code) == ("cancelled", "draft_expired")
    assert (has_file(room, draft), room.events(draft)) == (False, [])


def test_a_young_draft_stays(room: Room):
    draft = room.draft(["a"])
    sweep(room)
    assert (room.job(draft).status, has_file(room, draft)) == ("draft", True)


def test_an_old_drafts_file_stays_for_another_job(room: Room):
    job_id = room.finished(["a"])
    draft = room.draft(["a"])
    with room.context.app.begin() as connection:
        of_job = select(JOB.c.file_id).where(JOB.c.id == job_id).scalar_subquery()
        values = {"file_id": of_job, "created_at": LONG_AGO}
        connection.execute(update(JOB).where(JOB.c.id == draft).values(values))
    sweep(room)
    assert (room.job(draft).status, has_file(room, job_id)) == ("cancelled", True)


def test_the_file_and_the_form_of_an_old_job_go(room: Room):
    job_id = room.finished(["a"], form=True)
    age(room, job_id)
    sweep(room)
    assert not has_file(room, job_id)
    assert not room.context.store.exists(room.job(job_id).layout["form"])


@pytest.mark.parametrize(
    "values",
    [{"status": "paused"}, {"finished_at": now()}, {"undo_until": now() + timedelta(days=1)}],
)
def test_what_is_live_recent_or_undoable_stays(room: Room, values: dict[str, object]):
    job_id = room.finished(["a", "bad b"], form=True)
    age(room, job_id, **values)
    sweep(room)
    assert has_file(room, job_id)
    assert room.context.store.exists(room.job(job_id).layout["form"])
    assert room.failures(job_id) == [(2, "bad b")]


def test_failures_and_corrections_of_an_old_job_go_its_counts_stay(room: Room):
    old, young = room.finished(["a", "bad b"]), room.finished(["bad c"])
    for job_id in (old, young):
        room.do(correct_rows, job_id, "ann", {2 if job_id == old else 1: {"line": "bad"}}, None)
        room.run(job_id)
    age(room, old)
    sweep(room)
    assert (room.failures(old), room.failures(young)) == ([], [(1, "bad")])
    assert (room.job(old).failed, room.job(old).created) == (1, 1)


def test_not_while_it_is_being_undone(room: Room):
    job_id = room.finished(["a", "bad b"])
    room.do(undo, job_id, None)
    age(room, job_id)
    sweep(room)
    assert (has_file(room, job_id), room.failures(job_id)) == (True, [(2, "bad b")])


def test_old_previews_go(room: Room):
    stored = room.upload(b"a")
    with room.context.app.begin() as connection:
        for name, at in (("old", LONG_AGO), ("new", now())):
            values = {"id": name, "file_id": stored.id, "created_at": at}
            connection.execute(FilePreview.__table__.insert().values(values))
    sweep(room)
    assert room.rows(select(FilePreview.id)) == [("new",)]


@pytest.mark.parametrize("folder", ["forms", "uploads"])
def test_what_nobody_names_goes_after_a_day(room: Room, folder: str, monkeypatch):
    orphan = room.context.store.put([b"x"], folder=folder, limit=9).key
    job_id = room.finished(["a"], form=True)
    sweep(room)
    assert room.context.store.exists(orphan)
    monkeypatch.setattr("dashboard.jobs.retention.ORPHAN_AGE", -ORPHAN_AGE)
    sweep(room)
    assert not room.context.store.exists(orphan)
    assert has_file(room, job_id)
    assert room.context.store.exists(room.job(job_id).layout["form"])


def test_a_chunks_own_form_is_named(room: Room, monkeypatch):
    job_id = room.finished(["a"])
    form = room.context.store.put([b"x"], folder="forms", limit=9).key
    with room.context.app.begin() as connection:
        connection.execute(
            update(CHUNK).where(CHUNK.c.job_id == job_id).values(hints={"form": form})
        )
    monkeypatch.setattr("dashboard.jobs.retention.ORPHAN_AGE", -ORPHAN_AGE)
    sweep(room)
    assert room.context.store.exists(form)
    age(room, job_id)
    sweep(room)
    assert not room.context.store.exists(form)


def test_before_images_go_when_undo_is_over(room: Room):
    ensure_images(room.context.target)
    old, young = room.finished(["a"]), room.finished(["b"])
    uuids = [room.job(job_id).uuid for job_id in (old, young)] + ["another installation's"]
    rows = [
        {"job_uuid": u, "chunk": 1, "row": 1, "key": {}, "before": {}, "after": {}} for u in uuids
    ]
    with room.context.target.begin() as connection:
        connection.execute(IMAGES.delete())
        connection.execute(IMAGES.insert(), rows)
    age(room, old)
    sweep(room)
    with room.context.target.connect() as connection:
        assert set(connection.scalars(select(IMAGES.c.job_uuid))) == set(uuids[1:])
