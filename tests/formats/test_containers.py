"""Files inside gzip and ZIP."""

import random
import struct
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.errors import FileRefused
from dashboard.formats import charsets, containers
from tests.formats.looking import Looking, packed, zip_of

TEXT = b"a,b\n1,2\n"
PACKED = packed(TEXT)


@pytest.mark.parametrize("data", [PACKED, zip_of(("x.csv", TEXT))])
def test_packed_text_is_read(look: Looking, data: bytes) -> None:
    seen = look.seen(data)
    assert (seen.rows, seen.numbers, seen.total_rows) == ([["1", "2"]], [2], 1)
    assert (look.count(data), look.text(data)) == (1, TEXT)


def test_compression_is_shown(look: Looking) -> None:
    assert look.found(PACKED, "x.csv.gz").compression == "gzip"
    assert look.found(zip_of(("x.csv", TEXT)), "x.zip").compression == "zip"


def test_several_gzip_members_and_padding(look: Looking) -> None:
    data = packed(b"\xef\xbb\xbf") + PACKED + packed(b"3,4\n") + b"\0" * 512
    assert look.text(data) == b"a,b\n1,2\n3,4\n"


def test_a_stored_member_and_clutter_beside_it(look: Looking) -> None:
    clutter = [("__MACOSX/._x.csv", b"?"), ("folder/", b""), ("folder/.DS_Store", b"?")]
    data = zip_of(("folder/x.csv", TEXT), *clutter, method=zipfile.ZIP_STORED)
    assert look.text(data, "x.zip") == TEXT


def test_packed_json_lines_and_other_encodings(look: Looking) -> None:
    assert look.seen(packed(b'\xef\xbb\xbf{"a":1}\n'), "x.jsonl.gz").rows == [["1"]]
    assert look.seen(zip_of(("x.txt", "a\nü\n".encode("cp1252")))).rows == [["ü"]]


def broken_sum() -> bytes:
    data = bytearray(packed(TEXT))
    data[-6] ^= 1
    return bytes(data)


def broken_member() -> bytes:
    data = bytearray(zip_of(("x.csv", TEXT), method=zipfile.ZIP_STORED))
    data[data.index(b"1,2")] = ord("7")
    return bytes(data)


def encrypted() -> bytes:
    data = bytearray(zip_of(("x.csv", TEXT)))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def many() -> bytes:
    data = bytearray(zip_of(("x.csv", TEXT)))
    struct.pack_into("<HH", data, data.rindex(b"PK\x05\x06") + 8, 0xFFFF, 0xFFFF)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (PACKED[:-3], "damaged_archive"),
        (broken_sum(), "damaged_archive"),
        (PACKED + b"more", "damaged_archive"),
        (broken_member(), "damaged_archive"),
        (zip_of(("x.csv", TEXT))[:-30], "damaged_archive"),
        (b"PK\x03\x04 and so on", "damaged_archive"),
        (zip_of(), "archive_empty"),
        (zip_of(("a.csv", TEXT), ("b/c.csv", TEXT)), "archive_many_files"),
        (many(), "archive_many_files"),
        (encrypted(), "archive_encrypted"),
        (zip_of(("x.csv", TEXT), method=zipfile.ZIP_LZMA), "archive_method"),
        (zip_of(("x.csv.gz", PACKED)), "nested_archive"),
        (packed(PACKED), "nested_archive"),
        (packed(b"PAR1" + bytes(40)), "nested_archive"),
        (zip_of(("word/document.xml", b""), ("[Content_Types].xml", b"")), "not_text"),
        (zip_of(("xl/workbook.bin", b""), ("[Content_Types].xml", b"")), "not_text"),
        (packed(b""), "file_empty"),
    ],
)
def test_archives_that_are_refused(look: Looking, data: bytes, code: str) -> None:
    with pytest.raises(FileRefused, match=r"\. .*\.$") as refusal:
        look.count(data)
    assert refusal.value.code == code


@settings(max_examples=60, deadline=None)
@given(st.data())
@pytest.mark.parametrize("whole", [PACKED, zip_of(("x.csv", TEXT)), zip_of(("mimetype", b"x"))])
def test_any_damage_is_a_refusal_or_does_no_harm(
    tmp_path_factory: pytest.TempPathFactory, whole: bytes, data: st.DataObject
) -> None:
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    with suppress(FileRefused):
        assert Looking(tmp_path_factory.getbasetemp()).count(bytes(broken), "x.txt") >= 0


def test_files_in_a_zip_are_named(look: Looking) -> None:
    with pytest.raises(FileRefused, match=r"holds 7 files: 0.csv, .* and 2 more"):
        look.found(zip_of(*((f"{number}.csv", TEXT) for number in range(7))))


def test_damage_at_the_end_is_found_by_whoever_reads_it(look: Looking) -> None:
    rng = random.Random(1)
    rows = b"".join(b"%d,x\n" % rng.randrange(10**9) for _ in range(300_000))
    data = bytearray(packed(b"a,b\n" + rows))
    data[-6] ^= 1
    with pytest.raises(FileRefused, match="damaged"):
        look.text(bytes(data))


def test_a_bomb_is_stopped(look: Looking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "RATIO_FROM_BYTES", 2 << 20)
    monkeypatch.setattr(charsets, "START_BYTES", 1 << 20)
    data = packed(b"a,b\n" + b"1,2\n" * (1 << 20))
    assert look.seen(data, rows=3).numbers == [2, 3, 4]
    with pytest.raises(FileRefused) as refusal:
        look.count(data)
    assert refusal.value.code == "archive_too_large"


@pytest.mark.parametrize(("size", "packed_size"), [(30 << 30, 9 << 30), (2 << 30, 2 << 20)])
def test_a_member_that_says_it_is_too_large_is_not_opened(size: int, packed_size: int) -> None:
    info = zipfile.ZipInfo("x.csv")
    info.compress_type, info.file_size, info.compress_size = 8, size, packed_size
    with pytest.raises(FileRefused, match="unpacks to far more"):
        containers.check_member(info)


def test_inflating_hands_out_small_pieces() -> None:
    pieces = containers.inflate(iter([packed(bytes(20 << 20))]))
    sizes = [len(piece) for piece in pieces]
    assert (sum(sizes), max(sizes)) == (20 << 20, containers.PIECE_BYTES)
