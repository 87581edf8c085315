"""A sheet's XML in pieces: whole blocks of plain rows apart from all that needs a real parser."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, Protocol, TypeVar

from dashboard.formats import workbook_refusals as refusals
from dashboard.formats.workbook_rows import Facts, Row, RowReader

BLOCK_BYTES = 2 << 20
MOST_WITHOUT_ROW = 64 << 20
OPEN, CLOSE, ROW_END = b"<sheetData>", b"</sheetData>", b"</row>"
PLAIN_ENCODINGS = ("", "utf-8", "us-ascii", "ascii")


class Piece(NamedTuple):
    """`rows`: nothing but whole rows, as far as bytes can tell."""

    data: bytes
    rows: bool


class Block(Protocol):
    """A piece's rows as columns (workbook_blocks.py)."""

    first_row: int
    last_row: int
    facts: Facts


B = TypeVar("B", bound=Block)


def cut_sheet(pieces: Iterator[bytes], block_bytes: int = BLOCK_BYTES) -> Iterator[Piece]:
    """All bytes of the sheet's XML, in order."""
    head = b""
    for piece in pieces:
        head += piece
        at = head.find(OPEN)
        if at >= 0:
            yield Piece(head[: at + len(OPEN)], rows=False)
            yield from cut_rows(head[at + len(OPEN) :], pieces, block_bytes)
            return
        if len(head) > block_bytes:
            break
    yield Piece(head, rows=False)
    yield from (Piece(piece, rows=False) for piece in pieces)


def cut_rows(data: bytes, pieces: Iterator[bytes], block_bytes: int) -> Iterator[Piece]:
    """Blocks of rows, then what follows the last one."""
    searched, cut = 0, data.rfind(ROW_END)
    while (end := data.find(CLOSE, max(searched, cut))) < 0:
        if cut >= 0 and len(data) >= block_bytes:
            yield Piece(data[: cut + len(ROW_END)], rows=True)
            data = data[cut + len(ROW_END) :]
        elif len(data) > MOST_WITHOUT_ROW:
            break
        searched = max(len(data) - len(CLOSE), 0)
        piece = next(pieces, None)
        if piece is None:
            break
        data += piece
        cut = data.rfind(ROW_END)
    if end >= 0:
        yield Piece(data[:end], rows=True)
        data = data[end:]
    yield Piece(data, rows=False)
    yield from (Piece(piece, rows=False) for piece in pieces)


def read_rows(pieces: Iterator[Piece], reader: RowReader) -> Iterator[list[Row]]:
    """Every piece through the parser."""
    for piece in pieces:
        reader.xml.feed(piece.data)
        if reader.rows:
            yield reader.take()
    reader.xml.feed(b"", last=True)


def read_blocks(
    pieces: Iterator[Piece], reader: RowReader, parse: Callable[[bytes], B | None], threads: int
) -> Iterator[list[Row] | B]:
    """Plain blocks by `parse`, several at a time; what it gives back (None) by the parser.

    The parser sees the sheet without the blocks, so it is always between two rows.
    """
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[tuple[Piece, Future[B | None] | None]] = deque()
        more = True
        while more or waiting:
            while more and len(waiting) < 2 * threads:
                piece = next(pieces, None)
                more = piece is not None
                if piece is not None:
                    future = pool.submit(parse, piece.data) if piece.rows else None
                    waiting.append((piece, future))
            if waiting:
                yield from settle(*waiting.popleft(), reader)
    reader.xml.feed(b"", last=True)


def settle(
    piece: Piece, future: Future[B | None] | None, reader: RowReader
) -> Iterator[list[Row] | B]:
    block = future.result() if future is not None else None
    plain = reader.inside and reader.xml.encoding in PLAIN_ENCODINGS and not reader.by_parser
    if block is None or not plain:
        # A comment or CDATA may hold what looks like rows: from here on only the parser knows.
        reader.by_parser = reader.by_parser or (piece.rows and b"<!" in piece.data)
        reader.xml.feed(piece.data)
        if reader.rows:
            yield reader.take()
        return
    if block.first_row <= reader.row:
        raise refusals.damaged(f"row {block.first_row} stands behind row {reader.row}")
    reader.row = block.last_row
    reader.facts.add(block.facts)
    yield block
