"""Where the records of a piece of a delimited file begin and end, found at vector speed."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dashboard.formats import refusals

Positions = npt.NDArray[np.int64]
LF, CR = 10, 13


@dataclass(frozen=True, slots=True)
class RecordIndex:
    """Byte positions within one piece; blank lines are no records.

    `ends` excludes the line end. `lines` holds, per record, how many lines lie before it.
    `stop` is the byte after the last complete record or blank line.
    """

    starts: Positions
    ends: Positions
    lines: Positions
    stop: int
    quoted: bool
    crlf: bool
    blank: bool


class RecordScan:
    """Looks at one piece once. `last` says that the file ends here, with or without a line end."""

    def __init__(self, data: bytes | memoryview, delimiter: str, quote: str, *, last: bool) -> None:
        self.text = np.frombuffer(data, np.uint8)
        self.delimiter = ord(delimiter)
        self.newlines = np.flatnonzero(self.text == LF)
        self.quotes = self._find(ord(quote)) if quote else self.newlines[:0]
        self.returns = self._find(CR)
        self.breaks = self._outside(self.newlines)
        size = len(self.text)
        self.stop = int(self.breaks[-1]) + 1 if len(self.breaks) else 0
        if last and self.stop < size and not self.open_quote():
            self.breaks = np.append(self.breaks, size)
            self.stop = size

    def _find(self, byte: int) -> Positions:
        found: Positions = np.flatnonzero(self.text == byte)
        return found

    def _outside(self, positions: Positions) -> Positions:
        if not len(self.quotes):
            return positions
        outside: Positions = positions[np.searchsorted(self.quotes, positions) & 1 == 0]
        return outside

    def open_quote(self) -> bool:
        return len(self.quotes) & 1 == 1

    def line_of(self, position: int) -> int:
        """How many lines lie before this byte."""
        return int(np.searchsorted(self.newlines, position))

    def line_of_open_quote(self) -> int:
        return self.line_of(int(self.quotes[-1]))

    def check_returns(self, first_row: int) -> None:
        """A carriage return outside quotes must be followed by a line feed."""
        returns = self._outside(self.returns[self.returns < self.stop])
        if len(returns):
            following = self._byte_after(returns)
            lone = returns[following != LF]
            if len(lone):
                raise refusals.lone_return(first_row + self.line_of(int(lone[0])))

    def check_quotes(self, first_row: int) -> None:
        """Quotes open only at the start of a cell and close only at its end.

        A closing quote and an opening one side by side are one quote inside a cell.
        """
        opening, closing = self.quotes[0::2], self.quotes[1::2]
        doubled = np.zeros(len(opening) + 1, np.bool_)
        doubled[1 : len(opening)] = opening[1:] == closing[: len(opening) - 1] + 1
        before = np.where(opening > 0, self.text[opening - 1], np.uint8(LF))
        stray_open = ~(self._is_cell_edge(before) | doubled[:-1])
        stray_close = ~self._is_cell_edge(self._byte_after(closing))
        stray_close &= ~doubled[1 : len(closing) + 1]
        pairs = stray_open.copy()
        pairs[: len(closing)] |= stray_close
        wrong_pairs = np.flatnonzero(pairs)
        if len(wrong_pairs):
            first = int(wrong_pairs[0])
            raise self._misplaced(opening, closing, first, bool(stray_open[first]), first_row)

    def _misplaced(
        self, opening: Positions, closing: Positions, pair: int, is_open: bool, first_row: int
    ) -> Exception:
        begin = first_row + self.line_of(int(opening[pair]))
        if is_open:
            return refusals.stray_quote(begin)
        close = int(closing[pair])
        # A later cell's opening quote was taken for the closing one: name where it really began.
        looks_like_opening = self._is_cell_edge(self.text[close - 1 : close])[0]
        end = first_row + self.line_of(close)
        if end != begin and looks_like_opening:
            return refusals.unclosed_quote(begin)
        return refusals.stray_quote(end)

    def _is_cell_edge(self, bytes_: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
        return np.asarray((bytes_ == self.delimiter) | (bytes_ == LF) | (bytes_ == CR))

    def _byte_after(self, positions: Positions) -> npt.NDArray[np.uint8]:
        at_end = positions + 1 >= len(self.text)
        following = self.text[np.minimum(positions + 1, len(self.text) - 1)]
        return np.where(at_end, np.uint8(LF), following)

    def index(self) -> RecordIndex:
        ends = self.breaks
        starts = np.empty_like(ends)
        starts[:1] = 0
        starts[1:] = ends[:-1] + 1
        crlf = bool(len(self.returns))
        if crlf:
            ends = ends - ((ends > starts) & (self.text[ends - 1] == CR))
        filled = ends > starts
        blank = not filled.all()
        if blank:
            starts, ends = starts[filled], ends[filled]
        quoted = bool(len(self.quotes))
        if quoted:
            lines = np.searchsorted(self.newlines, starts)
        else:
            lines = np.flatnonzero(filled) if blank else np.arange(len(starts))
        return RecordIndex(starts, ends, lines, self.stop, quoted, crlf, blank)
