"""The objects of a JSON file as texts with their rows: one on a line, or in one array."""

import json
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from dashboard.formats import json_refusals, refusals
from dashboard.formats.json_text import WHITESPACE, parse_object, scan_value
from dashboard.formats.layout import BOM, MAX_RECORD_BYTES

BLOCK_BYTES = 1 << 20


class Texts(NamedTuple):
    """Each object's text and its row: the line in the file, or the place in the array from 1."""

    numbers: list[int]
    texts: list[str]


def read_texts(stream: BinaryIO, block_bytes: int = BLOCK_BYTES) -> Iterator[Texts]:
    """The objects in file order, about `block_bytes` at a time. Raises FileRefused.

    Holds at most MAX_RECORD_BYTES + 2 × `block_bytes`. Blank lines are no rows, yet count.
    """
    head = stream.read(block_bytes)
    while not tells_enough(head) and len(head) <= MAX_RECORD_BYTES:
        more = stream.read(block_bytes)
        if not more:
            break
        head += more
    head = head.removeprefix(BOM)
    if not head.strip():
        raise refusals.empty() if len(head) <= MAX_RECORD_BYTES else refusals.line_too_long(1)
    inside = head.lstrip()
    if inside[:1] == b"[" and inside[1:].lstrip()[:1] in (b"{", b"]"):
        return array_texts(head, stream, block_bytes)
    return line_texts(head, stream, block_bytes)


def tells_enough(head: bytes) -> bool:
    """Its first character, and the one behind it if that is a bracket."""
    start = head.removeprefix(BOM).lstrip()
    return len(head) > len(BOM) and len(start.removeprefix(b"[").lstrip()) > 0


def line_texts(head: bytes, stream: BinaryIO, block_bytes: int) -> Iterator[Texts]:
    row, carry = 1, head
    more = stream.read(block_bytes)
    while carry:
        stop = carry.rfind(b"\n") + 1 if more else len(carry)
        if len(carry) - stop > MAX_RECORD_BYTES:
            raise refusals.line_too_long(row + carry.count(b"\n"))
        lines = decode(carry[:stop], row).split("\n")
        filled = [
            (number, line)
            for number, line in enumerate(lines, row)
            if line and line.strip(WHITESPACE)
        ]
        if filled:
            yield Texts([number for number, _ in filled], [line for _, line in filled])
        row += len(lines) - 1
        carry, more = carry[stop:] + more, stream.read(block_bytes) if more else b""


def decode(data: bytes, row: int) -> str:
    """`data` begins with row `row` and ends with a line end or the file."""
    zero = data.find(b"\0")
    if zero >= 0:
        raise refusals.nul_byte(row + data.count(b"\n", 0, zero))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = row + data.count(b"\n", 0, error.start)
        raise refusals.wrong_encoding(line, data[error.start]) from None


class ArrayText:
    """The text of one array, read on as it is needed."""

    def __init__(self, head: bytes, stream: BinaryIO, block_bytes: int) -> None:
        self.stream, self.block_bytes = stream, block_bytes
        self.text, self.place, self.row, self._carry = "", 0, 0, b""
        self._take(head)

    def _take(self, data: bytes) -> None:
        """What stands before `place` is done with; a character cut in two waits."""
        data = self._carry + data
        # A last byte of a longer character is at most three bytes before its end.
        tail = next((n for n in range(1, 4) if data[-n:][:1] >= b"\xc0"), 0) if data else 0
        self._carry = data[len(data) - tail :] if tail else b""
        self.text = self.text[self.place :] + decode(data[: len(data) - tail], self.row + 1)
        self.place = 0

    def read_on(self) -> bool:
        data = self.stream.read(self.block_bytes)
        if data:
            self._take(data)
        elif self._carry:
            raise refusals.wrong_encoding(self.row + 1, self._carry[0])
        return bool(data)

    def next_character(self) -> str:
        """The next one that is no space, "" at the end of the file; not stepped over."""
        while True:
            while self.text[self.place : self.place + 1] in tuple(WHITESPACE):
                self.place += 1
            if self.place < len(self.text):
                return self.text[self.place]
            if not self.read_on():
                return ""

    def next_object(self) -> str:
        """The text of the object that begins at `place`."""
        while True:
            try:
                _, end = scan_value(self.text, self.place, self.row)
            except json.JSONDecodeError:
                if len(self.text) - self.place > MAX_RECORD_BYTES:
                    raise json_refusals.object_too_long(self.row) from None
                if self.read_on():
                    continue
                parse_object(self.text[self.place :], self.row)
                raise
            found, self.place = self.text[self.place : end], end
            return found


def array_texts(head: bytes, stream: BinaryIO, block_bytes: int) -> Iterator[Texts]:
    source = ArrayText(head, stream, block_bytes)
    source.next_character()
    source.place += 1
    found, size = Texts([], []), 0
    mark = "," if source.next_character() != "]" else "]"
    while mark == ",":
        source.row += 1
        if source.next_character() == "":
            raise json_refusals.array_not_closed(source.row - 1)
        text = source.next_object()
        found.numbers.append(source.row)
        found.texts.append(text)
        size += len(text)
        if size >= block_bytes:
            yield found
            found, size = Texts([], []), 0
        mark = source.next_character()
        source.place += 1
    finish_array(source, mark)
    if found.texts:
        yield found


def finish_array(source: ArrayText, mark: str) -> None:
    if not mark:
        raise json_refusals.array_not_closed(source.row)
    if mark != "]":
        raise json_refusals.not_json(source.row, 1, f"{mark!r} follows where , or ] is needed")
    if source.row == 0:
        source.place += 1
    if source.next_character():
        raise json_refusals.after_the_array(source.row)
