"""Record batches as CSV or TSV, column by column."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute

from dashboard.formats import write_refusals
from dashboard.formats.arrow_text import is_json_number
from dashboard.formats.write_formulas import escape_cells
from dashboard.formats.write_lines import byte_table, holds, separated, slices, whole
from dashboard.formats.write_options import WriteOptions
from dashboard.formats.write_refusals import Place, places
from dashboard.formats.write_texts import is_text
from dashboard.lib.cells import escape_formula

pc: Any = pyarrow.compute  # its published types know only some calls

LINE_END = "\n"
QUOTE = '"'


@dataclass(frozen=True, slots=True)
class DelimitedWriter:
    """A cell is quoted if it holds the delimiter, a quote or a line end, or is the empty text.

    So null, which is blank, and the empty text differ; but not in a file of one column, where a
    blank line would be no row: there both are `""`.
    """

    options: WriteOptions
    schema: Any

    def head(self) -> bytes:
        if not self.options.header:
            return self.options.mark
        names = self.schema.names
        cells = [escape_formula(name) for name in names] if self.options.escapes else names
        line = self.options.delimiter.join(map(self._quoted_cell, cells)) + LINE_END
        return self.options.mark + self._encoded_names(line)

    def part(self, batches: Iterable[Any], *, first_row: int | None = None) -> Iterator[bytes]:
        for place in places(slices(batches, self.schema), first_row):
            yield self._encoded(self._lines(place), place)

    def tail(self) -> bytes:
        return b""

    def _lines(self, place: Place) -> bytes:
        columns = [self._cells(place, number) for number in range(len(self.schema))]
        null = "" if len(columns) > 1 else QUOTE * 2
        columns[-1] = whole(pc.fill_null(columns[-1], null), LINE_END)
        return separated(columns, self.options.delimiter)

    def _cells(self, place: Place, number: int) -> Any:
        kind, texts = self.schema.field(number).type, place.cells(number)
        if is_json_number(kind):
            if self.options.decimal == "." or pa.types.is_integer(kind):
                return texts
            return pc.replace_substring(texts, ".", self.options.decimal)
        if is_text(kind) and self.options.escapes:
            texts = escape_cells(texts)
        return self._quoted(texts)

    def _quoted(self, texts: Any) -> Any:
        marks = self._marks
        empty = pc.equal(pc.binary_length(texts), 0)
        marked = holds(texts, byte_table(marks.encode()))
        if not marked and not pc.any(empty).as_py():
            return texts
        asked = empty
        if marked:
            pattern = f"[{re.escape(marks)}]"
            asked = pc.or_(empty, pc.match_substring_regex(texts, pattern))
        doubled = pc.replace_substring(texts, QUOTE, QUOTE * 2)
        return pc.if_else(asked, whole(QUOTE, doubled, QUOTE), texts)

    @property
    def _marks(self) -> str:
        return f"{self.options.delimiter}{QUOTE}\r\n"

    def _quoted_cell(self, cell: str) -> str:
        if cell and not set(cell).intersection(self._marks):
            return cell
        return f"{QUOTE}{cell.replace(QUOTE, QUOTE * 2)}{QUOTE}"

    def _encoded_names(self, line: str) -> bytes:
        try:
            return line.encode(self.options.codec)
        except UnicodeEncodeError as error:
            character, encoding = line[error.start], self.options.encoding
            raise write_refusals.name_not_in_encoding(character, encoding) from None

    def _encoded(self, lines: bytes, place: Place) -> bytes:
        if self.options.is_utf8:
            return lines
        try:
            return lines.decode().encode(self.options.codec)
        except UnicodeEncodeError:
            self._refuse(place)

    def _refuse(self, place: Place) -> NoReturn:
        """Find the first cell that the encoding cannot write."""
        found = []
        for number in range(len(self.schema)):
            for position, text in enumerate(place.cells(number).to_pylist()):
                try:
                    (text or "").encode(self.options.codec)
                except UnicodeEncodeError as error:
                    found.append((position, number, error.object[error.start]))
                    break
        position, number, character = min(found)
        reason = write_refusals.not_in_encoding(character, self.options.encoding)
        place.refuse(position, number, reason)
