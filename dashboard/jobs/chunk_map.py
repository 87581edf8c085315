"""The chunks of a job as cells of a map, however many there are."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import case, func, select

from dashboard.jobs.leases import CHUNK
from dashboard.jobs.pace import row_sums
from dashboard.models.states import ChunkState

MOST_CELLS = 480


class Cell(NamedTuple):
    """One or several neighbouring chunks on the map."""

    state: str
    failed_rows: int


@dataclass(frozen=True, slots=True)
class ChunkMap:
    """At most MOST_CELLS cells however many chunks; counts are in chunks."""

    cells: list[Cell]
    per_cell: int
    done: int
    leased: int
    retry: int
    pending: int
    failed: int

    @property
    def total(self) -> int:
        return self.done + self.leased + self.retry + self.pending + self.failed

    @property
    def legend(self) -> list[tuple[str, str, int]]:
        parts = [
            ("done", "Done", self.done),
            ("leased", "In work", self.leased),
            ("retry", "Waits to retry", self.retry),
            ("pending", "Pending", self.pending),
            ("failed", "Failed", self.failed),
        ]
        return [part for part in parts if part[2]]

    @property
    def sentence(self) -> str:
        return ", ".join(f"{count:,} {word.lower()}" for _, word, count in self.legend)


def cells_query(job_id: int, per_cell: int) -> Any:
    """One row per cell of the map, holding all sums the page needs."""
    cell = ((CHUNK.c.number - 1) // per_cell).label("cell")

    def chunks(condition: Any) -> Any:
        return func.sum(case((condition, 1), else_=0))

    pending = CHUNK.c.state == ChunkState.PENDING
    return (
        select(
            cell,
            chunks(CHUNK.c.state == ChunkState.DONE).label("done"),
            chunks(CHUNK.c.state == ChunkState.LEASED).label("leased"),
            chunks(pending & (CHUNK.c.attempt > 0)).label("retry"),
            chunks(pending & (CHUNK.c.attempt == 0)).label("pending"),
            chunks(CHUNK.c.state == ChunkState.FAILED).label("stopped"),
            *row_sums(),
        )
        .where(CHUNK.c.job_id == job_id)
        .group_by(cell)
        .order_by(cell)
    )


def chunk_map(rows: Any, per_cell: int) -> ChunkMap:
    def total(name: str) -> int:
        return int(sum(getattr(row, name) for row in rows))

    cells = [Cell(state_of(row), int(row.failed)) for row in rows]
    states = ("done", "leased", "retry", "pending", "stopped")
    return ChunkMap(cells, per_cell, *map(total, states))


def state_of(row: Any) -> str:
    """The state a person should notice first."""
    for name, state in (("stopped", "failed"), ("retry", "retry"), ("leased", "leased")):
        if getattr(row, name):
            return state
    return "pending" if row.pending else "done"
