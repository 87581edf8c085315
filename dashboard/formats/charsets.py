"""Find a file's encoding from pieces of it, a guess only where no rule decides."""

import codecs
import re
from collections.abc import Iterator
from typing import Any

from dashboard.formats import file_refusals as refusals
from dashboard.formats.containers import Container
from dashboard.formats.encodings import HIGH_BYTE, marked_encoding, usual_name, wide_encoding

# Read from the start; what is longer is looked into at `PLACES` places more.
START_BYTES = 16 << 20
PLACES, PLACE_BYTES = 16, 64 << 10
SAMPLE_BYTES, LINE_BYTES = 24 << 10, 4_000
# In no encoding the second byte of a character.
SAFE_MARKS = (b" ", b",", b";", b"\t")
WINDOWS = ["cp1252", "cp1250", "cp1254", "cp1257"]
WESTERN = [*WINDOWS, "iso8859_15", "mac_roman", "cp850"]
EASTERN = ["cp1251", "koi8_r", "cp866", "cp1253", "cp1255", "cp1256", "cp874"]
WIDE = ["cp932", "euc_jp", "gb18030", "big5", "cp949"]
USUAL = "cp1252"
# How much better than the usual one another may look before it is preferred (charset-normalizer:
# chaos = odd-looking text, coherence = how much like a language; both 0 to 1).
MARGIN = 0.05
MOST_ODD = 0.1
# A file in UTF-8 with a broken character is refused at its row, not read as something else.
MOSTLY = 3
HIGH_PAIR = re.compile(rb"[\x80-\xff]{2,}")
HIGH_WORD = re.compile(rb"[\x80-\xff]{3,}")
HEBREW_ONLY = re.compile(rb"[\xe0-\xfa ]*")  # in Windows-1251 most small letters
CYRILLIC_WORD = re.compile("[\u0410-\u042f\u0401]?[\u0430-\u044f\u0451]+")
UTF8_CHARACTER = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
# Windows-1252 signs that stand inside no word: another encoding's letters.
SIGNS = bytes.fromhex(
    "80 82 84 85 86 87 88 89 8b 93 94 95 98 9b d7 f7 a1 a2 a3 a4 a5 a6 a7 a8 a9 ab ac"
    "af b0 b1 b2 b3 b4 b6 b8 b9 bb bc bd be bf"
).decode(USUAL)
LETTER = r"[^\W\d_]"
ODD_SIGN = re.compile(rf"(?<={LETTER})[{SIGNS}]+(?={LETTER})|[\u00A3\u00A5\u00AF](?={LETTER})")


def find_encoding(container: Container) -> str:
    """By mark, by shape, as valid UTF-8, else guessed. Raises FileRefused when nothing fits."""
    telling, valid, first = b"", True, True
    for piece in samples(container):
        if first:
            known = marked_encoding(piece) or wide_encoding(piece[:PLACE_BYTES])
            if known:
                return known
        if not piece.isascii():
            fine = is_utf8(piece, at_start=first)
            lines = telling_lines(piece)
            # Lines that are not UTF-8 come first: they tell what the file is instead.
            telling = (telling + lines if fine else lines + telling)[: 2 * SAMPLE_BYTES]
            valid = valid and fine
        first = False
    return "utf-8" if valid else guess_encoding(telling)


