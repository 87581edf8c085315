"""Two databases: prepared here, written there with a ledger row, marked done here."""

import pytest
from sqlalchemy import delete, func, select, text

from dashboard.errors import ConfigurationError
from dashboard.extensions import make_engine
from dashboard.jobs.leases import CHUNK
from dashboard.jobs.ledger import LEDGER, AlreadyWritten, ensure_ledger, enter, note_written
from dashboard.jobs.tracker import FAILURE
from dashboard.jobs.transitions import JOB
from dashboard.models.outbox import OutboxEvent
from dashboard.records.written import Written
from tests.jobs.conftest import on
from tests.jobs.lines_job import MOMENTS
from tests.jobs.room import Room

LINES = ["a", "b", "c"]
apart = on("sqlite-apart", "postgres-apart")


def ledger_rows(room: Room) -> int:
    with room.context.target.connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(LEDGER)) or 0)


@apart
def test_one_ledger_row_a_chunk(room: Room):
    room.finished(LINES)
    assert ledger_rows(room) == 2


@apart
def test_a_new_app_database_beside_an_old_target(room: Room):
    """Job numbers begin again; what tells jobs apart is never given twice."""
    room.finished(LINES)
    with room.context.app.begin() as connection:
        for table in (FAILURE, CHUNK, OutboxEvent.__table__, JOB):
            connection.execute(delete(table))
        if connection.dialect.name == "sqlite":
            connection.execute(text("DELETE FROM sqlite_sequence"))
    job_id = room.finished(LINES)
    assert room.job(job_id).created == 3
    assert (room.written(), ledger_rows(room)) == (sorted(LINES * 2), 4)


@apart
def test_a_second_writer_of_one_chunk_is_stopped(room: Room):
    key = ("some-uuid", 1, 1)
    with room.context.target.begin() as connection:
        enter(connection, key)
    with pytest.raises(AlreadyWritten), room.context.target.begin() as connection:
        enter(connection, key)


@apart
def test_written_by_another_holder_after_our_first_step(room: Room):
    job_id, other = room.prepared(LINES), Room(room.context, room.hints, room.marks)

    def meanwhile(chunk: int | None) -> None:
        MOMENTS.clear()
        with room.context.target.begin() as connection:
            key = (room.job(job_id).uuid, 1, chunk or 0)
            enter(connection, key)
            note_written(connection, key, Written([], created=2))

    MOMENTS["open"] = meanwhile
    other.runner.turn(job_id)
    job = room.job(job_id)
    assert (job.status, job.created, room.written()) == ("completed", 3, ["c"])
    assert "JobFailed" not in room.events(job_id)


@apart
def test_the_ledger_is_made_once(room: Room):
    LEDGER.drop(room.context.target)
    ensure_ledger(room.context.target)
    ensure_ledger(room.context.target)
    assert ledger_rows(room) == 0


def test_a_target_that_forbids_it(tmp_path):
    path = tmp_path / "read-only.db"
    engine = make_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.execute(text("PRAGMA user_version"))
    engine.dispose()
    reader = make_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    with pytest.raises(ConfigurationError, match="jobengine_ledger"):
        ensure_ledger(reader)
    reader.dispose()


@on("sqlite", "postgres")
def test_one_database_needs_no_ledger(room: Room):
    room.finished(LINES)
    with room.context.app.connect() as connection:
        if connection.dialect.name == "sqlite":
            assert not connection.dialect.has_table(connection, LEDGER.name)
        else:
            assert connection.scalar(select(func.count()).select_from(LEDGER)) == 0


@apart
def test_a_writer_that_never_writes_is_closed(room: Room):
    closed: list[int | None] = []
    job_id = room.prepared(LINES)

    def meanwhile(chunk: int | None) -> None:
        MOMENTS.clear()
        room.expire_leases()
        room.sweeper.run_once()
        MOMENTS["closed"] = closed.append

    MOMENTS["process"] = meanwhile
    room.runner.run_one(job_id)
    assert closed == [1]
