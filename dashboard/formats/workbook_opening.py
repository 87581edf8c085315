"""Which kind of workbook a file is, by what it holds and not by its name."""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard.formats import workbook_refusals as refusals
from dashboard.formats.workbook_book import kind_of
from dashboard.formats.workbook_ods import CONTENT, OdsBook
from dashboard.formats.workbook_package import Package
from dashboard.formats.workbook_xls import XlsBook
from dashboard.formats.workbook_xlsx import XlsxBook

Workbook = XlsxBook | OdsBook | XlsBook
HEAD_BYTES = 4_096
ZIP, EMPTY_ZIP = b"PK\x03\x04", b"PK\x05\x06"
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENTRY_BYTES = 128
EXCEL_2003_XML = b"urn:schemas-microsoft-com:office:spreadsheet"
# Excel 2 to 4 wrote the stream alone, without a compound file around it.
OLD_STREAMS = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00")


@contextmanager
def open_workbook(path: Path, chosen: str | None) -> Iterator[Workbook]:
    """`chosen`: xlsx, xls or ods as a person says, None = find out. Raises FileRefused."""
    kind = find_kind(path)
    if chosen is not None and chosen != kind:
        raise refusals.wrong_format(chosen, kind)
    if kind == "xls":
        yield XlsBook(path)
        return
    with Package(path) as package:
        yield OdsBook(package) if kind == "ods" else XlsxBook(package)


def find_kind(path: Path) -> str:
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if head.startswith((ZIP, EMPTY_ZIP)):
        with Package(path) as package:
            return zip_kind(package)
    if head.startswith(COMPOUND):
        return compound_kind(path)
    raise refusals.not_a_workbook(text_kind(head))


def zip_kind(package: Package) -> str:
    if "mimetype" in package and package.unpacked("mimetype") < HEAD_BYTES:
        said = package.read("mimetype")
        if said.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
            return "ods"
        if said.startswith(b"application/vnd.oasis.opendocument"):
            raise refusals.not_a_workbook("an OpenDocument file that is no spreadsheet")
    if "[Content_Types].xml" not in package and CONTENT not in package:
        raise refusals.not_a_workbook(kind_of(package))
    return "xlsx" if "[Content_Types].xml" in package else "ods"


def compound_kind(path: Path) -> str:
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if has_entry(data, "EncryptedPackage"):
            raise refusals.encrypted()
        if has_entry(data, "Workbook") or has_entry(data, "Book"):
            return "xls"
        if has_entry(data, "WordDocument"):
            raise refusals.not_a_workbook("an old Word document")
    raise refusals.not_a_workbook("a file of another Office program")


def has_entry(data: mmap.mmap, name: str) -> bool:
    """Whether the compound file's directory names such a stream."""
    wanted = name.encode("utf-16-le") + b"\0\0"
    at = data.find(wanted)
    while at >= 0:
        if at % ENTRY_BYTES == 0 and data[at + 64 : at + 66] == len(wanted).to_bytes(2, "little"):
            return True
        at = data.find(wanted, at + 1)
    return False


def text_kind(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not head:
        return "an empty file"
    if EXCEL_2003_XML in head:
        return "an XML spreadsheet of Excel 2003"
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<body", b"<div")):
        return "a web page (HTML)"
    if head.startswith(OLD_STREAMS):
        return "a workbook of Excel 2 to 4"
    if b"\0" not in head:
        return "text such as CSV"
    return "something else"
