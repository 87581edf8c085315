"""The first records of a delimited file, as far as they tell how it is written."""

from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from dashboard.errors import FileRefused
from dashboard.formats import refusals
from dashboard.formats.layout import BOM, MAX_RECORD_BYTES
from dashboard.formats.record_index import LF, RecordScan

HEAD_BYTES = 256 << 10
SAMPLE_RECORDS = 200


class HeadRecord(NamedTuple):
    """A record's bytes without the line end, its file line, and the byte of the file after it."""

    raw: bytes
    row: int
    after: int

    @property
    def text(self) -> str:
        """Raises FileRefused when it is no text."""
        if b"\0" in self.raw:
            raise refusals.nul_byte(self.row)
        try:
            return self.raw.decode()
        except UnicodeDecodeError as error:
            before = self.raw[: error.start].count(b"\n")
            raise refusals.wrong_encoding(self.row + before, self.raw[error.start]) from None

    @property
    def sample(self) -> str:
        """For counting only."""
        return self.raw.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Head:
    """The start of a file without its byte order mark. `start` is the byte where it begins."""

    data: bytes
    start: int
    whole: bool

    def from_line(self, line: int) -> tuple[int, bool]:
        """The byte in `data` where a file line (from 1) begins; False when it is not reached."""
        place = 0
        for _ in range(line - 1):
            place = self.data.find(LF, place) + 1
            if not place:
                return len(self.data), False
        return place, place < len(self.data)

    def records(self, place: int, line: int, quote: str) -> list[HeadRecord]:
        """The records from a byte of `data` on, which is the start of file line `line`."""
        piece = memoryview(self.data)[place:]
        scan = RecordScan(piece, ",", quote, last=self.whole)
        index = scan.index()
        found = []
        for number in range(min(len(index.starts), SAMPLE_RECORDS)):
            first, end = int(index.starts[number]), int(index.ends[number])
            line_break = scan.breaks[scan.breaks.searchsorted(end)]
            after = min(int(line_break) + 1, len(piece))
            row = line + int(index.lines[number])
            found.append(HeadRecord(bytes(piece[first:end]), row, self.start + place + after))
        return found

    def refusal(self, place: int, line: int, quote: str) -> FileRefused:
        """Why no record could be found from there on."""
        scan = RecordScan(memoryview(self.data)[place:], ",", quote, last=self.whole)
        if scan.open_quote():
            return refusals.unclosed_quote(line + scan.line_of_open_quote())
        if self.whole:
            return refusals.empty()
        return refusals.line_too_long(line + scan.line_of(scan.stop))


def read_head(stream: BinaryIO, quote: str, line: int = 1) -> Head:
    """Enough of the stream to hold a whole record from file line `line` on, or all there is."""
    stream.seek(0)
    data = stream.read(HEAD_BYTES)
    start = len(BOM) if data.startswith(BOM) else 0
    head = Head(data[start:], start, len(data) < HEAD_BYTES)
    while not head.whole:
        place, reached = head.from_line(line)
        if reached and head.records(place, line, quote):
            break
        if len(head.data) - (place if reached else 0) > MAX_RECORD_BYTES:
            break
        more = stream.read(len(head.data))
        head = Head(head.data + more, start, len(more) < len(head.data))
    return head
