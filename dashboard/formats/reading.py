"""Read a block as text: nothing guessed, nothing dropped, rows numbered as in the file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from dashboard.formats import refusals
from dashboard.formats.cells import split_cells
from dashboard.formats.cutting import Block
from dashboard.formats.layout import BOM, Layout
from dashboard.formats.record_index import Positions, RecordIndex, RecordScan


class Ragged(NamedTuple):
    """A record with too few or too many cells."""

    row: int
    found: int
    expected: int
    cells: list[str]


@dataclass
class Rows:
    """A block's records. `table` (text, named as in the layout) holds those with all their cells.

    `numbers` are their rows in the file, `starts` and `ends` their bytes in `data` without the line
    end. Records in `ragged` are in none of these.
    """

    data: bytes | memoryview
    layout: Layout
    block: Block
    table: pa.Table
    ragged: list[Ragged]
    _kept: npt.NDArray[np.bool_] | None

    @cached_property
    def index(self) -> RecordIndex:
        return index_block(self.data, self.layout)

    def _keep(self, positions: Positions) -> Positions:
        return positions if self._kept is None else positions[self._kept]

    @cached_property
    def numbers(self) -> Positions:
        if self.block.quoted or self.block.blank:
            return self.block.first_row + self._keep(self.index.lines)
        return self._keep(np.arange(self.block.first_row, self.block.first_row + self.block.rows))

    @cached_property
    def starts(self) -> Positions:
        return self._keep(self.index.starts)

    @cached_property
    def ends(self) -> Positions:
        return self._keep(self.index.ends)

    @property
    def quoted(self) -> bool:
        return self.block.quoted

    @cached_property
    def has_backslash(self) -> bool:
        """COPY's text format escapes by backslash, and its CSV format stops at a line of `\\.`."""
        return b"\\" in bytes(self.data)

    def raw_slice(self, keep: npt.NDArray[np.bool_] | None = None) -> bytes | memoryview:
        """The file's own bytes of the kept table rows, each line ended by LF; no blank lines.

        Everything kept and nothing to mend: the block itself, without a copy.
        """
        everything = self._kept is None and (keep is None or bool(keep.all()))
        if everything and not self.block.crlf and not self.block.blank:
            whole = self.data if self.data[-1:] == b"\n" else bytes(self.data) + b"\n"
            return whole
        starts, ends = self.starts, self.ends
        if keep is not None:
            starts, ends = starts[keep], ends[keep]
        return join_records(self.data, starts, ends)


def index_block(data: bytes | memoryview, layout: Layout) -> RecordIndex:
    return RecordScan(data, layout.delimiter, layout.quote, last=True).index()


def join_records(data: bytes | memoryview, starts: Positions, ends: Positions) -> bytes:
    """These records with LF line ends, copied at vector speed."""
    size = len(data)
    edges = np.zeros(size + 2, np.int8)
    edges[starts] += 1
    edges[ends + 1] -= 1
    text = np.empty(size + 1, np.uint8)
    text[:size] = np.frombuffer(data, np.uint8)
    text[size] = ord("\n")
    # The byte at each end is the line end's first one (LF, CR or the missing one): make it LF.
    text[ends] = ord("\n")
    mask = np.cumsum(edges[:-1], dtype=np.int8).view(np.bool_)
    return text[mask].tobytes()


def read_block(
    data: bytes | memoryview, layout: Layout, block: Block, columns: Sequence[str] | None = None
) -> Rows:
    """Parse a block once, as text; `columns` limits `table`. Raises when a record is lost."""
    invalid: list[tuple[int, int, str]] = []

    def set_aside(row: Any) -> Literal["skip", "error"]:
        invalid.append((row.number - 1, row.actual_columns, row.text))
        return "skip"

    table = parse(data, layout, block, columns, set_aside)
    if table.num_rows + len(invalid) != block.rows:
        raise refusals.rows_lost(block.first_row, block.rows, table.num_rows + len(invalid))
    rows = Rows(data, layout, block, table, [], None)
    if invalid:
        set_ragged(rows, invalid)
    return rows


def parse(
    data: bytes | memoryview,
    layout: Layout,
    block: Block,
    columns: Sequence[str] | None,
    set_aside: Callable[[Any], Literal["skip", "error"]],
) -> pa.Table:
    # The parser takes a BOM off every buffer; the file's own is not in a block.
    source: Any = BOM + bytes(data) if data[: len(BOM)] == BOM else data
    stream: Any = pa.BufferReader(pa.py_buffer(source))
    return pa_csv.read_csv(
        stream,
        read_options=pa_csv.ReadOptions(
            use_threads=False, block_size=len(source) + 1, column_names=list(layout.columns)
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=layout.delimiter,
            quote_char=layout.quote if layout.quote and block.quoted else False,
            newlines_in_values=block.quoted,
            invalid_row_handler=set_aside,
        ),
        convert_options=pa_csv.ConvertOptions(
            # The cutter has checked it.
            check_utf8=False,
            column_types=dict.fromkeys(columns or layout.columns, pa.string()),
            include_columns=list(columns) if columns else None,
            strings_can_be_null=False,
        ),
    )


def set_ragged(rows: Rows, invalid: list[tuple[int, int, str]]) -> None:
    """Number the records that were set aside, and leave them out of the others' numbers."""
    layout, numbers = rows.layout, rows.numbers
    del rows.numbers
    for position, found, text in invalid:
        cells = split_cells(text.rstrip("\r\n"), layout.delimiter, layout.quote)
        rows.ragged.append(Ragged(int(numbers[position]), found, len(layout.columns), cells))
    kept = np.ones(rows.block.rows, np.bool_)
    kept[[position for position, _, _ in invalid]] = False
    rows._kept = kept
