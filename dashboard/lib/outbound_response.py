"""The answer to an outbound call: its body in pieces, unpacked, never more than was asked for."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from dashboard.lib.outbound_deadline import Deadline
from dashboard.lib.outbound_errors import BadAnswer, BadStatus, BodyCutOff, BodyTooLarge

PIECE_BYTES = 64 << 10
GZIP_WINDOW = 31  # zlib's number for deflate inside a gzip wrapper


class Raw(Protocol):
    """What is used of urllib3's response."""

    def read1(self, amt: int | None = None, decode_content: bool | None = None) -> bytes: ...


class Response:
    """`headers` are found in either case of letters; `site` names the server for people.

    The deadline goes on until it is closed: keep the body first, and work on it after.
    """

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        raw: Raw,
        *,
        site: str,
        deadline: Deadline,
        most: int,
        check: Callable[[], None],
        translated: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self.status, self.headers, self.site = status, headers, site
        self._raw, self._deadline, self._most = raw, deadline, most
        self._check, self._translated = check, translated

    def raise_for_status(self) -> None:
        """Raises BadStatus unless the answer is a 2xx."""
        if not 200 <= self.status < 300:
            raise BadStatus(f"{self.site} answered with status {self.status}.", self.status)

    def read(self) -> bytes:
        """The whole body."""
        return b"".join(self.pieces())

    def pieces(self) -> Iterator[bytes]:
        """The body, once. Raises OutboundError, and what the caller's `check` raises."""
        encoding = self.headers.get("content-encoding", "").strip().lower()
        if encoding in ("", "identity"):
            yield from self._counted(self._received())
        elif encoding in ("gzip", "x-gzip"):
            yield from self._counted(self._unpacked(self._counted(self._received())))
        else:
            raise BadAnswer(
                f"{self.site} sent a body packed in a way that was not asked for. Let it send plain"
                " bodies, or gzip."
            )

    def _received(self) -> Iterator[bytes]:
        while True:
            self._check()
            with self._translated():
                piece = self._raw.read1(PIECE_BYTES, decode_content=False)
            if not piece:
                break
            yield piece
        # Shut by the deadline, a body without a length looks as if it were complete.
        self._deadline.check()

    def _unpacked(self, packed: Iterator[bytes]) -> Iterator[bytes]:
        inflater, begun = zlib.decompressobj(GZIP_WINDOW), False
        for piece in packed:
            data, begun, more = piece, True, True
            while data or more:
                if inflater.eof:
                    # Another member follows, as files joined by `cat` have them.
                    inflater = zlib.decompressobj(GZIP_WINDOW)
                try:
                    text = inflater.decompress(data, PIECE_BYTES)
                except zlib.error:
                    raise BadAnswer(f"{self.site} sent a body whose gzip is damaged.") from None
                if text:
                    yield text
                more = len(text) == PIECE_BYTES and not inflater.eof
                data = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        if begun and not inflater.eof:
            raise cut_off(self.site)

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        left = self._most
        for piece in pieces:
            left -= len(piece)
            if left < 0:
                raise BodyTooLarge(
                    f"{self.site} sent more than the {self._most:,} bytes allowed. Ask it for less"
                    " at a time, or raise the limit."
                )
            yield piece


def cut_off(site: str) -> BodyCutOff:
    return BodyCutOff(f"{site} ended its answer too early: a part of the body is missing.")
