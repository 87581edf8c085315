"""Why a file cannot be written: cells named by row and column, nothing is left out or replaced."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

from dashboard.errors import InputRefused
from dashboard.formats.arrow_text import CellProblem
from dashboard.formats.write_texts import cell_texts

SHOWN = 40


class Reason(NamedTuple):
    """What is wrong with a cell, as the rest of a sentence, and what to do."""

    what: str
    code: str


@dataclass(frozen=True, slots=True)
class Place:
    """A batch and the row of the file its first record has; None: the part alone cannot tell."""

    batch: Any
    first_row: int | None

    def cells(self, column: int) -> Any:
        """A column's texts; raises InputRefused for a value that has none."""
        try:
            return cell_texts(self.batch.column(column))
        except CellProblem as problem:
            self.refuse(problem.position, column, Reason(f"holds {problem}.", problem.code))

    def refuse(self, position: int, column: int, reason: Reason) -> NoReturn:
        name = self.batch.schema.names[column]
        message = f'{self._row(position)}, column "{name}" {reason.what}'
        raise InputRefused(message, code=reason.code)

    def _row(self, position: int) -> str:
        if self.first_row is not None:
            return f"Row {self.first_row + position:,}"
        name, value = self.batch.schema.names[0], self.batch.column(0)[position].as_py()
        return f'The record whose "{name}" is {str(value)[:SHOWN]!r}'


def places(batches: Iterable[Any], first_row: int | None) -> Iterator[Place]:
    """Every batch with its place, one after the other."""
    for batch in batches:
        yield Place(batch, first_row)
        if first_row is not None:
            first_row += batch.num_rows


def shown(character: str) -> str:
    return f"“{character}” (U+{ord(character):04X})"


def not_in_encoding(character: str, encoding: str) -> Reason:
    what = (
        f"holds {shown(character)}, which {encoding} cannot write. Choose the encoding utf-8, or"
        " filter the record out."
    )
    return Reason(what, code="not_in_encoding")


def name_not_in_encoding(character: str, encoding: str) -> InputRefused:
    message = (
        f"A column's name holds {shown(character)}, which {encoding} cannot write. Choose the"
        " encoding utf-8, or other columns."
    )
    return InputRefused(message, code="not_in_encoding")


def cell_too_long(characters: int, most: int) -> Reason:
    what = (
        f"has {characters:,} characters, but a cell of a workbook holds {most:,}. Use CSV, JSON"
        " Lines or Parquet."
    )
    return Reason(what, code="cell_too_long")


def forbidden_character(character: str) -> Reason:
    what = (
        f"holds the character U+{ord(character):04X}, which a workbook cannot. Remove it, or use"
        " CSV."
    )
    return Reason(what, code="forbidden_character")


def workbook_too_large(what: str) -> InputRefused:
    message = f"The table does not fit into a workbook: {what}. Use CSV, JSON Lines or Parquet."
    return InputRefused(message, code="workbook_too_large")


def no_columns() -> InputRefused:
    return InputRefused("There is no column to write. Choose one.", code="no_columns")


def duplicate_header(name: str) -> InputRefused:
    message = f'Two columns are named "{name}". Leave one out, or rename it.'
    return InputRefused(message, code="duplicate_header")
