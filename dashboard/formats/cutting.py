"""Cut a delimited file into blocks at record ends, refusing what cannot be read with certainty."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from dashboard.formats import refusals
from dashboard.formats.layout import BLOCK_BYTES, MAX_RECORD_BYTES, Layout
from dashboard.formats.record_index import RecordIndex, RecordScan


@dataclass(frozen=True, slots=True)
class Block:
    """Whole records that lie together: what one chunk holds.

    `offset` is the first byte of its first record, `first_row` that record's line in the file
    (header line = 1), `rows` its records; blank lines between them are no records. `quoted`,
    `blank` and `crlf` may be true without need, never false.
    """

    offset: int
    length: int
    first_row: int
    rows: int
    quoted: bool = True
    blank: bool = True
    crlf: bool = True


def cut(
    stream: BinaryIO,
    layout: Layout,
    *,
    block_bytes: int = BLOCK_BYTES,
    block_rows: int | None = None,
) -> Iterator[tuple[Block, memoryview]]:
    """Blocks in file order, each with its bytes, so that the file is read once.

    Holds at most MAX_RECORD_BYTES + 2 × `block_bytes`. Raises FileRefused.
    """
    stream.seek(layout.data_offset)
    offset, row, found = layout.data_offset, layout.data_row, False
    carry, read, last = b"", stream.read(block_bytes), False
    while not last:
        following = stream.read(block_bytes)
        data, last = carry + read, not following
        scan = RecordScan(data, layout.delimiter, layout.quote, last=last)
        check(data, scan, row, last=last)
        index = scan.index()
        for block, piece in split(data, index, block_rows, offset, row):
            found = True
            yield block, piece
        row += scan.line_of(index.stop)
        offset += index.stop
        carry, read = data[index.stop :], following
    if not found:
        raise refusals.no_rows()


def check(data: bytes, scan: RecordScan, row: int, *, last: bool) -> None:
    """Refuse the piece that begins at file line `row` when it cannot be read with certainty."""
    zero = data.find(b"\0")
    if zero >= 0:
        raise refusals.nul_byte(row + scan.line_of(zero))
    check_utf8(data[: scan.stop], scan, row)
    if len(scan.returns):
        scan.check_returns(row)
    if len(scan.quotes):
        scan.check_quotes(row)
    first_end = int(scan.breaks[0]) if len(scan.breaks) else 0
    unfinished = len(data) - scan.stop
    if last and unfinished:
        check_utf8(data, scan, row)
        raise refusals.unclosed_quote(row + scan.line_of_open_quote())
    if unfinished > MAX_RECORD_BYTES and scan.open_quote():
        raise refusals.unclosed_quote(row + scan.line_of_open_quote())
    if first_end > MAX_RECORD_BYTES:
        raise refusals.line_too_long(row)
    if unfinished > MAX_RECORD_BYTES:
        raise refusals.line_too_long(row + scan.line_of(scan.stop))


def check_utf8(data: bytes, scan: RecordScan, row: int) -> None:
    if data.isascii():
        return
    try:
        data.decode()
    except UnicodeDecodeError as error:
        position = error.start
        raise refusals.wrong_encoding(row + scan.line_of(position), data[position]) from None


def split(
    data: bytes, index: RecordIndex, block_rows: int | None, offset: int, row: int
) -> Iterator[tuple[Block, memoryview]]:
    """The records of one piece as blocks of at most `block_rows`; none when it has no records."""
    view = memoryview(data)
    total = len(index.starts)
    step = block_rows or max(total, 1)
    for first in range(0, total, step):
        after = min(first + step, total)
        start = int(index.starts[first])
        stop = int(index.starts[after]) if after < total else index.stop
        yield (
            Block(
                offset=offset + start,
                length=stop - start,
                first_row=row + int(index.lines[first]),
                rows=after - first,
                quoted=index.quoted,
                blank=index.blank,
                crlf=index.crlf,
            ),
            view[start:stop],
        )
