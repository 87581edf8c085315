"""Forgetting what a sync remembers, on an admin's word; records stay as they are."""

from enum import StrEnum

from sqlalchemy import Connection, update

from dashboard.errors import NotFound
from dashboard.lib.clock import now
from dashboard.sync.cursors import CURSORS, Position, position_of
from dashboard.sync.taken_files import forget_marks


class Memory(StrEnum):
    """What can be forgotten."""

    CURSOR = "cursor"
    FILES = "files"
    COLUMNS = "columns"


def forget(connection: Connection, name: str, what: Memory) -> Position:
    """The position as it was before. A running sync of the type loses its compare-and-set.

    `cursor`: the next run reads from the start, an unfinished one is forgotten. `files`: every file
    of the folder is new again. `columns`: the source may have lost columns. Raises NotFound when
    the type never took anything.
    """
    before = position_of(connection, name)
    if not before.version:
        raise NotFound(f"{name} has taken nothing yet, so there is nothing to forget.")
    if what is Memory.FILES:
        forget_marks(connection, name)
    values = {
        Memory.CURSOR: {"cursor": None, "unfinished": None},
        Memory.COLUMNS: {"filled": None},
    }
    connection.execute(
        update(CURSORS)
        .where(CURSORS.c.type == name)
        .values(version=CURSORS.c.version + 1, at=now(), **values.get(what, {}))
    )
    return before
