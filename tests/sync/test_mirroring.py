"""Mirror: what the source no longer has goes, after asking when it is much."""

import pytest

from tests.jobs.room import adds_up
from tests.sync.conftest import on
from tests.sync.listed_source import SHELF
from tests.sync.sync_room import SyncRoom


def figures(job) -> dict[str, int]:
    return job.meta.get("figures", {})


def test_records_the_source_lost_are_deleted(room: SyncRoom):
    room.add_things(*range(1, 11))
    room.shelve(*range(2, 12))
    job = room.sync("mirror", chunk_rows=3)
    assert (job.status, job.created, job.unchanged, adds_up(job)) == ("completed", 1, 9, True)
    assert (figures(job)["deleted"], list(room.things())) == (1, [*range(2, 12)])


def test_many_deletions_are_asked_about_before_anything_is_written(room: SyncRoom):
    room.add_things(*range(1, 11))
    room.shelve(*range(7, 13))
    job = room.sync("mirror")
    assert (job.status, job.error_code) == ("paused", "mass_deletion")
    told = job.meta["mass_deletion"]
    assert told == {"rows": 6, "of": 10, "percent": 60.0, "most": 20}
    assert "6 of 10 records (60.0 %)" in job.error_message
    assert list(room.things()) == [*range(1, 11)]


@on("sqlite", "postgres-apart")
def test_continue_anyway_is_asked_once(room: SyncRoom):
    room.add_things(*range(1, 11))
    room.shelve(11)
    job = room.sync("mirror")
    room.act("resume", job.id)
    job = room.run(job.id)
    assert (job.status, figures(job)["deleted"], list(room.things())) == ("completed", 10, [11])


@on("sqlite", "postgres-apart")
def test_cancelled_instead(room: SyncRoom):
    room.add_things(1, 2)
    job = room.sync("mirror")
    assert job.meta["mass_deletion"]["percent"] == 100.0
    room.act("cancel", job.id)
    assert (room.run(job.id).status, list(room.things())) == ("cancelled", [1, 2])


@on("sqlite", "postgres-apart")
def test_a_job_may_allow_more(room: SyncRoom):
    room.add_things(1, 2, 3, 4)
    room.shelve(1)
    job = room.sync("mirror", mostDeletedPercent=75)
    assert (job.status, list(room.things())) == ("completed", [1])


@on("sqlite", "postgres-apart")
def test_the_deleting_chunk_looks_again(room: SyncRoom):
    """Records that came from elsewhere after the figures were shown are not deleted unasked."""
    room.add_things(*range(1, 11))
    room.shelve(*range(1, 10))
    job_id = room.start("mirror")
    room.runner.prepare(job_id)
    room.runner.run_one(job_id)
    room.add_things(*range(20, 40))
    job = room.run(job_id)
    assert (job.status, job.error_code, len(room.things())) == ("failed", "mass_deletion", 30)


@on("sqlite", "postgres", "postgres-apart")
def test_records_others_name_are_kept_and_told(room: SyncRoom):
    room.add_things(*range(1, 11))
    room.name_thing(1)
    room.shelve(*range(3, 11))
    job = room.sync("mirror")
    assert (figures(job)["deleted"], figures(job)["kept"]) == (1, 1)
    assert list(room.things()) == [1, *range(3, 11)]


@on("sqlite", "postgres-apart")
def test_a_refused_row_keeps_its_record(room: SyncRoom):
    room.add_things(*range(1, 6))
    room.shelve(("1", "x" * 41), 2, 3, 4, 5)
    job = room.sync("mirror")
    assert (job.failed, figures(job)["deleted"], len(room.things())) == (1, 0, 5)


@on("sqlite", "postgres-apart")
def test_a_key_that_cannot_be_read_lets_nothing_be_deleted(room: SyncRoom):
    room.add_things(*range(1, 6))
    room.shelve(("no number", "a"), 2, 3, 4)
    job = room.sync("mirror")
    assert (job.failed, figures(job)["unread_keys"], len(room.things())) == (1, 1, 5)


@on("sqlite", "postgres-apart")
def test_a_row_without_its_cells_lets_nothing_be_deleted(room: SyncRoom):
    """It may be any record."""
    room.add_things(*range(1, 6))
    room.shelve(1, 2, 3, 4)
    SHELF.torn = True
    job = room.sync("mirror")
    assert (job.failed, figures(job), len(room.things())) == (
        1,
        {"deleted": 0, "kept": 0, "unread_keys": 1},
        5,
    )
    SHELF.torn = False
    assert figures(room.sync("mirror"))["deleted"] == 1


@on("sqlite", "postgres-apart")
def test_keys_are_those_the_hooks_made(room: SyncRoom):
    room.add_things(101, 102, 103, 104, 105, 106)
    room.shelve(("1", "a"), ("2", "b"), ("3", "refuse"), ("4", "drop"), ("5", "c"), ("6", "d"))
    job = room.sync("choosy")
    assert (job.failed, job.skipped, figures(job)["deleted"]) == (1, 1, 1)
    assert list(room.things()) == [101, 102, 103, 105, 106]


@on("sqlite", "postgres-apart")
def test_an_empty_table_asks_nothing(room: SyncRoom):
    room.shelve(1, 2)
    assert (room.sync("mirror").status, list(room.things())) == ("completed", [1, 2])


@pytest.mark.parametrize("down_after", [0, 1])
@on("sqlite", "postgres-apart")
def test_half_a_source_deletes_nothing(room: SyncRoom, down_after: int):
    room.add_things(1, 2, 3, 4)
    room.shelve(1, 2, 3, 4)
    SHELF.down_after = down_after
    assert (room.sync("mirror").status, len(room.things())) == ("failed", 4)
