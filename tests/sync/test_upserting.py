"""Upsert: by key, with rows that are read again."""

from tests.sync.conftest import on
from tests.sync.listed_source import SHELF
from tests.sync.sync_room import SyncRoom


def test_rows_of_the_lag_window_are_compared(room: SyncRoom):
    room.shelve(1, 2, 3, 4)
    assert room.sync("upsert", chunk_rows=2).created == 4
    room.shelve(1, 2, ("3", "late change"), 4, 5)
    job = room.sync("upsert")
    assert (job.total, job.created, job.updated, job.unchanged) == (3, 1, 1, 1)
    assert room.things()[3] == "late change"


@on("sqlite", "postgres-apart")
def test_of_two_rows_with_one_key_the_later_counts(room: SyncRoom):
    room.shelve(("1", "old"), ("1", "new"))
    job = room.sync("upsert")
    assert (job.created, job.skipped, room.things()) == (1, 1, {1: "new"})


@on("sqlite", "postgres-apart")
def test_a_full_refresh_replaces_the_cursor_at_its_end(room: SyncRoom):
    room.shelve(1, 2, 3)
    room.sync("upsert")
    room.shelve(1, 2)
    job_id = room.start("upsert", chunk_rows=1, fullRefresh=True)
    room.runner.prepare(job_id)
    room.runner.run_one(job_id)
    assert room.position("upsert").cursor == {"n": 3}
    room.run(job_id)
    assert room.position("upsert").cursor == {"n": 2}
    assert SHELF.asked[-1].cursor is None


@on("sqlite", "postgres-apart")
def test_what_the_target_refuses_does_not_hold_the_cursor_back(room: SyncRoom):
    room.shelve(("1", "a"), ("2", "b" * 41), ("3", "c"))
    job = room.sync("upsert")
    assert (job.status, job.failed, room.things()) == ("completed", 1, {1: "a", 3: "c"})
    assert room.position("upsert").cursor == {"n": 3}
