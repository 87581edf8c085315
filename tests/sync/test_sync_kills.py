"""kill -9 in the middle of a sync: every row once, and the cursor never ahead of the records."""

import os
import signal
from typing import Any, NoReturn

import pytest

from dashboard.jobs import ledger, settling
from dashboard.sync import chunk_job, cursors
from tests.sync.conftest import on
from tests.sync.listed_source import SHELF
from tests.sync.sync_room import SyncRoom

# Where the worker dies: the name of what is called there.
PLACES: dict[str, tuple[Any, str]] = {
    "preparing": (chunk_job, "plan_batches"),
    "cursor moved": (cursors, "keep_marks"),
    "records written": (settling, "done"),
}
# In the other database's transaction, when all is written there.
AT_THE_LEDGER = "told to the ledger"


def die(*_given: Any, **_named: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def killed_once(room: SyncRoom, job_id: int, place: str) -> None:
    """A worker that dies the first time it comes there."""

    def work(forked: Any) -> None:
        module, name = PLACES.get(place, (ledger, "note_written"))
        setattr(module, name, die)
        forked.step(job_id)

    assert room.in_child(work) == -signal.SIGKILL
    room.expire_leases()


@on("sqlite", "postgres-apart")
@pytest.mark.parametrize("place", PLACES)
def test_append(room: SyncRoom, place: str):
    appended(room, place, kills=2)


@on("sqlite-apart", "postgres")
def test_append_elsewhere(room: SyncRoom):
    appended(room, "records written")


@on("sqlite-apart", "postgres-apart")
def test_append_before_the_other_database_commits(room: SyncRoom):
    appended(room, AT_THE_LEDGER)


def appended(room: SyncRoom, place: str, *, kills: int = 1) -> None:
    room.shelve(*range(1, 8))
    job_id = room.start("append", chunk_rows=2)
    for _ in range(kills):
        killed_once(room, job_id, place)
        reached = (room.position("append").cursor or {"n": 0})["n"]
        assert room.log() == [*range(1, reached + 1)]
    job = room.run(job_id)
    assert (job.status, job.created, room.log()) == ("completed", 7, [*range(1, 8)])


@on("sqlite", "postgres-apart")
@pytest.mark.parametrize("place", ["cursor moved", "records written"])
def test_files(room: SyncRoom, place: str):
    SHELF.files = {f"{n}.csv": [(str(n), f"row {n}")] for n in range(1, 6)}
    job_id = room.start("files", chunk_rows=1)
    killed_once(room, job_id, place)
    assert (room.run(job_id).status, room.log()) == ("completed", [1, 2, 3, 4, 5])
    assert room.sync("files").total == 0


@on("sqlite", "postgres-apart")
@pytest.mark.parametrize("place", ["records written"])
def test_the_deleting_chunk_of_a_mirror(room: SyncRoom, place: str):
    room.add_things(*range(1, 11))
    room.shelve(*range(2, 11))
    job_id = room.start("mirror")
    room.runner.prepare(job_id)
    room.runner.run_one(job_id)
    killed_once(room, job_id, place)
    job = room.run(job_id)
    assert (job.status, job.meta["figures"]["deleted"]) == ("completed", 1)
    assert list(room.things()) == [*range(2, 11)]
