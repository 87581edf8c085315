"""How one column's cells become one field's values: a person's replacements, blanks, formats."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as with_default
from typing import Any

import pyarrow as pa
import pyarrow.compute

from dashboard.formats.write_formulas import unescape_cells
from dashboard.lib.cells import unescape_formula
from dashboard.records.casting import CastColumn, cast_column, cast_formatted
from dashboard.records.cell_formats import CellFormat, normalise
from dashboard.records.fields import Field, FieldType

pc: Any = pyarrow.compute  # its published types know only some calls

# The formats whose texts an export escapes; the others have no cells a spreadsheet would run.
ESCAPED_FORMATS = frozenset({"delimited", "xlsx", "xls", "ods"})
# Fields that a formula could stand in.
TEXTS = frozenset({FieldType.STRING, FieldType.CHOICE, FieldType.JSON})


@dataclass(frozen=True, slots=True)
class ColumnReading:
    """`unescape` takes off the apostrophe an export puts before what a spreadsheet would run; then
    `values` replaces whole cells, `null_values` blank them, and `cell_format` reads what is left.
    `typed`: the file holds numbers of its own beside texts (see `normalise`).
    """

    field: Field
    values: Mapping[str, str] = with_default(default_factory=dict)
    null_values: tuple[str, ...] = ()
    cell_format: CellFormat | None = None
    typed: bool = False
    unescape: bool = False

    @property
    def as_written(self) -> bool:
        """Are the cells read just as they stand in the file, apostrophes of ours aside?"""
        return not (self.values or self.null_values or self.formatted)

    @property
    def rewrites(self) -> bool:
        """May a cell's text be another than the file's when keys are compared?"""
        return bool(self.values) or self.formatted or self.unescapes

    @property
    def unescapes(self) -> bool:
        return self.unescape and self.field.type in TEXTS

    @property
    def formatted(self) -> bool:
        return self.cell_format is not None and self.cell_format.reads(self.field)

    def cast(self, column: Any) -> CastColumn:
        written = combined(column)
        unescaped = self._unescaped(written)
        column = self._replaced(unescaped)
        if self.null_values:
            column = blank_out(column, self.null_values)
        if self.cell_format is not None and self.formatted:
            return cast_formatted(self.field, column, self.cell_format, typed=self.typed)
        cast = cast_column(self.field, column)
        # The file's own bytes still say it where no cell was escaped.
        return cast if unescaped is written else replace(cast, raw_safe=False)

    def rewritten(self, column: Any) -> Any:
        """The cells in the form always read, for comparing keys; what cannot be read is blank."""
        column = self._replaced(self._unescaped(combined(column)))
        if self.cell_format is not None and self.formatted:
            return normalise(self.cell_format, self.field, column, typed=self.typed)[0]
        return column

    def _unescaped(self, texts: Any) -> Any:
        return unescape_cells(texts) if self.unescapes else texts

    def _replaced(self, texts: Any) -> Any:
        """A cell may be named as the file has it or as it is meant."""
        if not self.values:
            return texts
        if self.unescapes:
            return replaced(texts, {unescape_formula(k): v for k, v in self.values.items()})
        return replaced(texts, self.values)


def replaced(texts: Any, values: Mapping[str, str]) -> Any:
    """Cells that stand in `values` become what it says."""
    places = pc.index_in(texts, pa.array(list(values), pa.string()))
    if places.null_count == len(texts):
        return texts
    instead = pa.array(list(values.values()), pa.string()).take(places)
    return pc.coalesce(instead, texts)


def blank_out(texts: Any, tokens: Any) -> Any:
    hit = pc.is_in(texts, pa.array(list(tokens), pa.string()))
    return pc.if_else(hit, "", texts)


def combined(column: Any) -> Any:
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
