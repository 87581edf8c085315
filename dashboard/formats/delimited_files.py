"""Inspect, preview and count delimited text; streams are UTF-8 and can be sought in."""

from typing import BinaryIO

from dashboard.errors import FileRefused
from dashboard.formats.cells import split_cells
from dashboard.formats.cutting import check, cut
from dashboard.formats.found import Found, Preview
from dashboard.formats.heads import HEAD_BYTES
from dashboard.formats.layout import MAX_RECORD_BYTES, Layout
from dashboard.formats.reading_choices import Reading
from dashboard.formats.record_index import RecordIndex, RecordScan
from dashboard.formats.sniffing import Sniffed, detect, sniff

MOST_BYTES = 8 << 20


def inspect_delimited(stream: BinaryIO, name: str, reading: Reading) -> Found:
    return found_of(sniff_as(stream, reading))


def preview_delimited(stream: BinaryIO, name: str, reading: Reading, rows: int) -> Preview:
    """A header without rows is shown with none."""
    sniffed = sniff_as(stream, reading)
    return FirstRows(stream, sniffed.layout, rows).preview(found_of(sniffed))


def count_delimited(stream: BinaryIO, name: str, reading: Reading) -> int:
    """Reads everything. Raises FileRefused where an import would, but for a file without rows."""
    layout = sniff_as(stream, reading).layout
    try:
        return sum(block.rows for block, _ in cut(stream, layout))
    except FileRefused as refusal:
        if refusal.code == "no_rows":
            return 0
        raise


def delimited_layout(stream: BinaryIO, found: Found) -> Layout:
    """The layout of a delimited file, or of its kept form, as it was found."""
    return detect(stream, delimiter=found.delimiter, quote=found.quote, header_row=found.header_row)


def sniff_as(stream: BinaryIO, reading: Reading) -> Sniffed:
    return sniff(stream, delimiter=reading.mark, quote=reading.quote, header_row=reading.header_row)


def found_of(sniffed: Sniffed) -> Found:
    layout = sniffed.layout
    return Found(
        "delimited",
        columns=layout.columns,
        headers=layout.headers,
        header_row=layout.header_row,
        delimiter=layout.delimiter,
        quote=layout.quote,
        notes=sniffed.notes,
    )


class FirstRows:
    """The first records of a file; what is shown has passed the cutter's checks."""

    def __init__(self, stream: BinaryIO, layout: Layout, rows: int) -> None:
        self.layout = layout
        stream.seek(layout.data_offset)
        self.data, self.whole = b"", False
        self.scan, self.index = self._scan()
        # Of very long records fewer are shown.
        while not self.whole and self._wants_more(rows):
            size = max(len(self.data), HEAD_BYTES)
            more = stream.read(size)
            self.data += more
            self.whole = len(more) < size
            self.scan, self.index = self._scan()
        self.shown = min(rows, len(self.index.starts))

    def _scan(self) -> tuple[RecordScan, RecordIndex]:
        layout = self.layout
        scan = RecordScan(self.data, layout.delimiter, layout.quote, last=self.whole)
        return scan, scan.index()

    def _wants_more(self, rows: int) -> bool:
        found = len(self.index.starts)
        enough = found >= rows or (found and len(self.data) >= MOST_BYTES)
        return not (enough or self._too_long())

    def _too_long(self) -> bool:
        return len(self.data) - self.index.stop > MAX_RECORD_BYTES

    def preview(self, found: Found) -> Preview:
        layout, first = self.layout, self.layout.data_row
        total = None
        if self.whole or self._too_long():
            total = self._checked_total()
        else:
            end = int(self.index.ends[self.shown - 1]) if self.shown else 0
            head = self.data[:end]
            scan = RecordScan(head, layout.delimiter, layout.quote, last=True)
            check(head, scan, first, last=True)
        numbers = (first + self.index.lines[: self.shown]).tolist()
        cells = [self._cells(number) for number in range(self.shown)]
        width = len(layout.columns)
        ragged = [n for n, row in zip(numbers, cells, strict=True) if len(row) != width]
        padded = [row + [None] * (width - len(row)) for row in cells]
        return Preview(found, padded, numbers, total, ragged)

    def _checked_total(self) -> int:
        check(self.data, self.scan, self.layout.data_row, last=self.whole)
        return len(self.index.starts)

    def _cells(self, number: int) -> list[str | None]:
        start, end = int(self.index.starts[number]), int(self.index.ends[number])
        text = self.data[start:end].decode()
        return [*split_cells(text, self.layout.delimiter, self.layout.quote)]
