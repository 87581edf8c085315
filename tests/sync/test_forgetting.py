"""What a sync remembers in the target, and what it can be made to forget."""

import pytest
from sqlalchemy import text

from dashboard.errors import ConfigurationError, NotFound
from dashboard.extensions import make_engine
from dashboard.sync.cursor_words import cursor_words
from dashboard.sync.cursors import CURSORS, ensure_cursors
from dashboard.sync.resets import Memory, forget
from dashboard.sync.taken_files import digest, taken_marks
from tests.sync.conftest import on
from tests.sync.listed_source import SHELF
from tests.sync.sync_room import SyncRoom


def forgotten(room: SyncRoom, type: str, what: Memory) -> None:
    with room.context.target.begin() as connection:
        forget(connection, f"{type}-sync", what)


@on("sqlite", "postgres-apart")
def test_the_cursor(room: SyncRoom):
    room.shelve(1, 2)
    room.sync("upsert")
    forgotten(room, "upsert", Memory.CURSOR)
    assert (room.position("upsert").cursor, room.position("upsert").version) == (None, 2)
    assert room.sync("upsert").unchanged == 2


@on("sqlite", "postgres-apart")
def test_the_files(room: SyncRoom):
    SHELF.files = {"a.csv": [("1", "a")]}
    room.sync("files")
    forgotten(room, "files", Memory.FILES)
    assert (room.sync("files").created, room.log()) == (1, [1, 1])


@on("sqlite", "postgres-apart")
def test_the_columns(room: SyncRoom):
    room.shelve(1)
    room.sync("append")
    room.shelve(("2",), columns=["n"])
    assert room.sync("append").error_code == "columns_changed"
    forgotten(room, "append", Memory.COLUMNS)
    assert (room.sync("append").status, room.log()) == ("completed", [1, 2])


@on("sqlite")
def test_nothing_was_taken_yet(room: SyncRoom):
    with pytest.raises(NotFound):
        forgotten(room, "append", Memory.CURSOR)


@on("sqlite", "postgres-apart")
def test_many_marks_are_looked_up(room: SyncRoom):
    SHELF.files = {f"{n}.csv": [] for n in range(700)}
    room.sync("files")
    marks = [*(f"{n}.csv:0" for n in range(700)), "new.csv:1"]
    with room.context.target.connect() as connection:
        assert set(marks) - set(taken_marks(connection, "files-sync", marks)) == {"new.csv:1"}
    assert len(digest("x" * 1_100)) == 64


@on("sqlite", "postgres-apart")
def test_the_tables_are_made_once(room: SyncRoom):
    CURSORS.drop(room.context.target)
    ensure_cursors(room.context.target)
    ensure_cursors(room.context.target)
    assert room.position("append").version == 0


def test_a_target_that_forbids_the_tables(tmp_path):
    path = tmp_path / "read-only.db"
    engine = make_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.execute(text("PRAGMA user_version"))
    engine.dispose()
    reader = make_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    with pytest.raises(ConfigurationError, match="jobengine_cursors"):
        ensure_cursors(reader)
    reader.dispose()


@pytest.mark.parametrize(
    ("cursor", "words"),
    [
        (None, "the start"),
        ({"column": "changed", "kind": "text", "value": "2026-11-22"}, "changed 2026-11-22"),
        ({"etag": '"a"', "since": None}, 'etag "a"'),
        ({"n": "x" * 200}, f"n {'x' * 118}…"),
    ],
)
def test_a_cursor_in_words(cursor, words):
    assert cursor_words(cursor) == words
