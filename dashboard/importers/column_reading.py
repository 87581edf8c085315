"""How one column's cells become one field's values: a person's replacements, blanks, formats."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as with_default
from typing import Any

import pyarrow as pa
import pyarrow.compute

from dashboard.records.casting import CastColumn, cast_column, cast_formatted
from dashboard.records.cell_formats import CellFormat, normalise
from dashboard.records.fields import Field

pc: Any = pyarrow.compute  # its published types know only some calls


@dataclass(frozen=True, slots=True)
class ColumnReading:
    """`values` replaces whole cells first, then `null_values` blank them, then `cell_format` reads
    what is left. `typed`: the file holds numbers of its own beside texts (see `normalise`).
    """

    field: Field
    values: Mapping[str, str] = with_default(default_factory=dict)
    null_values: tuple[str, ...] = ()
    cell_format: CellFormat | None = None
    typed: bool = False

    @property
    def as_written(self) -> bool:
        """Are the cells read just as they stand in the file?"""
        return not (self.values or self.null_values or self.formatted)

    @property
    def formatted(self) -> bool:
        return self.cell_format is not None and self.cell_format.reads(self.field)

    def cast(self, column: Any) -> CastColumn:
        if self.values:
            column = replaced(column, self.values)
        if self.null_values:
            column = blank_out(column, self.null_values)
        if self.cell_format is not None and self.formatted:
            return cast_formatted(self.field, column, self.cell_format, typed=self.typed)
        return cast_column(self.field, column)

    def rewritten(self, column: Any) -> Any:
        """The cells in the form always read, for comparing keys; what cannot be read is blank."""
        if self.values:
            column = replaced(column, self.values)
        if self.cell_format is not None and self.formatted:
            return normalise(self.cell_format, self.field, column, typed=self.typed)[0]
        return column


def replaced(texts: Any, values: Mapping[str, str]) -> Any:
    """Cells that stand in `values` become what it says."""
    places = pc.index_in(texts, pa.array(list(values), pa.string()))
    if places.null_count == len(texts):
        return texts
    instead = pa.array(list(values.values()), pa.string()).take(combined(places))
    return pc.coalesce(instead, combined(texts))


def blank_out(texts: Any, tokens: Any) -> Any:
    hit = pc.is_in(texts, pa.array(list(tokens), pa.string()))
    return pc.if_else(hit, "", texts)


def combined(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