def samples(container: Container) -> Iterator[bytes]:
    """The start of the contents; of a plain file also places further on."""
    read = 0
    for piece in container.pieces():
        yield piece
        read += len(piece)
        if read >= START_BYTES:
            break
    else:
        return
    if container.compression is None:
        size = container.path.stat().st_size
        with container.path.open("rb") as stream:
            for number in range(1, PLACES + 1):
                stream.seek(read + max(size - read - PLACE_BYTES, 0) * number // PLACES)
                yield stream.read(PLACE_BYTES)


def is_utf8(piece: bytes, *, at_start: bool) -> bool:
    """Valid but for characters cut off at the piece's ends."""
    start = 0
    while not at_start and start < 3 and piece[start : start + 1] >= b"\x80" > b"":
        if piece[start] >= 0xC0:
            break
        start += 1
    try:
        codecs.getincrementaldecoder("utf-8")().decode(piece[start:])
    except UnicodeDecodeError:
        return False
    return True


def telling_lines(piece: bytes) -> bytes:
    """Some lines with bytes beyond ASCII; whole ones, so that no character is cut in two."""
    whole = piece
    if len(piece) >= PLACE_BYTES:
        whole = piece[piece.find(b"\n") + 1 : piece.rfind(b"\n") + 1] or piece
    found, place = bytearray(), 0
    while len(found) < SAMPLE_BYTES // 4 and (match := HIGH_BYTE.search(whole, place)):
        start = max(whole.rfind(b"\n", place, match.start()) + 1, place)
        end = whole.find(b"\n", match.end())
        place = len(whole) if end < 0 else end + 1
        if place - start > LINE_BYTES:
            start = after_mark(whole, start, match.start())
            end = start + LINE_BYTES
            found += whole[start : after_mark(whole, start, min(end, place))]
        else:
            found += whole[start:place]
    return bytes(found)


def after_mark(data: bytes, start: int, end: int) -> int:
    """The byte behind the last mark between these, else `start`: no character is cut in two."""
    return max(start, *(data.rfind(mark, start, end) + 1 for mark in SAFE_MARKS))


def guess_encoding(sample: bytes) -> str:
    """For text that is not valid UTF-8; Windows-1252 unless another is clearly better."""
    if is_mostly_utf8(sample):
        return "utf-8"
    cyrillic = cyrillic_encoding(sample)
    if cyrillic:
        return usual_name(cyrillic)
    odd = oddness(sample)
    fits = odd is not None and odd < MOST_ODD
    candidates = WESTERN + EASTERN + WIDE
    if odd is not None and is_sparse(sample):
        # Older code pages put other letters where Windows has its own: then these look odd.
        candidates = WINDOWS if fits else WESTERN
    matches = best_matches(sample, candidates)
    if fits and (not matches or is_near_best(matches)):
        return usual_name(USUAL)
    others = [match for match in matches if match.encoding != USUAL]
    if others:
        return codecs_name(others[0].encoding)
    if odd is None:
        raise refusals.unknown_encoding()
    return usual_name(USUAL)


def cyrillic_encoding(sample: bytes) -> str | None:
    """Each of these encodings turns the others' words into nonsense of capitals and signs."""
    longest = b" ".join(HIGH_WORD.findall(sample))
    if HEBREW_ONLY.fullmatch(longest):
        return None
    for codec in ("cp1251", "koi8-r", "cp866"):
        words = longest.decode(codec, "replace").split()
        if words and sum(map(bool, map(CYRILLIC_WORD.fullmatch, words))) >= 0.8 * len(words):
            return codec
    return None


def best_matches(sample: bytes, candidates: list[str]) -> list[Any]:
    from charset_normalizer import from_bytes

    return list(from_bytes(sample, cp_isolation=candidates))


def is_near_best(matches: list[Any]) -> bool:
    """Windows-1252 reads the sample, or would, nearly as well as the best."""
    best = matches[0]
    return any(
        USUAL in (match.encoding, *match.could_be_from_charset)
        and match.chaos <= best.chaos + MARGIN
        and match.coherence >= best.coherence - MARGIN
        for match in matches
    )


def codecs_name(encoding: str) -> str:
    return usual_name(codecs.lookup(encoding).name)


def is_mostly_utf8(sample: bytes) -> bool:
    characters = UTF8_CHARACTER.findall(sample)
    others = len(HIGH_BYTE.findall(sample)) - sum(map(len, characters))
    return len(characters) >= MOSTLY * max(others, 1)


def oddness(sample: bytes) -> float | None:
    """The share of bytes beyond ASCII that look wrong as Windows-1252; None: it does not decode."""
    try:
        text = sample.decode(USUAL)
    except UnicodeDecodeError:
        return None
    return len(ODD_SIGN.findall(text)) / max(len(HIGH_BYTE.findall(sample)), 1)


def is_sparse(sample: bytes) -> bool:
    """Bytes beyond ASCII mostly stand alone, as in languages of Latin letters."""
    high = len(HIGH_BYTE.findall(sample))
    return sum(map(len, HIGH_PAIR.findall(sample))) < 0.2 * max(high, 1)
