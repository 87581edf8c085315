"""Forms: what chunks are cut from when the upload itself cannot be."""

import io

import pytest

from dashboard.errors import FileRefused
from dashboard.formats import forms
from dashboard.formats.cutting import cut
from dashboard.formats.forms import delimited_layout
from dashboard.formats.reading import read_block
from dashboard.formats.table_form import read_batch
from tests.formats.looking import Looking, packed

JSON = b'{"a":1}\n\n{"a":2,"b":"x"}\n'


@pytest.mark.parametrize("data", [b"a,b\n1,2\n", b"\xef\xbb\xbfa;b\n\xc3\xa9;2\n"])
def test_plain_utf8_needs_no_form(look: Looking, data: bytes) -> None:
    assert look.form(data) is None


@pytest.mark.parametrize(
    "data",
    [
        packed("\ufeffTitle\n\nid;name;x\n\n1;é;2\n3;ß;4\n".encode()),
        "Title\n\nid;name;x\n\n1;é;2\n3;ß;4\n".encode("cp1252"),
        "Title\n\nid;name;x\n\n1;é;2\n3;ß;4\n".encode("utf-16"),
    ],
)
def test_text_becomes_utf8_with_the_same_row_numbers(look: Looking, data: bytes) -> None:
    form = look.form(data)
    assert form is not None
    copy = io.BytesIO(b"".join(form.pieces))
    layout = delimited_layout(copy, form.found)
    [(block, piece)] = cut(copy, layout)
    rows = read_block(piece, layout, block)
    assert (form.kind, rows.table["name"].to_pylist()) == ("delimited", ["é", "ß"])
    assert rows.numbers.tolist() == [5, 6]


def test_a_table_tells_where_its_batches_lie(look: Looking) -> None:
    form = look.form(JSON)
    assert form is not None
    copy = b"".join(form.pieces)
    [place] = form.batches
    rows = read_batch(copy[place.offset : place.offset + place.length], ["a", "b"])
    assert (place.rows, place.first_row, form.kind) == (2, 1, "table")
    assert (rows.table.to_pydict(), rows.numbers.tolist()) == (
        {"a": ["1", "2"], "b": ["", "x"]},
        [1, 3],
    )


def test_columns_that_appear_late_are_found_by_going_through(look: Looking) -> None:
    lines = b"".join(b'{"a":"%s"}\n' % (b"x" * 900) for _ in range(20_000))
    form = look.form(lines + b'{"late":1}\n')
    assert form is not None
    assert form.found.columns == ("a",)
    for _ in form.pieces:
        pass
    assert (form.found.columns, form.found.headers) == (("a", "late"),) * 2
    assert [p.offset for p in form.batches[1:]] == [p.offset + p.length for p in form.batches[:-1]]


def test_a_form_is_refused_where_its_text_is(look: Looking) -> None:
    form = look.form(b"a,b\n" + b"1,2\n" * 600_000 + b"3,\x81\n", encoding="cp1252")
    assert form is not None
    with pytest.raises(FileRefused, match=r"^Row 600002 is not windows-1252: byte 0x81"):
        b"".join(form.pieces)


def test_a_form_does_not_grow_without_end(look: Looking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "INFLATED_BYTES", 100)
    with pytest.raises(FileRefused, match="Split it"):
        look.text(packed(b"a,b\n" + b"1,2\n" * 100))
    with pytest.raises(FileRefused, match="Split it"):
        look.text(JSON)
