"""Texts to typed columns: a clean column costs one call, a bad cell costs only itself."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from dashboard.records.cell_formats import CellFormat, normalise
from dashboard.records.cells import Cells
from dashboard.records.fields import Field
from dashboard.records.reader import Problem, Reader
from dashboard.records.readers import reader_for

pc: Any = pyarrow.compute  # its published types know only some calls


BLANK: Problem = ("required", "is blank, but a value is needed. Fill it in.")


@dataclass(frozen=True, slots=True)
class CastColumn:
    """A typed column, null where the cell is blank or bad, and its texts, null where blank.

    `bad` holds (position in the chunk, code, end of the message); `raw_safe` says that PostgreSQL
    reads the column's bytes, as they stand in the file, as these very values.
    """

    field: Field
    texts: Any
    values: Any
    bad: list[tuple[int, str, str]]
    raw_safe: bool


def cast_column(field: Field, column: Any) -> CastColumn:
    """Read one column of texts ('' = blank) as `field` asks."""
    reader, cells = reader_for(field), Cells(column)
    bad: list[tuple[int, str, str]] = []
    if not field.nullable and not cells.all_filled:
        bad = [(position, *BLANK) for position in np.flatnonzero(~cells.filled).tolist()]
    try:
        values = reader.fast(cells)
    except pa.ArrowInvalid:
        values, found = cast_slowly(reader, cells)
        return CastColumn(
            field, cells.texts, values, sorted(bad + found), reader.raw_safe(cells, values)
        )
    return CastColumn(field, cells.texts, values, bad, reader.raw_safe(cells, values))


def cast_formatted(
    field: Field, column: Any, cell_format: CellFormat, *, typed: bool = False
) -> CastColumn:
    """As `cast_column`, for a column whose dates or numbers are written in a chosen format."""
    texts, wrong = normalise(cell_format, field, column, typed=typed)
    cast = cast_column(field, texts)
    problem, reworded = cell_format.problem(field), []
    for position, code, ending in cast.bad:
        if not wrong[position]:
            reworded.append((position, *(problem if code == problem[0] else (code, ending))))
    unread = [(position, *problem) for position in np.flatnonzero(wrong).tolist()]
    return replace(cast, bad=sorted(reworded + unread), raw_safe=False)


def cast_slowly(reader: Reader, cells: Cells) -> tuple[Any, list[tuple[int, str, str]]]:
    """Judge every cell that is not surely good, null the bad ones, convert the rest."""
    positions = np.flatnonzero(reader.suspects(cells))
    texts = cells.texts.take(pa.array(positions)).to_pylist()
    bad: list[tuple[int, str, str]] = []
    for position, text in zip(positions.tolist(), texts, strict=True):
        problem = reader.judge(text)
        if problem is not None:
            bad.append((position, *problem))
    if not bad:
        return reader.convert(cells.texts), bad
    mask = np.zeros(cells.count, bool)
    mask[[position for position, *_ in bad]] = True
    return reader.convert(cells.without(mask)), bad


def recheck(field: Field, values: Any) -> list[tuple[int, str, str]]:
    """Judge typed values that a hook made: blanks, lengths, choices; '' counts as a value."""
    if pa.types.is_string(values.type):
        found = cast_column(field, pc.fill_null(values, "")).bad
        valid = np.asarray(pc.is_valid(values))
        return [item for item in found if item[1] != BLANK[0] or not valid[item[0]]]
    if field.nullable or not values.null_count:
        return []
    blank = np.flatnonzero(np.asarray(pc.is_null(values)))
    return [(position, *BLANK) for position in blank.tolist()]


@lru_cache(maxsize=512)
def arrow_type(field: Field) -> Any:
    """The Arrow type `cast_column` gives a field."""
    return reader_for(field).convert(pa.array([], pa.string())).type
