"""Errors of a chunk: tried again with growing gaps, then failed, in words for people."""

import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError, OperationalError

from dashboard.errors import FileRefused
from dashboard.jobs.describing import backoff, describe, unavailable
from tests.jobs.conftest import on
from tests.jobs.room import Room, adds_up

LINES = ["a", "b", "c", "d"]


def test_fails_after_three_tries(room: Room):
    trouble = {"step": "process", "chunk": 2, "act": "raise", "times": 9}
    job = room.run(job_id := room.dispatch(LINES, troubles=[trouble]))
    chunk = room.chunks(job_id)[1]
    assert (chunk.state, chunk.attempt, chunk.error_code) == ("failed", 3, "code_error")
    assert (job.status, job.created, job.not_processed) == ("failed", 2, 2)
    assert adds_up(job)
    names = room.events(job_id)
    assert (names.count("JobFailed"), names.count("JobRetrying")) == (4, 2)


def test_a_chunk_backing_off_is_not_claimed(room: Room):
    job_id = room.dispatch(LINES, troubles=[{"step": "process", "chunk": 1, "act": "raise"}])
    room.runner.turn(job_id)
    assert [chunk.state for chunk in room.chunks(job_id)] == ["pending", "done"]
    assert not room.runner.run_one(job_id)
    [(name, hinted, delay)] = room.hints.delayed
    assert (name, hinted) == ("work", job_id)
    assert 0.1 <= delay <= 1


@on("sqlite", "postgres")
def test_refusing_a_file_writes_nothing(room: Room):
    job = room.run(room.dispatch(["unreadable"]))
    assert (job.status, job.error_code) == ("failed", "file_refused")
    assert (job.total, room.written()) == (None, [])


@on("sqlite", "postgres")
def test_preparing_is_tried_three_times(room: Room):
    job_id = room.dispatch(LINES, troubles=[{"step": "plan", "act": "raise", "times": 9}])
    room.runner.prepare(job_id)
    assert room.job(job_id).status == "delayed"
    assert room.run(job_id).error_code == "preparing_failed"
    assert room.events(job_id).count("JobRetrying") == 2


@on("sqlite")
def test_a_file_that_is_gone(room: Room):
    job_id = room.dispatch(LINES)
    [stored] = (Path(room.context.settings.storage_url) / "uploads").iterdir()
    stored.unlink()
    assert room.run(job_id).error_code == "file_gone"


@on("sqlite")
def test_an_empty_file_completes(room: Room):
    job = room.run(room.dispatch([]))
    assert (job.status, job.total) == ("completed", 0)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_gaps_grow(number: int):
    assert backoff(number) < backoff(number + 1)


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(2, "No such file", "/srv/secret/path"),
        IntegrityError("INSERT INTO t VALUES (1)", {}, ValueError("secret")),
        OperationalError("SELECT 1", {}, ValueError("secret")),
    ],
)
def test_words_hide_paths_and_statements(error: Exception):
    said = describe(error)
    assert "Nothing of" in said
    assert not any(word in said for word in ("secret", "/srv", "INSERT", "SELECT"))


def test_a_missing_table_is_nothing_to_wait_for():
    with (
        create_engine("sqlite://").connect() as connection,
        pytest.raises(OperationalError) as caught,
    ):
        connection.exec_driver_sql("SELECT 1 FROM nowhere")
    assert not unavailable(caught.value)
    assert unavailable(OperationalError("SELECT 1", {}, ValueError("gone")))


def test_words_of_our_own_errors_are_kept():
    assert describe(FileRefused("Row 3: fix it.")) == "Row 3: fix it."


def test_words_can_be_stored():
    assert "\0" not in describe(ValueError("a\0b\ud800"))
    assert describe(ValueError("a\0b\ud800")).encode()


@pytest.mark.parametrize("kind", [psycopg.errors.DeadlockDetected, sqlite3.IntegrityError])
def test_words_hide_what_a_driver_says(kind: type[Exception]):
    assert "secret" not in describe(kind('COPY people, line 3, column ssn: "secret"'))
