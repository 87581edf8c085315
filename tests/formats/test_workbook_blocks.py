"""Rows read at vector speed are those the parser reads, and odd ones are left to it."""

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.formats.workbook_blocks import BlockParser
from dashboard.formats.workbook_dates import Shown
from dashboard.formats.workbook_opening import open_workbook
from dashboard.formats.workbook_rows import RowReader
from dashboard.formats.workbook_sheet import cut_sheet
from dashboard.formats.workbook_table_child import all_strings
from tests.formats.workbook_files import row, write_rows

SHOWN = [Shown.NUMBER, Shown.DATE, Shown.DATETIME, Shown.TIME, Shown.DURATION]


def by_vector(rows):
    part = BlockParser(None, SHOWN, system_1904=False)(rows.encode())
    return None if part is None else (part.rows(100), part.facts)


def by_parser(rows):
    reader = RowReader(SHOWN, system_1904=False)
    reader.xml.feed(f"<sheetData>{rows}</sheetData>".encode(), last=True)
    return [row for row in reader.rows if any(row.cells.values())], reader.facts


NUMBERS = st.one_of(
    st.integers(-(10**17), 10**17).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(0, 60_000).map(lambda value: f"{value:.15G}"),
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)
ESCAPED = TEXTS.map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;"))


@st.composite
def cells(draw):
    style = draw(st.sampled_from(["", *(f' s="{n}"' for n in range(6))]))
    return draw(
        st.one_of(
            NUMBERS.map(lambda v: f"{style}><v>{v}</v></c>"),
            NUMBERS.map(lambda v: f"{style}><f>A1+1</f><v>{v}</v></c>"),
            ESCAPED.map(lambda v: f'{style} t="str"><f>"x"</f><v>{v}</v></c>'),
            ESCAPED.map(lambda v: f'{style} t="inlineStr"><is><t>{v}</t></is></c>'),
            st.sampled_from([f'{style} t="b"><v>1</v></c>', f'{style} t="e"><v>#N/A</v></c>']),
            st.sampled_from([f"{style}/>", f"{style}></c>", f"{style}><f>A1</f></c>"]),
        )
    )


@st.composite
def blocks(draw):
    numbers = draw(st.lists(st.integers(1, 1_048_576), min_size=1, max_size=6, unique=True))
    columns = ["A", "C", "Z", "AA", "BK", "AAA"]
    made = []
    for number in sorted(numbers):
        used = draw(st.lists(st.sampled_from(columns), unique=True))
        inner = [f'<c r="{c}{number}"{draw(cells())}' for c in columns if c in used]
        hidden = draw(st.sampled_from(["", ' spans="1:9"', ' hidden="1"']))
        made.append(f'<row r="{number}"{hidden}>{"".join(inner)}</row>')
    return "".join(made)


@settings(max_examples=60, deadline=None)
@given(blocks())
def test_the_vector_reads_what_the_parser_reads(rows):
    assert by_vector(rows) == by_parser(rows)


PLAIN = row(1, "A:1", 'B:t="str":x')


@pytest.mark.parametrize(
    "rows",
    [
        PLAIN.replace('r="1"', 'r="01"', 1),
        PLAIN.replace("A1", "A2"),
        PLAIN.replace("A1", "1A"),
        PLAIN.replace("A1", "B1"),
        PLAIN.replace("A1", "C1"),
        PLAIN.replace("</row>", ""),
        PLAIN.replace("</v>", "", 1),
        PLAIN.replace("</c>", "", 1),
        PLAIN.replace("<v>", "<v><!-- -->", 1),
        PLAIN.replace("<v>", "<v><![CDATA[</v></c>]]>", 1),
        PLAIN.replace("><v>", ">\n<v>", 1),
        PLAIN.replace("<c ", "<x:c ", 1),
        PLAIN.replace("<v>", "<w>", 1),
        PLAIN.replace('t="str"', 't="new"'),
        PLAIN.replace('t="str"', "t='str'"),
        PLAIN.replace("x", "\x01"),
        PLAIN + PLAIN,
        row(1_048_577, "A:1"),
        row(1, "XFD:1"),
        "<row><c><v>1</v></c></row>",
        "<c/>",
        "",
    ],
)
def test_what_is_written_otherwise_is_left_to_the_parser(rows):
    assert by_vector(rows) is None


def test_broken_utf8_is_left_to_the_parser():
    rows = PLAIN.encode().replace(b"x", b"\xff")
    assert BlockParser(None, SHOWN, system_1904=False)(rows) is None


def plain_blocks(path):
    with open_workbook(path, None) as book:
        parse = BlockParser(all_strings(book), book.book.shown, system_1904=False)
        pieces = cut_sheet(book.package.pieces(book.sheets[0].part))
        return [parse(piece.data) is not None for piece in pieces if piece.rows]


@pytest.mark.parametrize("options", [{}, {"constant_memory": True}])
def test_what_xlsxwriter_writes_is_plain(tmp_path, options):
    rows = [["a", 1, 2.5, True, None, " b "], ["=1+1", "x&y"]] * 3
    assert plain_blocks(write_rows(tmp_path / "a.xlsx", rows, **options)) == [True]


@pytest.mark.parametrize("write_only", [False, True])
def test_what_openpyxl_writes_is_plain(tmp_path, write_only):
    book = openpyxl.Workbook(write_only=write_only)
    sheet = book.create_sheet("S", 0)
    sheet.append(["a", 1, 2.5, True, None, " b "])
    sheet.append(["=1+1", "x&y"])
    book.save(tmp_path / "a.xlsx")
    assert plain_blocks(tmp_path / "a.xlsx") == [True]


@pytest.mark.parametrize("size", [1, 7, 60, 1000])
def test_a_sheet_is_cut_between_rows_and_nothing_is_lost(size):
    inner = "".join(row(n, "A:1", "B:22") for n in range(1, 9))
    text = f"<worksheet><sheetData>{inner}</sheetData><mergeCells/></worksheet>".encode()
    pieces = (text[at : at + size] for at in range(0, len(text), size))
    cut = list(cut_sheet(pieces, 50))
    assert b"".join(piece.data for piece in cut) == text
    assert b"".join(piece.data for piece in cut if piece.rows) == inner.encode()
