"""Append by cursor: every row once, the cursor with its records."""

import pytest
from sqlalchemy import update

from dashboard.errors import ConfigurationError, WrongState
from dashboard.jobs.registry import Kind, parse_entry
from dashboard.jobs.transitions import JOB
from dashboard.sync import stopping
from dashboard.sync.sync import Sync, sync_for
from tests.jobs.room import adds_up
from tests.sync.conftest import on
from tests.sync.listed_source import SHELF, FilesSource, ListedSource
from tests.sync.sync_room import SyncRoom
from tests.sync.sync_types import LOG, MODULE


def test_every_row_is_taken_once(room: SyncRoom):
    room.shelve(1, 2, 3, 4, 5)
    job = room.sync("append", chunk_rows=2)
    assert (job.status, job.created, job.total, adds_up(job)) == ("completed", 5, 5, True)
    room.shelve(1, 2, 3, 4, 5, 6)
    assert room.sync("append").created == 1
    assert room.log() == [1, 2, 3, 4, 5, 6]
    assert room.position("append").cursor == {"n": 6}


def test_nothing_new(room: SyncRoom):
    room.shelve(1)
    room.sync("append")
    SHELF.note = "Nothing has changed since the last run."
    job = room.sync("append")
    assert (job.status, job.total, job.layout["notes"]) == ("completed", 0, [SHELF.note])
    assert room.log() == [1]


@on("sqlite", "postgres-apart")
def test_each_chunk_moves_the_cursor(room: SyncRoom):
    room.shelve(1, 2, 3, 4)
    job_id = room.start("append", chunk_rows=2)
    room.runner.prepare(job_id)
    assert (room.position("append").cursor, room.log()) == (None, [])
    room.runner.run_one(job_id)
    assert (room.position("append").cursor, room.log()) == ({"n": 2}, [1, 2])
    room.run(job_id)
    assert room.job(job_id).layout["to"] == {"n": 4}


@on("sqlite", "postgres-apart")
def test_a_source_that_is_down_in_the_middle_writes_nothing(room: SyncRoom):
    room.shelve(1, 2, 3, 4)
    SHELF.down_after = 1
    job = room.sync("append")
    assert (job.status, job.error_code) == ("failed", "source_down")
    assert "does not answer" in job.error_message
    assert (room.log(), room.position("append").version) == ([], 0)


@on("sqlite", "postgres-apart")
def test_columns_that_change_refuse_the_whole_run(room: SyncRoom):
    room.shelve(1)
    room.sync("append")
    room.shelve(("2",), columns=["n"])
    job = room.sync("append")
    assert (job.status, job.error_code) == ("failed", "columns_changed")
    assert "no longer has a column for text" in job.error_message
    room.shelve(("9",), columns=["other"])
    assert "no column for n" in room.sync("append").error_message
    assert room.log() == [1]


@on("sqlite", "postgres-apart")
def test_a_column_may_change_its_name(room: SyncRoom):
    room.shelve(1)
    room.sync("append")
    room.shelve(("2", "b"), columns=["n", "Text"])
    assert (room.sync("append").status, room.log()) == ("completed", [1, 2])


@on("sqlite", "postgres-apart")
def test_bad_rows_are_kept_aside_and_not_read_again(room: SyncRoom):
    room.shelve(("1", "a"), ("2", "b"))
    SHELF.rows.insert(1, ("1", "c"))
    room.sync("keyed")
    SHELF.rows = [("3", "x" * 41), ("4", "d")]
    job = room.sync("keyed")
    assert (job.created, job.failed, room.position("keyed").cursor) == (1, 1, {"n": 4})
    assert room.failures(job.id) == [(1, "x" * 41)]


@on("sqlite", "postgres", "postgres-apart")
def test_a_failed_row_is_mended_in_the_next_round(room: SyncRoom):
    room.shelve(("1", "x" * 41), ("2", "b"))
    job = room.sync("keyed")
    before = room.position("keyed")
    room.mend(job.id, 1, text="short")
    job = room.run(job.id)
    assert (job.failed, job.created, room.things()) == (0, 2, {1: "short", 2: "b"})
    assert room.position("keyed") == before


@on("sqlite", "postgres-apart")
def test_a_key_leaves_what_is_there_as_it_is(room: SyncRoom):
    room.shelve(("1", "old"), ("2", "old"), ("3", "old"))
    room.sync("keyed")
    room.shelve(("2", "new"), ("3", "new"), ("4", "new"))
    job = room.sync("keyed")
    assert (job.created, job.unchanged, job.updated) == (1, 2, 0)
    assert room.things() == {1: "old", 2: "old", 3: "old", 4: "new"}


