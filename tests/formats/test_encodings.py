"""Encodings: found, overridden, and followed to the letter."""
# ruff: noqa: RUF001 - letters of other alphabets are the point

import pytest

from dashboard.errors import FileRefused
from dashboard.formats.charsets import START_BYTES, guess_encoding
from tests.formats.looking import Looking

TEXT = "id;name\n1;Jürgen\n2;Köln\n"
SAMPLES = [
    ("windows-1252", "name\nJosé\nÑandú\nmañana; 5 €, “x” – ok…\n"),
    ("windows-1252", "café\n"),
    ("windows-1252", "a;1 m²;20°\nb;£5;½\n"),
    ("windows-1252", "1,Göteborg\n2,Jönköping\n3,Växjö\n"),
    ("windows-1250", "Příliš žluťoučký kůň úpěl ďábelské ódy\n"),
    ("windows-1250", "Łódź;Kraków;Wrocław\nGdańsk;Poznań\n"),
    ("windows-1251", "имя;город\nИван;Москва\nОльга;Санкт-Петербург\n" * 5),
    ("koi8-r", "имя;город\nИван;Москва\nОльга;Санкт-Петербург\n" * 5),
    ("windows-1251", "Москва;5\n"),
    ("koi8-r", "город\nМосква\n"),
    ("cp866", "город\nМосква\n"),
    ("windows-1253", "όνομα;πόλη\nΓιώργος;Αθήνα\n" * 5),
    ("cp932", "名前;都市\n太郎;東京\n花子;大阪\n" * 5),
    ("gb18030", "姓名;城市\n张三;北京\n李四;上海\n" * 5),
    ("mac-roman", "naïve;Müller;Köln\nélève;d’accord\n" * 5),
]


@pytest.mark.parametrize(
    ("codec", "shown"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32-le"),
        ("utf-32-be", "utf-32-be"),
        ("cp1252", "windows-1252"),
    ],
)
def test_encoding_is_found_and_read(look: Looking, codec: str, shown: str) -> None:
    seen = look.seen(TEXT.encode(codec))
    assert (seen.found.encoding, seen.found.columns) == (shown, ("id", "name"))
    assert seen.rows == [["1", "Jürgen"], ["2", "Köln"]]


@pytest.mark.parametrize("codec", ["utf-16-be", "utf-32"])
def test_a_mark_decides(look: Looking, codec: str) -> None:
    text = "\ufeff" + "名\n太\n"
    assert look.seen(text.encode(codec)).rows == [["太"]]


def test_utf16_without_mark_and_mostly_beyond_latin(look: Looking) -> None:
    text = "姓名,城市\r\n" + "张三,北京\r\n" * 20
    assert look.found(text.encode("utf-16-le")).encoding == "utf-16-le"


@pytest.mark.parametrize(("encoding", "text"), SAMPLES)
def test_other_encodings_are_guessed(encoding: str, text: str) -> None:
    assert guess_encoding(text.encode(encoding)) == encoding


@pytest.mark.parametrize("data", [b"a,b\n1,2\n3,\0\n", b"a,bc\n\0x\n", b"a\0\n", b"a,b\n1\0,2\n"])
def test_stray_zeros_make_no_wide_encoding(look: Looking, data: bytes) -> None:
    with pytest.raises(FileRefused) as refusal:
        look.seen(data)
    assert refusal.value.code in ("nul_byte", "not_text", "wrong_encoding")


def test_a_guess_is_told(look: Looking) -> None:
    assert "windows-1252 was guessed" in look.found(b"a\ncaf\xe9\n").notes[0]
    assert look.found(b"a\ncaf\xe9\n", encoding="latin1").notes == ()


def test_the_guess_looks_beyond_the_head(look: Looking) -> None:
    data = b"a,b\n" + b"1,2\n" * 300_000 + b"3,caf\xe9\n"
    assert look.found(data).encoding == "windows-1252"


def test_the_guess_looks_into_the_end_of_a_long_file(look: Looking) -> None:
    data = b"a,b\n" + b"1,22\n" * (START_BYTES // 4) + b"3,caf\xe9\n" * 20
    assert look.found(data).encoding == "windows-1252"


def test_the_guess_looks_into_very_long_lines(look: Looking) -> None:
    line = b"x," * 10_000 + "太郎,東京,花子,大阪,".encode("cp932") * 5 + b"y," * 10_000
    assert look.found(b"a\n" + line + b"\n" + line + b"\n").encoding == "cp932"


def test_broken_utf8_is_refused_at_its_row_not_read_as_something_else(look: Looking) -> None:
    data = "a,b\né,ü\nß,ø\n".encode() + b"x,caf\xe9\n"
    with pytest.raises(FileRefused, match=r"^Row 4 is not UTF-8: byte 0xE9"):
        look.seen(data)


@pytest.mark.parametrize(
    ("data", "encoding", "row"),
    [
        (b"a,b\n1,x\x81\n", "cp1252", 2),
        (b"a,b\n\n1,x\xe9\n", "utf-8", 3),
        ("a,b\n1,2\n".encode("utf-16-le") + b"\x00", "utf-16-le", 3),
        ("a\n1\n".encode("utf-16-le") + b"\x00\xd8\x61\x00", "utf-16-le", 3),
        (b"a,b\n1,2\n3,+2AA-\n", "utf-7", 3),
        (b"a,b\n1,2\n\xff\n", "shift_jis", 3),
    ],
)
def test_bytes_an_encoding_does_not_know_are_refused(
    look: Looking, data: bytes, encoding: str, row: int
) -> None:
    with pytest.raises(FileRefused) as refusal:
        look.count(data, encoding=encoding)
    assert refusal.value.code == "wrong_encoding"
    assert refusal.value.details == {"row": row}


def test_an_error_of_a_wrong_choice_goes_away_with_the_right_one(look: Looking) -> None:
    data = "a,b\n1,Łódź\n".encode("cp1250")
    with pytest.raises(FileRefused):
        look.seen(data, encoding="utf-8")
    assert look.seen(data, encoding="cp1250").rows == [["1", "Łódź"]]


@pytest.mark.parametrize("encoding", ["cp037", "utf-7", "cp437", "hz", "big5", "mac-roman"])
def test_any_text_encoding_may_be_chosen(look: Looking, encoding: str) -> None:
    text = "a,b\n1,x\n"
    assert look.seen(text.encode(encoding), encoding=encoding).rows == [["1", "x"]]


def test_a_mark_is_taken_off_whatever_was_chosen(look: Looking) -> None:
    data = "\ufeffa,b\n1,2\n".encode("utf-16-le")
    assert look.found(data, encoding="utf-16-le").columns == ("a", "b")
