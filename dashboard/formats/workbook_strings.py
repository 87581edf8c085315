"""The shared texts of an XLSX workbook: all of them, or only those that are asked for."""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator
from itertools import chain

from dashboard.formats import workbook_refusals as refusals
from dashboard.formats.workbook_package import Package, XmlReader
from dashboard.formats.workbook_values import has_controls, unescape, xml_text

# Possessive, so that a text of many megabytes is read over once.
ENTRY = re.compile(
    rb'<si>(?:<t(?: xml:space="preserve")?>([^<]*+)</t></si>|((?:[^<]++|<(?!/si>))*+)</si>)|<si/>'
)
START = re.compile(rb"<si[ />]")
OPEN = re.compile(rb"<sst(?: [^>]*)?>")
MOST_WAITING = 8 << 20


class Unusual(Exception):
    """Not written the way nearly all programs write it: read it with the parser."""


class StringsReader:
    """Takes the shared texts' XML; `texts` gathers them. Phonetic hints are left out."""

    def __init__(self) -> None:
        self.xml = XmlReader(self.start, self.end, self.on_text)
        self.texts: list[str] = []
        self.parts: list[str] = []
        self.taking = self.phonetic = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "si":
            self.parts.clear()
        elif name == "t":
            self.taking = not self.phonetic
        elif name == "rPh":
            self.phonetic = True

    def on_text(self, text: str) -> None:
        if self.taking:
            self.parts.append(text)

    def end(self, name: str) -> None:
        if name == "t":
            self.taking = False
        elif name == "rPh":
            self.phonetic = False
        elif name == "si":
            self.texts.append(unescape("".join(self.parts)))


def shared_texts(package: Package, part: str) -> Iterator[list[str]]:
    """All of them in order, some thousands at a time. Raises FileRefused."""
    given = 0
    try:
        for texts in plain_texts(package.pieces(part)):
            given += len(texts)
            yield texts
    except Unusual:
        for texts in parsed_texts(package.pieces(part)):
            yield texts[given:]
            given = max(given - len(texts), 0)


def parsed_texts(pieces: Iterator[bytes]) -> Iterator[list[str]]:
    reader = StringsReader()
    for piece in pieces:
        reader.xml.feed(piece)
        yield reader.texts
        reader.texts = []
    reader.xml.feed(b"", last=True)


def plain_texts(pieces: Iterator[bytes]) -> Iterator[list[str]]:
    """By pattern: every byte between the first entry and the last must belong to one."""
    data = after_opening(next(pieces, b""))
    for piece in chain([b""], pieces):
        texts, stop = entries(data + piece)
        data = (data + piece)[stop:]
        if len(data) > MOST_WAITING:
            raise Unusual
        yield texts
    if not data.startswith(b"</sst>") and not data.startswith(b"<extLst"):
        raise Unusual


def after_opening(data: bytes) -> bytes:
    """What follows the tag that holds all entries."""
    opening = OPEN.search(data)
    if opening is None or b"<!" in data[: opening.end()] or not is_utf8(data[: opening.end()]):
        raise Unusual
    return data[opening.end() :]


def is_utf8(head: bytes) -> bool:
    if not head.startswith(b"<?xml"):
        return True
    return b"encoding" not in head or b'"utf-8"' in head[:200].lower().replace(b"'", b'"')


def entries(data: bytes) -> tuple[list[str], int]:
    """The texts of the whole entries at the start of `data`, and where they end."""
    texts, stop = [], 0
    match = ENTRY.match
    try:
        while found := match(data, stop):
            stop = found.end()
            simple, rich = found.groups()
            if simple is not None:
                text = simple.decode()
                plain = b"&" not in simple and b"_x" not in simple and b"\r" not in simple
                texts.append(text if plain else xml_text(text))
            else:
                texts.append(rich_text(rich or b""))
    except ValueError:
        raise Unusual from None
    if has_controls(data[:stop]):
        raise Unusual
    return texts, stop


def rich_text(inner: bytes) -> str:
    if b"<!" in inner:
        raise Unusual
    reader = StringsReader()
    reader.xml.feed(b"<si>" + inner + b"</si>", last=True)
    return reader.texts[0]


def look_up(package: Package, part: str | None, wanted: Collection[int]) -> dict[int, str]:
    """The texts of these numbers; reads no further than the last of them. Raises FileRefused."""
    found: dict[int, str] = {}
    if not wanted:
        return found
    if part is not None:
        try:
            found = picked_texts(package.pieces(part), sorted(wanted))
        except Unusual:
            every = chain.from_iterable(shared_texts(package, part))
            found = {number: text for number, text in enumerate(every) if number in wanted}
    if len(found) < len(wanted):
        raise refusals.damaged("a cell names a shared text that is not there")
    return found


def picked_texts(pieces: Iterator[bytes], wanted: list[int]) -> dict[int, str]:
    """Only the wanted entries are parsed; of the others just the beginning is looked for."""
    data = after_opening(next(pieces, b""))
    found: dict[int, str] = {}
    first = 0  # the number of the entry that `data` begins with
    for piece in chain(pieces, [b""]):
        if b"<!" in data:
            raise Unusual
        starts = [match.start() for match in START.finditer(data)]
        # While more comes, the last entry may go on.
        last = (starts.pop() if starts else 0) if piece else len(data)
        ends = [*starts[1:], last]
        for number in wanted[bisect_left(wanted, first) : bisect_left(wanted, first + len(starts))]:
            found[number] = entry_text(data[starts[number - first] : ends[number - first]])
        if len(found) == len(wanted):
            break
        first += len(starts)
        data = data[last:] + piece
        if len(data) > MOST_WAITING:
            raise Unusual
    return found


def entry_text(raw: bytes) -> str:
    """Of one entry, with whatever stands behind it."""
    end = raw.rfind(b"</si>")
    reader = StringsReader()
    reader.xml.feed(raw[: end + 5] if end >= 0 else b"<si/>", last=True)
    return reader.texts[0]
