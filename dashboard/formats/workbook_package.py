"""An XLSX or ODS file as a package: opened only when its sizes and names are believable."""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from posixpath import normpath
from typing import Any
from xml.parsers import expat

from dashboard.formats import workbook_refusals as refusals

PIECE_BYTES = 1 << 20
MOST_PARTS = 20_000
MOST_NAMES = 5_000
MOST_RATIO = 200
BOMB_BYTES = 50 << 20  # what unpacks to less is harmless whatever its ratio
MOST_BYTES = 16 << 30
MOST_SMALL_PART = 64 << 20  # styles, relations, the list of sheets
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError)


class Package:
    """Reads parts by name, whatever their case. Raises FileRefused."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> "Package":
        """Raises FileRefused for sizes that no workbook has."""
        # Opened here, so that closing it does not wait for a part that is still being read.
        self.file = self.path.open("rb")
        try:
            self.open()
        except BaseException:
            self.file.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def open(self) -> None:
        try:
            self.archive = zipfile.ZipFile(self.file)
        except UNREADABLE as error:
            raise refusals.damaged("it is cut off or no whole ZIP archive") from error
        parts = self.archive.infolist()
        self.parts = {part.filename.replace("\\", "/").lower(): part for part in parts}
        check_parts(parts, self.path.stat().st_size)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self.parts

    def unpacked(self, name: str) -> int:
        """Bytes the part has unpacked, as it declares; no more are ever read."""
        return self.parts[name.lower()].file_size

    def pieces(self, name: str, size: int = PIECE_BYTES) -> Iterator[bytes]:
        try:
            with self.archive.open(self.parts[name.lower()]) as stream:
                while piece := stream.read(size):
                    yield piece
        except (*UNREADABLE, RuntimeError) as error:
            raise refusals.damaged(f"its part {name[:80]} cannot be unpacked") from error

    def read(self, name: str) -> bytes:
        """A small part whole."""
        if self.unpacked(name) > MOST_SMALL_PART:
            raise refusals.bomb()
        return b"".join(self.pieces(name))


def check_parts(parts: list[zipfile.ZipInfo], size: int) -> None:
    if len(parts) > MOST_PARTS:
        raise refusals.bomb()
    check_sizes(parts, size)
    if any(part.flag_bits & 1 for part in parts):
        raise refusals.encrypted()


def check_sizes(parts: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse what unpacks to far more than it weighs, before anything is unpacked."""
    total = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if total > MOST_BYTES or (total > BOMB_BYTES and total > MOST_RATIO * min(size, packed)):
        raise refusals.bomb()
    for part in parts:
        if part.file_size > BOMB_BYTES and part.file_size > MOST_RATIO * part.compress_size:
            raise refusals.bomb()


def absolute(base: str, target: str) -> str:
    """A relation's target as a part's name."""
    folder = "" if target.startswith("/") else base.rpartition("/")[0]
    return normpath(f"{folder}/{target}".replace("\\", "/")).lstrip("/")


class Names(dict[str, str]):
    """Names without their prefix, remembered: a file has millions of tags, but few names."""

    def __missing__(self, name: str) -> str:
        short = name.rpartition(":")[2]
        if len(self) < MOST_NAMES:
            self[name] = short
        return short


NAMES = Names()


class XmlReader:
    """Feeds XML to handlers that get names without a prefix. Raises FileRefused.

    A document type is refused at sight, so no entity is ever expanded.
    """

    def __init__(
        self,
        start: Callable[[str, dict[str, str]], Any],
        end: Callable[[str], Any] | None = None,
        text: Callable[[str], Any] | None = None,
    ) -> None:
        self.start, self.end = start, end
        self.encoding = ""
        parser = self.parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self.on_start
        parser.StartDoctypeDeclHandler = self.on_doctype
        parser.XmlDeclHandler = self.on_declaration
        if end is not None:
            parser.EndElementHandler = self.on_end
        if text is not None:
            parser.CharacterDataHandler = text

    def on_start(self, name: str, attributes: dict[str, str]) -> None:
        self.start(NAMES[name], attributes)

    def on_end(self, name: str) -> None:
        if self.end is not None:
            self.end(NAMES[name])

    def on_doctype(self, *_: object) -> None:
        raise refusals.has_doctype()

    def on_declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        self.encoding = (encoding or "").lower()

    def feed(self, data: bytes, *, last: bool = False) -> None:
        try:
            self.parser.Parse(data, last)
        except expat.ExpatError as error:
            raise refusals.damaged(f"its XML is broken ({error})") from error
        except (LookupError, ValueError) as error:
            raise refusals.damaged("its text has an unknown encoding") from error


def read_xml(data: bytes, start: Callable[[str, dict[str, str]], Any]) -> None:
    """Every element of a small part, in order."""
    XmlReader(start).feed(data, last=True)


def local(attributes: dict[str, str]) -> dict[str, str]:
    """Attributes by their names without a prefix."""
    return {NAMES[name]: value for name, value in attributes.items()}


CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})\Z")


def column_number(letters: str) -> int:
    """A = 0."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letters(number: int) -> str:
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
