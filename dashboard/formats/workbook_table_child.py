"""Reads a whole sheet into columns, to count it or to send it. Runs in a process of its own."""

import os
import sys
import tempfile
from collections.abc import Iterator
from importlib.abc import MetaPathFinder
from typing import IO, Any

import pyarrow as pa

from dashboard.formats import workbook_refusals as refusals
from dashboard.formats.table_form import make_batch, write_batches
from dashboard.formats.workbook_blocks import BlockParser
from dashboard.formats.workbook_book import Sheet
from dashboard.formats.workbook_child import look, no_cells
from dashboard.formats.workbook_opening import Workbook, open_workbook
from dashboard.formats.workbook_parts import Part, part_of, widened, without_blanks
from dashboard.formats.workbook_request import Request, send, send_json, serve
from dashboard.formats.workbook_rows import Row
from dashboard.formats.workbook_shape import SAMPLE_ROWS, Shape, choose, describe, find_shape
from dashboard.formats.workbook_sheet import BLOCK_BYTES, cut_sheet, read_blocks
from dashboard.formats.workbook_strings import shared_texts
from dashboard.formats.workbook_xlsx import XlsxBook

COUNT, FOUND, BATCH = b"C", b"F", b"B"
THREADS = min(len(os.sched_getaffinity(0)), 4)
HELD_BYTES = 64 << 20
# Texts that many cells share can unpack to far more than the file: no more than this.
MOST_TEXT, MOST_GROWTH = 512 << 20, 200
LARGE_STRINGS = 1 << 30


class Table:
    """A sheet's records, kept until all are read: only then its columns and notes are known."""

    def __init__(self, book: Workbook, sheet: Sheet, request: Request) -> None:
        self.book, self.sheet, self.request = book, sheet, request
        self.first: list[Row] = []
        self.shape: Shape | None = None
        self.waiting: list[Part] = []
        self.records = 0
        self.held = Held(max(MOST_TEXT, MOST_GROWTH * request.path.stat().st_size))

    def read(self, *, keep: bool) -> None:
        from_row = self.request.header_row or 1
        for part in parts(self.book, self.sheet):
            if self.shape is not None:
                self.take(part, self.shape, keep=keep)
                continue
            self.waiting.append(part)
            self.first += rows_from(part, from_row, SAMPLE_ROWS + 1 - len(self.first))
            if len(self.first) > SAMPLE_ROWS:
                self.settle(keep=keep)
        if self.shape is None and self.waiting:
            self.settle(keep=keep)

    def settle(self, *, keep: bool) -> None:
        """Enough rows are there to tell where the header is."""
        shape = self.shape = find_shape(self.first, self.sheet.name, self.request.header_row)
        waiting, self.waiting = self.waiting, []
        for part in waiting:
            self.take(part, shape, keep=keep)

    def take(self, part: Part, shape: Shape, *, keep: bool) -> None:
        start = int(part.numbers.searchsorted(shape.header_row, side="right"))
        part = part.slice(start, len(part.numbers))
        self.records += len(part.numbers)
        if keep and len(part.numbers):
            used = [at for at, texts in part.columns.items() if texts.null_count < len(texts)]
            shape.widen(used)
            self.held.keep(part)

    def batches(self, names: tuple[str, ...], places: range) -> Iterator[pa.RecordBatch]:
        for numbers, columns in self.held.given_back():
            yield make_batch(names, widened(columns, places, len(numbers)), numbers)


class Held:
    """Parts that wait for the end: in memory, beyond some size in a file without a name."""

    def __init__(self, most: int) -> None:
        self.most, self.size = most, 0
        self.in_memory: list[Any] = []
        self.file: IO[bytes] | None = None
        self.in_file: list[int] = []

    def keep(self, part: Part) -> None:
        places = sorted(part.columns)
        arrays = [part.columns[at] for at in places]
        batch = make_batch([str(at) for at in places], arrays, part.numbers)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        data = sink.getvalue()
        self.size += data.size
        if self.size > self.most:
            raise refusals.bomb()
        if self.size <= HELD_BYTES:
            self.in_memory.append(data)
            return
        self.file = self.file or tempfile.TemporaryFile()  # noqa: SIM115 (closed when given back)
        self.file.write(data)
        self.in_file.append(data.size)

    def given_back(self) -> Iterator[tuple[Any, dict[int, Any]]]:
        """Row numbers and columns of each part, in order; once."""
        yield from map(opened, self.in_memory)
        if self.file is not None:
            with self.file as file:
                file.seek(0)
                for size in self.in_file:
                    yield opened(pa.py_buffer(file.read(size)))


