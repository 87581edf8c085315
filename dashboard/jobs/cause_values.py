"""The different values behind one cause of failures, and one failed row as a person edits it."""

import json
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from dashboard.errors import NotFound
from dashboard.jobs.failure_list import FAILURE, Cause
from dashboard.models.job import Job
from dashboard.records.failures import HIDDEN

MOST_VALUES = 20


class CauseValue(NamedTuple):
    """A cell as the file has it and how many failures of the cause hold it."""

    value: str
    cells: int


def cause_values(connection: Connection, job_id: int, cause: Cause) -> list[CauseValue]:
    """The most frequent first; blank and hidden cells cannot be told apart by value."""
    cells = func.count().label("cells")
    query = (
        select(FAILURE.c.value, cells)
        .where(
            FAILURE.c.job_id == job_id,
            FAILURE.c.column == cause.column,
            FAILURE.c.code == cause.code,
            FAILURE.c.value.not_in(("", HIDDEN)),
        )
        .group_by(FAILURE.c.value)
        .order_by(cells.desc(), FAILURE.c.value)
        .limit(MOST_VALUES)
    )
    return [CauseValue(*row) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class EditedCell:
    """One cell of a failed row; `hidden` ones are kept as the file has them unless replaced."""

    column: str
    text: str
    hidden: bool
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A row that failed in the job's last round; `messages` are about the row as a whole."""

    row: int
    cells: list[EditedCell]
    messages: tuple[str, ...]


def failed_row(connection: Connection, job: Job, row: int) -> FailedRow:
    """Raises NotFound when that row has no failure now."""
    query = select(FAILURE).where(FAILURE.c.job_id == job.id, FAILURE.c.row == row)
    found = connection.execute(query.order_by(FAILURE.c.id)).all()
    if not found:
        raise NotFound(f"Row {row} of job {job.id} has not failed, or was corrected already.")
    columns = list(job.layout.get("columns", ()))
    texts = [text or "" for text in json.loads(found[0].record)]
    texts += [""] * (len(columns) - len(texts))
    cells = [
        EditedCell(
            column,
            "" if text == HIDDEN else text,
            text == HIDDEN,
            tuple(failure.message for failure in found if failure.column == column),
        )
        for column, text in zip(columns, texts, strict=False)
    ]
    rest = tuple(failure.message for failure in found if failure.column not in columns)
    return FailedRow(row, cells, rest)
