"""Record batches as a workbook, from front to back: text is text, numbers and dates are numbers.

Blocks of rows are made and packed in two threads and handed on in order, so memory stays the same
however many rows come. What does not fit on a sheet goes on on the next one, below its own header.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from dashboard.formats import write_xlsx_parts as parts
from dashboard.formats.write_lines import Line, slices
from dashboard.formats.write_options import WriteOptions
from dashboard.formats.write_refusals import Place, workbook_too_large
from dashboard.formats.write_xlsx_cells import Column, cell_parts
from dashboard.formats.write_xlsx_zip import ArchiveTooLarge, ZipStream, deflate

MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
# A sheet of more than 4 GB needs a kind of ZIP not every reader knows: it goes on on another one.
MOST_SHEET_BYTES = 3 << 30
THREADS = 2
AHEAD = THREADS + 1


class Block(NamedTuple):
    """Rows that lie on one sheet: `row` is the first one's there, `place` knows it in the whole."""

    sheet: int
    row: int
    place: Place


def xlsx_pieces(options: WriteOptions, schema: Any, batches: Iterable[Any]) -> Iterator[bytes]:
    """The workbook in pieces. Raises InputRefused for what no workbook holds."""
    if len(schema) > MOST_COLUMNS:
        raise workbook_too_large(f"{len(schema):,} columns, but a sheet has {MOST_COLUMNS:,}")
    return Book(options, schema).pieces(batches)


class Book:
    """One workbook while it is written; `pieces` is called once."""

    def __init__(self, options: WriteOptions, schema: Any) -> None:
        self.options, self.schema = options, schema
        self._archive = ZipStream()
        self._sheet_bytes = 0

    def pieces(self, batches: Iterable[Any]) -> Iterator[bytes]:
        try:
            yield from self._pieces(batches)
        except ArchiveTooLarge:
            raise workbook_too_large("more than 4 GB") from None

    def _pieces(self, batches: Iterable[Any]) -> Iterator[bytes]:
        archive, sheet = self._archive, 1
        yield archive.whole("_rels/.rels", parts.ROOT)
        yield archive.whole("xl/styles.xml", parts.styles())
        yield self._begin(sheet)
        for number, xml, packed in self._made(self._blocks(batches)):
            if number != sheet:
                yield self._end()
                yield self._begin(number)
                sheet = number
            self._sheet_bytes += len(xml)
            yield archive.block(xml, packed)
        yield self._end()
        yield archive.whole("xl/workbook.xml", parts.workbook(sheet))
        yield archive.whole("xl/_rels/workbook.xml.rels", parts.workbook_parts(sheet))
        yield archive.whole("[Content_Types].xml", parts.content_types(sheet))
        yield archive.finish()

    def _blocks(self, batches: Iterable[Any]) -> Iterator[Block]:
        """Batches cut where a sheet ends."""
        first = 2 if self.options.header else 1
        sheet, row, whole = 1, first, first
        for batch in slices(batches, self.schema):
            while batch.num_rows:
                if row > MOST_ROWS or self._sheet_bytes > MOST_SHEET_BYTES:
                    sheet, row, self._sheet_bytes = sheet + 1, first, 0
                block = batch.slice(0, MOST_ROWS - row + 1)
                yield Block(sheet, row, Place(block, whole))
                row, whole = row + block.num_rows, whole + block.num_rows
                batch = batch.slice(block.num_rows)

    def _made(self, blocks: Iterator[Block]) -> Iterator[tuple[int, bytes, bytes]]:
        """(sheet, XML, the same deflated) in order, a few blocks under way at a time."""
        under_way: deque[tuple[int, Future[tuple[bytes, bytes]]]] = deque()
        with ThreadPoolExecutor(THREADS, "sheet") as pool:
            for block in blocks:
                under_way.append((block.sheet, pool.submit(self._make, block)))
                if len(under_way) > AHEAD:
                    sheet, made = under_way.popleft()
                    yield sheet, *made.result()
            for sheet, made in under_way:
                yield sheet, *made.result()

    def _make(self, block: Block) -> tuple[bytes, bytes]:
        xml = self._rows(block.place, block.row)
        return xml, deflate(xml)

    def _rows(self, place: Place, row: int, look: str = "") -> bytes:
        numbers = pa.array(np.arange(row, row + place.batch.num_rows)).cast(pa.string())
        line, escape = Line(), self.options.escapes
        line.add('<row r="', numbers, '">')
        for number in range(len(self.schema)):
            line.add(*cell_parts(place, Column(number, numbers, look), escape=escape))
        line.add("</row>")
        return line.joined()

    def _begin(self, sheet: int) -> bytes:
        start = parts.sheet_start(self.schema, frozen=self.options.header)
        head = self._archive.begin(f"xl/worksheets/sheet{sheet}.xml")
        data = start.encode() + self._header()
        return head + self._archive.block(data, deflate(data))

    def _header(self) -> bytes:
        if not self.options.header:
            return b""
        names = self.schema.names
        row = pa.RecordBatch.from_arrays([pa.array([name]) for name in names], names=names)
        return self._rows(Place(row, 1), 1, parts.BOLD)

    def _end(self) -> bytes:
        data = parts.SHEET_END.encode()
        return self._archive.block(data, deflate(data)) + self._archive.end()
