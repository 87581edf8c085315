"""Names of encodings, and those that show: byte order marks, UTF-16 and UTF-32 by their shape."""

import codecs
import re

from dashboard.formats import refusals

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    # Before UTF-16, whose mark begins the same.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Codecs that write text by escapes: no file is "in" them.
ESCAPES = {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"}
WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
HIGH_BYTE = re.compile(rb"[\x80-\xff]")
UNLIKELY = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def codec_name(name: str) -> str:
    """A text encoding's usual name, in small letters; any name Python knows it by will do.

    Raises FileRefused for a codec that is no text encoding.
    """
    try:
        info = codecs.lookup(name.strip())
    except (LookupError, ValueError):
        raise refusals.bad_encoding(name) from None
    # rot13, hex, zlib …: codecs that turn text into text or bytes into bytes.
    if not getattr(info, "_is_text_encoding", True) or info.name in ESCAPES:
        raise refusals.bad_encoding(name)
    return usual_name(info.name)


def usual_name(codec: str) -> str:
    if codec in ("utf-8-sig", "ascii"):
        return "utf-8"
    if re.fullmatch(r"cp125\d", codec):
        return codec.replace("cp", "windows-")
    return re.sub(r"^iso8859", "iso-8859", codec)


def marked_encoding(head: bytes) -> str | None:
    """What a byte order mark at the start tells."""
    for mark, name in MARKS:
        if head.startswith(mark):
            return name
    return None


def wide_encoding(sample: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: zero bytes stand on one side of each character only."""
    if b"\0" not in sample:
        return None
    for name in WIDE:
        width = 4 if "32" in name else 2
        piece = sample[: len(sample) // width * width]
        most = max(len(piece) // width, 1)
        zeros = [piece[place::width].count(0) / most for place in range(width)]
        high, low = (zeros[-1], zeros[0]) if name.endswith("le") else (zeros[0], zeros[-1])
        if high > 0.05 and low < 0.005 and is_wide(piece, name, high):
            return name
    return None


def is_wide(sample: bytes, encoding: str, zeros: float) -> bool:
    """Latin text is half zeros; other scripts have them beside delimiters and line ends only, and
    must not be taken for ASCII with a few stray zeros.
    """
    text = decoded(sample, encoding)
    if text is None or UNLIKELY.search(text):
        return False
    if zeros > 0.4:
        return True
    beyond = len(HIGH_BYTE.findall(sample)) / len(sample)
    return beyond > 0.1 and text.count("\n") > 0.4 * sample.count(b"\n")


def decoded(sample: bytes, encoding: str) -> str | None:
    """The text, but for a character cut off at its end; None when it does not decode."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return None