def opened(data: Any) -> tuple[Any, dict[int, Any]]:
    batch = pa.ipc.open_stream(data).read_next_batch()
    *places, _ = batch.schema.names
    columns = {int(at): batch.column(number) for number, at in enumerate(places)}
    return batch.column(len(places)), columns


def parts(book: Workbook, sheet: Sheet) -> Iterator[Part]:
    """All rows that hold a cell, as columns."""
    strings = None
    if isinstance(book, XlsxBook):
        strings = all_strings(book)
        parse = BlockParser(strings, book.book.shown, system_1904=book.book.system_1904)
        pieces = cut_sheet(book.package.pieces(sheet.part, BLOCK_BYTES))
        found: Iterator[Any] = read_blocks(pieces, book.reader(), parse, THREADS)
    else:
        found = book.rows(sheet)
    for some in found:
        if some:
            part = some if isinstance(some, Part) else without_blanks(part_of(some, strings))
            if len(part.numbers):
                yield part


def all_strings(book: XlsxBook) -> Any:
    """All shared texts as one Arrow array, None when the workbook has none."""
    if book.book.strings is None:
        return None
    texts = shared_texts(book.package, book.book.strings)
    pieces = [pa.array(some, pa.large_string()) for some in texts]
    whole = pa.chunked_array(pieces, pa.large_string()).combine_chunks()
    return whole if whole.nbytes > LARGE_STRINGS else whole.cast(pa.string())


def rows_from(part: Part, from_row: int, most: int) -> list[Row]:
    start = int(part.numbers.searchsorted(from_row))
    return part.slice(start, len(part.numbers)).rows(most)


def first_rows(book: Workbook, sheet: Sheet, most: int, from_row: int) -> tuple[list[Row], bool]:
    """As `first_rows` of a workbook, wherever they lie."""
    rows: list[Row] = []
    for part in parts(book, sheet):
        rows += rows_from(part, from_row, most + 1 - len(rows))
        if len(rows) > most:
            return rows[:most], False
    return rows, True


def open_table(request: Request, *, keep: bool) -> tuple[Workbook, Table, Shape]:
    """The sheet to read, read. Raises FileRefused."""
    with open_workbook(request.path, request.chosen) as book:
        return book, *read_table(book, request, keep=keep)


def read_table(book: Workbook, request: Request, *, keep: bool) -> tuple[Table, Shape]:
    """Blank sheets are passed over unless chosen."""
    blank = refusals.no_sheets()
    for sheet in choose(book.sheets, request.sheet):
        table = Table(book, sheet, request)
        table.read(keep=keep)
        if table.shape is not None and table.records:
            return table, table.shape
        if table.shape is not None:
            raise refusals.no_rows(sheet.name, table.shape.header_row)
        blank = no_cells(sheet, request)
    raise blank


class NoPandas(MetaPathFinder):
    """Arrow would import it at the first array, which takes longer than most sheets do."""

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name == "pandas":
            raise ImportError(name)


def act(request: Request) -> None:
    if request.action == "look":
        look(request, first_rows)
        return
    book, table, shape = open_table(request, keep=request.action != "count")
    if request.action == "count":
        send_json(COUNT, table.records)
        return
    found = describe(book.kind, book.sheets, table.sheet, shape, book.facts)
    send_json(FOUND, found.to_json())
    for batch in write_batches(table.batches(found.columns, shape.columns)):
        send(BATCH, batch.data)


if __name__ == "__main__":
    sys.meta_path.insert(0, NoPandas())
    serve(act)
