"""Files inside gzip or a one-file ZIP: found by content, read as a stream, bounded."""

import errno
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dashboard.formats import file_refusals as refusals

GZIP, ZIP, EMPTY_ZIP = b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06"
PIECE_BYTES = 1 << 20
INFLATED_BYTES = 20 << 30
# Text that is worth importing is not packed this tightly; checked once it is a lot.
MOST_RATIO, RATIO_FROM_BYTES = 200, 1 << 30
DIRECTORY_BYTES = 2 << 20
DEFLATED_GZIP = 31  # zlib's number for deflate inside a gzip wrapper
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, LookupError, RuntimeError)
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True, slots=True)
class Container:
    """A file as it was uploaded and how its contents are got at.

    `name` is that of the contents. `compression` is gzip, zip or None; `member` the name inside a
    ZIP. `document` is set when the ZIP is no archive but a document: xlsx, ods or what else it is.
    """

    path: Path
    name: str
    compression: str | None = None
    member: str | None = None
    document: str | None = None

    def pieces(self) -> Iterator[bytes]:
        """The contents from the start. Raises FileRefused when damaged or far too large."""
        if self.compression == "gzip":
            return bounded(inflate(file_pieces(self.path)), self.path.stat().st_size)
        if self.compression == "zip":
            return bounded(member_pieces(self.path, str(self.member)), self.path.stat().st_size)
        return file_pieces(self.path)


def find_container(path: Path, name: str) -> Container:
    """Look at the first bytes and, in a ZIP, at the list of its files."""
    with path.open("rb") as stream:
        head = stream.read(4)
    if head.startswith(GZIP):
        return Container(path, inner_name(name), "gzip")
    if head in (ZIP, EMPTY_ZIP):
        return look_into_zip(path, name)
    return Container(path, name)


def inner_name(name: str) -> str:
    for ending, without in ((".gz", ""), (".gzip", ""), (".tgz", ".tar")):
        if name.lower().endswith(ending):
            return name[: -len(ending)] + without
    return name


def look_into_zip(path: Path, name: str) -> Container:
    check_directory(path)
    with damage_refused("ZIP archive or workbook"), zipfile.ZipFile(path) as archive:
        document = document_kind(archive)
        infos = [info for info in archive.infolist() if is_content(info)]
    if document:
        return Container(path, name, document=document)
    if len(infos) != 1:
        raise refusals.not_one_file([info.filename for info in infos])
    check_member(infos[0])
    inner = PurePosixPath(infos[0].filename).name
    return Container(path, inner, "zip", infos[0].filename)


def check_directory(path: Path) -> None:
    """A directory of millions of files would take gigabytes to read."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - 66_000))
        tail = stream.read()
    place = tail.rfind(EMPTY_ZIP)
    if place < 0 or len(tail) < place + 22:
        raise refusals.damaged("ZIP archive or workbook")
    count, length = struct.unpack_from("<HI", tail, place + 10)
    # All ones: the true number stands in the ZIP64 record, and is at least as large.
    if count == 0xFFFF or length > DIRECTORY_BYTES:
        raise refusals.too_many_members()


@contextmanager
def damage_refused(what: str) -> Iterator[None]:
    """What `zipfile` raises over bytes that cannot be, as one refusal."""
    try:
        yield
    except BROKEN:
        raise refusals.damaged(what) from None
    except OSError as error:
        # An offset before the file's start; anything else is a trouble of this machine.
        if error.errno != errno.EINVAL:
            raise
        raise refusals.damaged(what) from None


def is_content(info: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(info.filename)
    clutter = "__MACOSX" in path.parts or path.name.startswith("._") or path.name == ".DS_Store"
    return not info.is_dir() and not clutter


def document_kind(archive: zipfile.ZipFile) -> str | None:
    """What a ZIP that is a document in itself holds; None for an archive."""
    infos = {info.filename: info for info in archive.infolist()}
    names = set(infos)
    if "mimetype" in names and infos["mimetype"].compress_type in METHODS:
        with archive.open("mimetype") as stream:
            kind = stream.read(100)
        if kind.startswith(b"application/vnd.oasis.opendocument."):
            return "ods" if b"spreadsheet" in kind else "an OpenDocument text or drawing"
    if "[Content_Types].xml" not in names and "xl/workbook.xml" not in names:
        return "ods" if {"content.xml", "META-INF/manifest.xml"} <= names else None
    if "xl/workbook.bin" in names:
        return "a binary Excel workbook (XLSB)"
    folders = {name.split("/")[0] for name in names}
    if "word" in folders:
        return "a Word document"
    return "a PowerPoint presentation" if "ppt" in folders else "xlsx"


def check_member(info: zipfile.ZipInfo) -> None:
    if info.flag_bits & 1:
        raise refusals.encrypted_zip(info.filename)
    if info.compress_type not in METHODS:
        raise refusals.zip_method(info.filename)
    # As the archive says; whether it is true shows when it is read.
    check_size(info.file_size, info.compress_size)


def file_pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(PIECE_BYTES):
            yield piece


def inflate(packed: Iterator[bytes]) -> Iterator[bytes]:
    """Gzip members one behind the other, as `cat a.gz b.gz` makes them; checksums are checked."""
    inflater = zlib.decompressobj(DEFLATED_GZIP)
    for piece in packed:
        data, more = piece, True
        while data or more:
            if inflater.eof:
                data = data.lstrip(b"\0")  # padding of tapes and block devices
                if not data:
                    break
                inflater = zlib.decompressobj(DEFLATED_GZIP)
            try:
                text = inflater.decompress(data, PIECE_BYTES)
            except zlib.error:
                raise refusals.damaged("gzip archive") from None
            if text:
                yield text
            # A full piece may leave more inside, though all bytes are taken in.
            more = len(text) == PIECE_BYTES
            data = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    if not inflater.eof:
        raise refusals.cut_off("gzip archive")


def member_pieces(path: Path, member: str) -> Iterator[bytes]:
    with (
        damage_refused("ZIP archive"),
        zipfile.ZipFile(path) as archive,
        archive.open(member) as stream,
    ):
        while piece := stream.read(PIECE_BYTES):
            yield piece


def bounded(pieces: Iterator[bytes], packed_bytes: int) -> Iterator[bytes]:
    """Stop an archive made to fill the disk."""
    inflated = 0
    for piece in pieces:
        inflated += len(piece)
        check_size(inflated, packed_bytes)
        yield piece


def check_size(inflated: int, packed: int) -> None:
    if inflated > INFLATED_BYTES:
        raise refusals.inflates_too_much(INFLATED_BYTES)
    if inflated > RATIO_FROM_BYTES and inflated > MOST_RATIO * packed:
        raise refusals.inflates_too_much(RATIO_FROM_BYTES)
