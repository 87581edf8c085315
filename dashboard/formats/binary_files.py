"""Files that are no text, known by their first bytes."""

import re

from dashboard.formats import refusals

MAGIC = (
    (b"PK\x03\x04", "a ZIP archive or a workbook (XLSX, ODS)"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (XLS)"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1\0\0", "an Arrow file"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x7fELF", "a program"),
)
MARKUP = re.compile(rb"\s*<(!doctype html|html|head|table|\?xml)[\s>]", re.IGNORECASE)
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
CONTROL_BYTES = bytes(set(range(32)) - set(b"\t\n\r\f\0")) + b"\x7f"


def known_binary(head: bytes) -> str | None:
    """What the file is, in words, when its first bytes tell that it is no text."""
    for magic, what in MAGIC:
        if head.startswith(magic):
            return what
    if head[257:262] == b"ustar":
        return "a tar archive"
    match = MARKUP.match(head)
    if match:
        return "an XML document" if match[1].lower() == b"?xml" else "a web page (HTML)"
    return None


def check_is_text(head: bytes) -> None:
    """Refuse what cannot be delimited UTF-8 text. Raises FileRefused."""
    if not head:
        raise refusals.empty()
    what = known_binary(head)
    if what:
        raise refusals.not_text(what)
    if head.startswith(UTF16_MARKS):
        raise refusals.other_encoding("UTF-16")
    if looks_binary(head):
        raise refusals.not_text("binary data")


def looks_binary(head: bytes) -> bool:
    nuls = head.count(b"\0")
    controls = len(head) - len(head.translate(None, CONTROL_BYTES))
    if nuls > len(head) // 4 or controls > len(head) // 4:
        return True
    return nuls + controls > len(head) // 50 and not is_utf8(head)


def is_utf8(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The sample may end inside a character.
        return error.start >= len(head) - 3
    return True
