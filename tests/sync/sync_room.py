"""A room (tests/jobs/room.py) for syncs."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session

from dashboard.jobs.dispatcher import dispatch
from dashboard.jobs.fixing import correct_rows
from dashboard.jobs.transitions import JOB
from dashboard.models.columns import AnyRow
from dashboard.sync.cursors import Position, position_of
from tests.jobs.room import Room
from tests.sync.listed_source import SHELF
from tests.sync.sync_types import LOG, PARTS, THINGS


class SyncRoom(Room):
    """`type` is a name of sync_types.TYPES without its suffix."""

    def start(self, type: str, *, chunk_rows: int | None = None, **options: Any) -> int:
        with Session(self.context.app) as session, session.begin():
            how: dict[str, Any] = {"options": options, "chunk_rows": chunk_rows}
            return dispatch(self.context, session, f"{type}-sync", user=None, **how).id

    def sync(self, type: str, **how: Any) -> AnyRow:
        """Run one to its end."""
        return self.run(self.start(type, **how))

    def mend(self, job_id: int, row: int, **cells: str) -> None:
        """A person's new cells for a failed row; the next round is opened."""
        self.do(correct_rows, job_id, "ann@example.com", {row: cells}, None)

    def finish_elsewhere(self, job_id: int) -> None:
        """As if its worker hung for long: the engine takes the job for ended."""
        self._set_status(job_id, "failed")

    def bring_back(self, job_id: int) -> None:
        self._set_status(job_id, "active")

    def _set_status(self, job_id: int, status: str) -> None:
        with self.context.app.begin() as connection:
            connection.execute(update(JOB).where(JOB.c.id == job_id).values(status=status))

    def shelve(self, *rows: Any, columns: Sequence[str] = ("n", "text")) -> None:
        """What the source holds: rows, or numbers that become (n, "row n")."""
        SHELF.columns = list(columns)
        SHELF.rows = [(str(r), f"row {r}") if isinstance(r, int) else r for r in rows]

    def position(self, type: str) -> Position:
        with self.context.target.connect() as connection:
            return position_of(connection, f"{type}-sync")

    def log(self) -> list[int]:
        return [row[0] for row in self._read(LOG, LOG.c.n)]

    def things(self) -> dict[int, str]:
        return dict(tuple(row) for row in self._read(THINGS, THINGS.c.n, THINGS.c.text))

    def add_things(self, *numbers: int) -> None:
        with self.context.target.begin() as connection:
            connection.execute(insert(THINGS), [{"n": n, "text": f"row {n}"} for n in numbers])

    def name_thing(self, number: int) -> None:
        """A record of another table refers to it."""
        with self.context.target.begin() as connection:
            connection.execute(insert(PARTS).values(thing=number))

    def _read(self, table: Table, *columns: Any) -> list[Any]:
        with self.context.target.connect() as connection:
            return list(connection.execute(select(*columns).order_by(*columns)).all())
