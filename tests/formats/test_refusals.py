"""Files that are refused as a whole, each with a stable code and the row to look at."""

import io
from collections.abc import Callable

import pytest

from dashboard.errors import FileRefused
from dashboard.formats.delimited import cut, detect
from tests.formats.looking import packed

MEGABYTE = 1 << 20


class EndlessLine(io.RawIOBase):
    """A header and one line of a gigabyte that is never held in memory."""

    def __init__(self, head: bytes, fill: bytes = b"x") -> None:
        self.head, self.fill, self.position, self.given = head, fill, 0, 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self.position = offset
        return offset

    def read(self, size: int = -1) -> bytes:
        data = self.head[self.position : self.position + size]
        data += self.fill * min(size - len(data), (1 << 30) - self.position)
        self.position += len(data)
        self.given += len(data)
        return data


def read_through(stream: io.RawIOBase | io.BytesIO, **choices: str) -> None:
    layout = detect(stream, **choices)  # type: ignore[arg-type]
    for _ in cut(stream, layout, block_bytes=64):  # type: ignore[arg-type]
        pass


REFUSED = [
    (b"", "file_empty", None),
    (b"\n\r\n\n", "file_empty", None),
    (b"\xef\xbb\xbf", "file_empty", None),
    (b"a,b\n", "no_rows", None),
    (b"a,b", "no_rows", None),
    (b"a,b\n\n\r\n", "no_rows", None),
    (b"PK\x03\x04 and so on", "not_text", None),
    (packed(b"a,b\n1,2\n"), "not_text", None),
    (b"%PDF-1.7\n", "not_text", None),
    (b"\x89PNG\r\n", "not_text", None),
    (bytes(range(256)) * 4, "not_text", None),
    (b"\0" * 500, "not_text", None),
    (b"a,b\n1,2\n3,\x00\n", "nul_byte", 3),
    (b"a,b\x00\n1,2\n", "nul_byte", 1),
    (b"a,b\n\n1,caf\xe9\n", "wrong_encoding", 3),
    (b"caf\xe9,b\n1,2\n", "wrong_encoding", 1),
    (b"a,b\n1,2\xc3", "wrong_encoding", 2),
    ("a,b\n1,2\n".encode("utf-16"), "wrong_encoding", None),
    (b",".join(b"c%d" % n for n in range(10_000)) + b"\n1\n", "too_many_columns", 1),
    (b'a,b\n1,"2\n3,4\n', "unclosed_quote", 2),
    (b'a,b\n1,"2\n3,"4"\n5,"6"\n', "unclosed_quote", 2),
    (b'a,"b\n1,2\n', "unclosed_quote", 1),
    (b'a,b\n1,2"x\n3,4\n', "stray_quote", 2),
    (b'a,b\n1,2\n"3"x,4\n', "stray_quote", 3),
    (b'a,b\n1,2\n"3" ,4\n', "stray_quote", 3),
    (b'a,b"c\n1,2\n', "unclosed_quote", 1),
    (b'a,b"c"\n1,2\n', "stray_quote", 1),
    (b"a,b\n1,2\rx\n", "lone_return", 2),
    (b"a,b\r1,2\r3,4", "lone_return", 1),
]


@pytest.mark.parametrize(("data", "code", "row"), REFUSED)
def test_file_is_refused_with_code_and_row(data: bytes, code: str, row: int | None) -> None:
    with pytest.raises(FileRefused) as refusal:
        read_through(io.BytesIO(data))
    assert refusal.value.code == code
    assert refusal.value.details.get("row") == row


@pytest.mark.parametrize(("data", "code", "row"), [r for r in REFUSED if r[2] is not None])
def test_message_names_the_row_and_what_to_do(data: bytes, code: str, row: int) -> None:
    with pytest.raises(FileRefused, match=rf"^Row {row}\b.*[.:] .*\.$"):
        read_through(io.BytesIO(data))


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: EndlessLine(b"a,b\n1,2\n"), "line_too_long"),
        (lambda: EndlessLine(b""), "line_too_long"),
        (lambda: EndlessLine(b'a,b\n1,"'), "unclosed_quote"),
    ],
)
def test_line_of_a_gigabyte_is_refused_after_a_few_megabytes(
    make: Callable[[], EndlessLine], code: str
) -> None:
    stream = make()
    with pytest.raises(FileRefused) as refusal:
        for _ in cut(stream, detect(stream)):  # type: ignore[arg-type]
            pass
    assert refusal.value.code == code
    assert stream.given < 24 * MEGABYTE


@pytest.mark.parametrize(
    ("choices", "code"),
    [
        ({"delimiter": "ab"}, "bad_delimiter"),
        ({"delimiter": "\n"}, "bad_delimiter"),
        ({"delimiter": '"'}, "bad_delimiter"),
        ({"quote": "ab"}, "bad_quote"),
        ({"encoding": "cp1252"}, "wrong_encoding"),
    ],
)
def test_choices_that_cannot_be_followed(choices: dict[str, str], code: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        read_through(io.BytesIO(b"a,b\n1,2\n"), **choices)
    assert refusal.value.code == code
