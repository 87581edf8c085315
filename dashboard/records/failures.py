"""A refused cell: the smallest thing a person has to fix."""

from typing import NamedTuple

# In the place of a sensitive column's cell, which nobody may read.
HIDDEN = "•••"


class Failure(NamedTuple):
    """Row number as a spreadsheet shows it, column as the file names it, code, message, value.

    `record` is the whole row as the file gave it, one text per file column (JSON array text), so
    the failed-rows file can be written without reading the upload again. An empty `column` means
    the row as a whole.
    """

    row: int
    column: str
    code: str
    message: str
    value: str | None
    record: str
