"""Pieces as a stream that can be sought in."""

import gc
import io
from collections.abc import Iterator

import pytest

from dashboard.formats.text_stream import open_pieces, to_utf8, without_mark


def pieces() -> Iterator[bytes]:
    yield from (b"abc", b"", b"defg", b"h")


def test_reading_and_seeking() -> None:
    stream = open_pieces(pieces)
    assert (stream.read(2), stream.read(), stream.read()) == (b"ab", b"cdefgh", b"")
    assert (stream.seek(5), stream.read(2)) == (5, b"fg")
    assert (stream.seek(0), stream.read(100)) == (0, b"abcdefgh")
    assert (stream.seek(100), stream.read()) == (8, b"")


def test_the_end_is_unknown() -> None:
    with pytest.raises(io.UnsupportedOperation):
        open_pieces(pieces).seek(0, io.SEEK_END)


def test_closing_ends_the_pieces() -> None:
    ended = []

    def watched() -> Iterator[bytes]:
        try:
            yield b"abc"
            yield b"def"
        finally:
            ended.append(True)

    stream = open_pieces(watched)
    stream.read(1)
    stream.close()
    gc.collect()
    assert ended == [True]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32", "gb18030", "iso2022_jp"])
def test_characters_may_be_cut_between_pieces(codec: str, size: int) -> None:
    data = "ä,日本\r\nb\n".encode(codec.replace("utf-8-sig", "utf-8"), "replace")
    cut = (data[place : place + size] for place in range(0, len(data), size))
    assert b"".join(to_utf8(cut, codec)).decode() == data.decode(codec)


@pytest.mark.parametrize("cut", [[b"\xef", b"\xbb", b"\xbfab", b"c"], [b"\xef\xbb\xbf", b"abc"]])
def test_a_mark_is_taken_off_however_it_is_cut(cut: list[bytes]) -> None:
    assert b"".join(without_mark(iter(cut))) == b"abc"


def test_short_text_without_a_mark() -> None:
    assert b"".join(without_mark(iter([b"a"]))) == b"a"
