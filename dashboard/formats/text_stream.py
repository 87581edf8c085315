"""A file's contents as a stream of UTF-8 bytes, whatever they are packed and written in."""

import codecs
import io
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from dashboard.formats import file_refusals as refusals

BUFFER_BYTES = 256 << 10


class PieceStream(io.RawIOBase):
    """Reads an iterator of pieces; going back begins a new iterator and skips forward."""

    def __init__(self, make_pieces: Callable[[], Iterator[bytes]]) -> None:
        self._make_pieces = make_pieces
        self._pieces = make_pieces()
        self._rest = memoryview(b"")
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        given = self._rest[: len(buffer)]
        buffer[: len(given)] = given
        self._rest = self._rest[len(given) :]
        self._position += len(given)
        return len(given)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_CUR:
            offset += self._position
        elif whence != io.SEEK_SET:
            raise io.UnsupportedOperation("the end is not known before it is read")
        if offset < self._position:
            self._close_pieces()
            self._pieces, self._rest, self._position = self._make_pieces(), memoryview(b""), 0
        skipped = bytearray(BUFFER_BYTES)
        while self._position < offset:
            if not self.readinto(memoryview(skipped)[: offset - self._position]):
                break
        return self._position

    def close(self) -> None:
        self._close_pieces()
        super().close()

    def _close_pieces(self) -> None:
        # An iterator that is a generator holds the file open until it is closed.
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()


def open_pieces(make_pieces: Callable[[], Iterator[bytes]]) -> BinaryIO:
    """The pieces as a file: read, readline, and seek from the start."""
    return io.BufferedReader(PieceStream(make_pieces), BUFFER_BYTES)


def to_utf8(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Bytes of another encoding as UTF-8, strictly, without a byte order mark at the start.

    Raises FileRefused with the row (line of the file) of a byte the encoding does not know.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    row, first = 1, True
    for piece in with_end(pieces):
        try:
            text = decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            raise undecodable(error, encoding, row) from None
        except UnicodeError:
            # Codecs that keep state, such as utf-7, may not say where.
            raise refusals.undecodable(row, piece[0] if piece else 0, encoding) from None
        if first and text:
            text, first = text.removeprefix("\ufeff"), False
        row += text.count("\n")
        if text:
            yield encode(text, row, encoding)


def with_end(pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield from pieces
    yield b""


def undecodable(error: UnicodeDecodeError, encoding: str, row: int) -> Exception:
    before = error.object[: error.start].decode(encoding, "replace")
    byte = error.object[error.start] if error.start < len(error.object) else 0
    return refusals.undecodable(row + before.count("\n"), byte, encoding)


def encode(text: str, row: int, encoding: str) -> bytes:
    """A lone surrogate, as utf-7 lets through, is in no text."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        row -= text.count("\n", error.start)
        raise refusals.undecodable(row, 0, encoding) from None


def without_mark(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """UTF-8 without the byte order mark."""
    first = b""
    for piece in pieces:
        first += piece
        if len(first) >= len(codecs.BOM_UTF8):
            break
    yield first.removeprefix(codecs.BOM_UTF8)
    yield from pieces
