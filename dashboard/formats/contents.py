"""What an uploaded file is: its format by content first, by name second."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from dashboard.formats import file_refusals, refusals
from dashboard.formats.binary_files import known_binary, looks_binary
from dashboard.formats.charsets import find_encoding
from dashboard.formats.containers import Container, find_container
from dashboard.formats.encodings import marked_encoding, wide_encoding
from dashboard.formats.reading_choices import DELIMITED, Reading
from dashboard.formats.text_stream import open_pieces, to_utf8, without_mark

HEAD_BYTES = 64 << 10
OLE = b"\xd0\xcf\x11\xe0"
PARQUET = (b"PAR1", b"PARE")
WORKBOOKS = {"xlsx", "xls", "ods"}
WORDS = {
    "delimited": "delimited text",
    "json-lines": "JSON Lines",
    "xlsx": "an Excel workbook (XLSX)",
    "xls": "an old Excel workbook (XLS)",
    "ods": "an OpenDocument spreadsheet (ODS)",
    "parquet": "a Parquet file",
    "gzip": "packed with gzip",
    "zip": "a ZIP archive",
}
PACKED = {"gzip": "gzip archive", "zip": "ZIP archive"}
ENDINGS = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".psv"), "delimited"),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), "json-lines"),
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx"), "xlsx"),
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    ".xls": "xls",
    ".ods": "ods",
    ".gz": "gzip",
    ".zip": "zip",
}
# Encodings that show by themselves; any other one was guessed.
CERTAIN = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


@dataclass(frozen=True, slots=True)
class Contents:
    """`format` as in `Found`; `encoding` None where the format has none."""

    container: Container
    format: str
    encoding: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_as_uploaded(self) -> bool:
        """Delimited UTF-8 that can be cut where it lies."""
        plain = self.container.compression is None and self.encoding == "utf-8"
        return self.format == "delimited" and plain

    def open_text(self) -> BinaryIO:
        """UTF-8 bytes from the start; without a byte order mark unless `is_as_uploaded`."""
        if self.is_as_uploaded:
            return self.container.path.open("rb")
        container, encoding = self.container, self.encoding or "utf-8"
        if encoding == "utf-8":
            return open_pieces(lambda: without_mark(container.pieces()))
        return open_pieces(lambda: to_utf8(container.pieces(), encoding))


def find_contents(path: Path, name: str, reading: Reading) -> Contents:
    """Reads the first bytes, and of text as much as finding its encoding takes.

    Raises FileRefused.
    """
    container = find_container(path, name)
    head = first_bytes(container)
    kind = binary_format(container, head)
    if kind is not None:
        # Which workbook it is, is for the one who opens it to say.
        if reading.format and reading.format != kind and not {reading.format, kind} <= WORKBOOKS:
            raise file_refusals.other_format(reading.format, WORDS[kind])
        return Contents(container, kind, None, name_notes(name, kind, container))
    if reading.format in (*WORKBOOKS, "parquet"):
        raise file_refusals.other_format(str(reading.format), "text")
    check_head(container, head, reading)
    encoding = reading.encoding or find_encoding(container)
    found = Contents(container, "json-lines", encoding)
    if not (reading.format or is_json(found.open_text, container.name)):
        found = Contents(container, "delimited", encoding)
    if reading.format in DELIMITED:
        found = Contents(container, "delimited", encoding)
    notes = name_notes(name, found.format, container)
    if reading.encoding is None and encoding not in CERTAIN:
        notes += (
            f"The encoding {encoding} was guessed. If letters look wrong, choose another one.",
        )
    return Contents(container, found.format, encoding, notes)


def first_bytes(container: Container) -> bytes:
    if container.document:
        return b""
    pieces, head = container.pieces(), b""
    for piece in pieces:
        head += piece
        if len(head) >= HEAD_BYTES:
            break
    return head[:HEAD_BYTES]


def binary_format(container: Container, head: bytes) -> str | None:
    """xlsx, xls, ods or parquet; None for anything else. Raises FileRefused for other documents."""
    if container.document:
        if container.document not in WORKBOOKS:
            raise file_refusals.not_readable(container.document)
        return container.document
    if container.compression:
        return None
    if head.startswith(OLE):
        return "xls"
    return "parquet" if head.startswith(PARQUET) else None


def check_head(container: Container, head: bytes, reading: Reading) -> None:
    """Refuse what is no text. Raises FileRefused."""
    if not head:
        raise refusals.empty()
    what = known_binary(head)
    if what and container.compression:
        raise file_refusals.nested(PACKED[container.compression], what)
    if what:
        raise file_refusals.not_readable(what)
    wide = marked_encoding(head) or wide_encoding(head) or reading.encoding
    if wide is None and looks_binary(head):
        raise refusals.not_text("binary data")


def is_json(open_text: Callable[[], BinaryIO], name: str) -> bool:
    """Does the text begin like an object, or like an array when the name says JSON?"""
    with open_text() as stream:
        text = stream.read(HEAD_BYTES).lstrip()
    inside = text[1:].lstrip()[:1]
    if text.startswith(b"{"):
        return inside in (b'"', b"}") or is_object(text)
    if text.startswith(b"["):
        return inside == b"{" or ENDINGS.get(PurePosixPath(name.lower()).suffix) == "json-lines"
    return False


def is_object(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text.split(b"\n", 1)[0]), dict)
    except ValueError:
        return False


def name_notes(name: str, kind: str, container: Container) -> tuple[str, ...]:
    """A name that says something else than the contents is told, not refused."""
    ending = PurePosixPath(name.lower()).suffix
    said = ENDINGS.get(ending)
    packed = container.compression
    if packed and said in ("gzip", "zip"):
        said, kind = said, packed
    elif packed and said:
        return (f"The file's name ends in {ending}, but it is {WORDS[packed]}.",)
    if said is None or said == kind:
        return ()
    return (f"The file's name ends in {ending}, but it is {WORDS[kind]} and is read as that.",)
