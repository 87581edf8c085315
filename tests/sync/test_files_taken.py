"""A folder's files: each taken once, marked in the transaction of its last rows."""

from dashboard.sync.taken_files import count_taken
from tests.sync.conftest import on
from tests.sync.listed_source import SHELF, Row
from tests.sync.sync_room import SyncRoom

TYPE = "files-sync"


def rows(*numbers: int) -> list[Row]:
    return [(str(n), f"row {n}") for n in numbers]


def taken(room: SyncRoom) -> int:
    with room.context.target.connect() as connection:
        return count_taken(connection, TYPE)


def test_each_file_once(room: SyncRoom):
    SHELF.files = {"a.csv": rows(1, 2, 3), "b.csv": rows(4)}
    assert room.sync("files").created == 4
    SHELF.files["c.csv"] = rows(5)
    job = room.sync("files")
    assert (job.created, job.layout["files"], taken(room)) == (1, ["c.csv"], 3)
    assert room.log() == [1, 2, 3, 4, 5]


@on("sqlite", "postgres-apart")
def test_a_file_without_rows_is_taken_too(room: SyncRoom):
    SHELF.files = {"empty.csv": []}
    job = room.sync("files")
    assert (job.status, job.total, taken(room)) == ("completed", 0, 1)
    assert room.sync("files").layout["files"] == []


@on("sqlite")
def test_a_run_without_rows_forgets_no_columns(room: SyncRoom):
    SHELF.files = {"a.csv": rows(1)}
    room.sync("files")
    SHELF.files["empty.csv"] = []
    room.sync("files")
    assert (taken(room), room.position("files").filled) == (2, ("n", "text"))


@on("sqlite", "postgres-apart")
def test_a_broken_file_is_one_failed_row_and_the_others_go_in(room: SyncRoom):
    SHELF.files = {"a.csv": rows(1), "b.csv": rows(2), "c.csv": rows(3)}
    SHELF.broken = {"b.csv": "Row 7 has a quote without an end."}
    job = room.sync("files")
    assert (job.created, job.failed, job.total) == (2, 1, 3)
    assert [value for _, value in room.failures(job.id)] == ["b.csv"]
    assert (room.log(), taken(room)) == ([1, 3], 3)
    assert room.sync("files").total == 0


@on("sqlite", "postgres-apart")
def test_a_file_that_is_not_taken_is_met_again(room: SyncRoom):
    SHELF.files = {"a.csv": rows(1, 2, 3), "secret.csv": rows(4)}
    SHELF.broken = {"secret.csv": "May not be read."}
    job = room.sync("files")
    assert (job.created, job.failed, room.position("files").unfinished) == (3, 1, None)
    assert (room.sync("files").failed, room.log(), taken(room)) == (1, [1, 2, 3], 1)


@on("sqlite", "postgres-apart")
def test_a_broken_file_can_be_tried_again(room: SyncRoom):
    SHELF.files, SHELF.broken = {"b.csv": rows(2)}, {"b.csv": "Unreadable."}
    job = room.sync("files")
    room.act("retry", job.id)
    assert (room.run(job.id).failed, room.failures(job.id)) == (1, [(1, "b.csv")])


@on("sqlite", "postgres-apart")
def test_a_row_the_source_refused_can_be_written_by_hand(room: SyncRoom):
    SHELF.files = {"a.csv": rows(1), "b.csv": rows(2)}
    SHELF.broken = {"a.csv": "Unreadable."}
    job = room.sync("files")
    room.mend(job.id, 1, n="7", text="by hand")
    job = room.run(job.id)
    assert (job.failed, job.created, room.log()) == (0, 2, [2, 7])


@on("sqlite", "postgres-apart")
def test_a_large_file_left_in_the_middle_must_be_finished(room: SyncRoom):
    SHELF.files = {"a.csv": rows(1), "b.csv": rows(2, 3, 4, 5)}
    job_id = room.start("files", chunk_rows=2)
    room.runner.prepare(job_id)
    room.runner.run_one(job_id)
    room.runner.run_one(job_id)
    room.finish_elsewhere(job_id)
    job = room.sync("files")
    assert (job.error_code, "b.csv" in job.error_message) == ("sync_unfinished", True)
    room.bring_back(job_id)
    room.run(job_id)
    assert (room.log(), taken(room)) == ([1, 2, 3, 4, 5], 2)


@on("sqlite", "postgres-apart")
def test_a_file_with_other_columns_stops_the_run(room: SyncRoom):
    SHELF.files = {"a.csv": rows(1)}
    room.sync("files")
    SHELF.columns, SHELF.files = ["n"], {"b.csv": [("2",)]}
    job = room.sync("files")
    assert (job.error_code, room.log(), taken(room)) == ("columns_changed", [1], 1)
