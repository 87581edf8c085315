"""What goes when its time is over, and what must not."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from dashboard.jobs.checking import check
from dashboard.jobs.fixing import correct_rows
from dashboard.jobs.generations import job_of
from dashboard.jobs.leases import CHUNK
from dashboard.jobs.retention import FILE, ORPHAN_AGE, Retention
from dashboard.jobs.transitions import JOB
from dashboard.jobs.undoing import undo
from dashboard.lib.clock import now
from dashboard.models.columns import AnyRow
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


@pytest.mark.parametrize("of_chunk", [False, True])
def test_forms_of_a_job_without_a_file_stay_until_nobody_can_retry_it(
    room: Room, of_chunk: bool, monkeypatch
):
    monkeypatch.setattr("dashboard.jobs.retention.ORPHAN_AGE", -ORPHAN_AGE)
    form = room.context.store.put([b"x"], folder="forms", limit=9).key
    job_id = room.finished(["a"])
    values = {"file_id": None, "layout": {} if of_chunk else {"form": form}}
    with room.context.app.begin() as connection:
        connection.execute(update(JOB).where(JOB.c.id == job_id).values(values))
        hints = {"hints": {"form": form} if of_chunk else {}}
        connection.execute(update(CHUNK).where(CHUNK.c.job_id == job_id).values(hints))
    sweep(room)
    assert room.context.store.exists(form)
    age(room, job_id)
    sweep(room)
    assert not room.context.store.exists(form)


# -- results and parts ---------------------------------------------------------------------------


def result_of(room: Room, job_id: int, folder: str = "exports", **values: object) -> AnyRow:
    """The job's output, kept for a year unless `values` say else."""
    stored = room.context.store.put([b"x"], folder=folder, limit=9)
    given = {"key": stored.key, "name": "a.csv", "bytes": 1, "sha256": stored.sha256}
    given |= {"expires_at": now() + timedelta(days=365), "created_at": now(), **values}
    with room.context.app.begin() as connection:
        file = connection.execute(insert(FILE).values(given).returning(FILE)).one()
        connection.execute(update(JOB).where(JOB.c.id == job_id).values(output_id=file.id))
    return file


def is_kept(room: Room, file: AnyRow) -> bool:
    there = room.context.store.exists(file.key)
    assert there == (room.rows(select(FILE.c.removed_at).where(FILE.c.id == file.id))[0][0] is None)
    return there


def test_a_result_ends_at_its_own_time(room: Room):
    over, young = (room.finished([name]) for name in "ab")
    old = result_of(room, over, expires_at=now())
    long_kept = result_of(room, young, created_at=LONG_AGO)
    sweep(room)
    assert (is_kept(room, old), is_kept(room, long_kept)) == (False, True)
    assert (room.job(over).status, room.job(over).output_id) == ("completed", old.id)


def test_a_result_that_a_live_job_reads_stays_until_it_has_ended(room: Room):
    file = result_of(room, room.finished(["a"]), expires_at=now())
    reader = room.dispatch(["b"])
    with room.context.app.begin() as connection:
        connection.execute(update(JOB).where(JOB.c.id == reader).values(file_id=file.id))
    sweep(room)
    assert is_kept(room, file)
    room.act("cancel", reader)
    sweep(room)
    assert not is_kept(room, file)


def test_a_result_that_an_undo_may_need_stays(room: Room):
    file = result_of(room, room.finished(["a"]), expires_at=now())
    reader = room.finished(["b"])
    with room.context.app.begin() as connection:
        connection.execute(update(JOB).where(JOB.c.id == reader).values(file_id=file.id))
    sweep(room)
    assert is_kept(room, file)


@pytest.mark.parametrize("folder", ["exports", "reports"])
def test_results_nobody_names_go_after_a_day(room: Room, folder: str, monkeypatch):
    named = result_of(room, room.finished(["a"]), folder)
    orphan = room.context.store.put([b"x"], folder=folder, limit=9).key
    sweep(room)
    assert room.context.store.exists(orphan)
    monkeypatch.setattr("dashboard.jobs.retention.ORPHAN_AGE", -ORPHAN_AGE)
    sweep(room)
    assert (room.context.store.exists(orphan), is_kept(room, named)) == (False, True)


def parts(room: Room, uuid: str, *generations: str) -> None:
    for generation in generations:
        with room.context.store.writer(f"parts/{uuid}/{generation}/000001") as out:
            out.write(b"x")


def parts_left(room: Room, uuid: str) -> list[str]:
    return sorted(name.rsplit("/", 1)[-1] for name in room.context.store.folders(f"parts/{uuid}"))


@pytest.mark.parametrize(
    ("status", "token", "left"),
    [
        ("active", "held", ["2-2", "2-10"]),
        ("pausing", "held", ["2-2", "2-10"]),
        ("paused", None, []),
        ("interrupted", None, []),
        ("completed", None, []),
        ("cancelled", None, []),
    ],
)
def test_parts_go_but_for_those_in_a_workers_hand(room: Room, status, token, left):
    job_id = room.dispatch(["a"])
    values = {"status": status, "round": 2, "attempt": 2, "lease_token": token}
    with room.context.app.begin() as connection:
        connection.execute(update(JOB).where(JOB.c.id == job_id).values(values))
    uuid = room.job(job_id).uuid
    parts(room, uuid, "1-9", "2-1", "2-2", "2-10", "strange")
    sweep(room)
    assert parts_left(room, uuid) == sorted(left)
    assert (f"parts/{uuid}" in room.context.store.folders("parts")) == bool(left)


def test_parts_a_worker_begins_during_the_pass_stay(room: Room, monkeypatch):
    job_id = room.dispatch(["a"])
    uuid = room.job(job_id).uuid
    parts(room, uuid, "1-1")

    def look(connection: Any, folder: str) -> AnyRow | None:
        job = job_of(connection, folder)
        parts(room, uuid, "1-2")
        return job

    monkeypatch.setattr("dashboard.jobs.generations.job_of", look)
    sweep(room)
    assert parts_left(room, uuid) == ["1-2"]


def test_parts_of_a_job_nobody_knows_go_after_a_day(room: Room, monkeypatch):
    parts(room, "unknown", "1-1")
    sweep(room)
    assert parts_left(room, "unknown") == ["1-1"]
    monkeypatch.setattr("dashboard.jobs.retention.ORPHAN_AGE", -ORPHAN_AGE)
    sweep(room)
    assert parts_left(room, "unknown") == []