@on("sqlite", "postgres-apart")
def test_another_sync_meanwhile_stops_this_one(room: SyncRoom):
    room.shelve(1, 2)
    late = room.start("append")
    room.runner.prepare(late)
    room.finish_elsewhere(late)
    room.sync("append")
    room.bring_back(late)
    job = room.run(late)
    assert (job.status, job.error_code) == ("failed", "cursor_moved")
    assert room.log() == [1, 2]


@on("sqlite", "postgres-apart")
def test_rows_no_cursor_covers_yet_must_be_finished(room: SyncRoom):
    room.shelve(1, 2, 3, 4)
    late = room.start("late", chunk_rows=2)
    room.runner.prepare(late)
    room.runner.run_one(late)
    room.finish_elsewhere(late)
    refused = room.sync("late")
    assert (refused.error_code, str(late) in refused.error_message) == ("sync_unfinished", True)
    room.bring_back(late)
    assert (room.run(late).status, room.log()) == ("completed", [1, 2, 3, 4])
    assert room.position("late").unfinished is None


@on("sqlite", "postgres-apart")
def test_a_chunk_that_fails_stops_those_behind_it_and_retry_goes_on_there(room: SyncRoom):
    room.shelve(1, 2, 3, 4, 5, 6)
    SHELF.note = "fuss"
    job = room.sync("fussy", chunk_rows=2)
    assert (job.status, room.log(), job.not_processed) == ("failed", [1, 2], 4)
    assert room.position("fussy").cursor == {"n": 2}
    SHELF.note = ""
    room.act("retry", job.id)
    assert (room.run(job.id).status, room.log()) == ("completed", [1, 2, 3, 4, 5, 6])


@on("sqlite", "postgres-apart")
def test_a_retry_after_another_sync_took_the_rows(room: SyncRoom):
    room.shelve(1, 2, 3, 4)
    SHELF.note = "fuss"
    failed = room.sync("fussy", chunk_rows=2)
    SHELF.note = ""
    assert room.sync("fussy").created == 2
    room.act("retry", failed.id)
    assert (room.run(failed.id).error_code, room.log()) == ("cursor_moved", [1, 2, 3, 4])


@on("sqlite", "postgres-apart")
@pytest.mark.parametrize(("verb", "status"), [("pause", "paused"), ("cancel", "cancelled")])
def test_stopped_while_it_reads(room: SyncRoom, monkeypatch, verb: str, status: str):
    monkeypatch.setattr(stopping, "LOOK_EVERY", 0)
    room.shelve(1, 2, 3, 4)
    job_id = room.start("append")
    SHELF.meanwhile = lambda: room.act(verb, job_id)
    assert (room.run(job_id).status, room.log()) == (status, [])
    SHELF.meanwhile = None
    if verb == "pause":
        room.act("resume", job_id)
        assert (room.run(job_id).status, room.log()) == ("completed", [1, 2, 3, 4])


@on("sqlite")
def test_only_one_job_of_a_type_is_live(room: SyncRoom):
    room.shelve(1)
    room.start("append")
    with pytest.raises(WrongState, match="runs already") as refused:
        room.start("append")
    assert refused.value.code == "sync_running"
    room.start("upsert")


@on("sqlite")
def test_one_that_waits_for_its_time_holds_nobody_up(room: SyncRoom):
    room.shelve(1)
    later = room.start("append")
    with room.context.app.begin() as connection:
        connection.execute(update(JOB).where(JOB.c.id == later).values(status="delayed"))
    assert room.start("append") > later


@on("sqlite", "postgres-apart")
def test_a_full_refresh_needs_a_key(room: SyncRoom):
    room.shelve(1, 2)
    room.sync("append")
    assert room.sync("append", fullRefresh=True).error_code == "full_refresh"
    room.sync("keyed")
    job = room.sync("keyed", fullRefresh=True)
    assert (job.status, job.unchanged, SHELF.asked[-1].cursor) == ("completed", 2, None)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"source": ListedSource(cursor="n", lag=5)}, "which append would double"),
        ({"source": ListedSource()}, "once more"),
        ({"source": FilesSource(), "mode": "mirror"}, "read whole"),
        ({"source": ListedSource(cursor="n"), "mode": "mirror"}, "read whole"),
        ({"source": ListedSource(), "mode": "merge"}, "use append, upsert, mirror"),
        ({"source": ListedSource(), "mode": "upsert", "most_deleted_percent": 101}, "0 to 100"),
    ],
)
def test_a_sync_that_would_lose_or_double_rows_is_refused_when_loaded(body, message):
    with pytest.raises(ConfigurationError, match=message):
        type("Wrong", (Sync,), {"table": LOG, **body})


def test_a_type_whose_sync_is_none():
    entry = parse_entry(Kind.SYNC, "a-sync", {"sync": f"{MODULE}:LOG"})
    with pytest.raises(ConfigurationError, match="names no Sync"):
        sync_for(entry)
