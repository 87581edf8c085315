"""Columns as the XML of a sheet's cells, all rows of a batch at once."""

import re
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute

from dashboard.formats.write_formulas import escape_cells
from dashboard.formats.write_lines import byte_table, holds, nullable, whole
from dashboard.formats.write_refusals import Place, cell_too_long, forbidden_character
from dashboard.formats.write_texts import is_text
from dashboard.formats.write_xlsx_numbers import GENERAL, sheet_numbers, style_of

pc: Any = pyarrow.compute  # its published types know only some calls

MOST_CHARACTERS = 32_767
MARKUP = byte_table(b"&<>")
SPACES = byte_table(b" \t\n")
# What XML has no way to write is spelled _x001F_, and so is a text that looks like that itself.
CONTROLS = byte_table({*range(32)} - {*b"\t\n"})
SPELLED = re.compile(r"[\x01-\x08\x0b-\x1f]|_(?=x[0-9A-Fa-f]{4}_)")
ASKS_SPELLING = r"[\x01-\x08\x0b-\x1f]|_x[0-9A-Fa-f]{4}_"
FORBIDDEN = "\0\ufffe\uffff"
BEYOND = byte_table([0, 0xEF])


class Shape(NamedTuple):
    """What stands around a cell's value: attributes, and before and behind it."""

    attributes: str
    before: str
    behind: str


TEXT = Shape(' t="inlineStr"', "<is><t>", "</t></is>")
SPACED = Shape(' t="inlineStr"', '<is><t xml:space="preserve">', "</t></is>")
TRUTH = Shape(' t="b"', "<v>", "</v>")


class Column(NamedTuple):
    """One column of a block: its place in the sheet, `rows` of the sheet as texts, and a look."""

    number: int
    rows: Any
    look: str = ""

    def cells(self, shape: Shape, texts: Any) -> tuple[Any, ...]:
        """Parts of a line: nothing at all where there is no text."""
        before = f'"{self.look}{shape.attributes}>{shape.before}'
        return f'<c r="{letters(self.number)}', self.rows, before, texts, f"{shape.behind}</c>"


def cell_parts(place: Place, column: Column, *, escape: bool) -> tuple[Any, ...]:
    """One column's cells, as parts of a line; InputRefused for what no workbook holds."""
    values = place.batch.column(column.number)
    numbers = sheet_numbers(values)
    if numbers is not None and numbers.null_count == values.null_count:
        return nullable(*column.cells(number_shape(values.type), numbers))
    texts = place.cells(column.number)
    if escape and is_text(values.type):
        texts = escape_cells(texts)
    if numbers is None:
        return nullable(*column.cells(*text_shape(place, column.number, texts)))
    texts = pc.if_else(pc.is_valid(numbers), pa.scalar(None, pa.string()), texts)
    as_numbers = column.cells(number_shape(values.type), numbers)
    as_texts = column.cells(*text_shape(place, column.number, texts))
    return (pc.coalesce(whole(*as_numbers), whole(*as_texts)),)


def number_shape(kind: Any) -> Shape:
    if pa.types.is_boolean(kind):
        return TRUTH
    style = style_of(kind)
    return Shape("" if style is GENERAL else f' s="{style.number}"', "<v>", "</v>")


def text_shape(place: Place, number: int, texts: Any) -> tuple[Shape, Any]:
    """The texts as XML writes them. Readers trim what is not said to keep its spaces."""
    check_texts(place, number, texts)
    shape = SPACED if holds(texts, SPACES) else TEXT
    if holds(texts, CONTROLS) or pc.any(pc.match_substring(texts, "_x")).as_py():
        texts = spelled(texts)
    if holds(texts, MARKUP):
        for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            texts = pc.replace_substring(texts, character, entity)
    return shape, texts


def spelled(texts: Any) -> Any:
    asked = pc.fill_null(pc.match_substring_regex(texts, ASKS_SPELLING), False)
    found = [SPELLED.sub(spell, text) for text in texts.filter(asked).to_pylist()]
    return pc.replace_with_mask(texts, asked, pa.array(found, pa.string()))


def spell(found: re.Match[str]) -> str:
    return f"_x{ord(found[0]):04X}_"


def check_texts(place: Place, number: int, texts: Any) -> None:
    longest = pc.max(pc.binary_length(texts)).as_py() or 0
    if longest > MOST_CHARACTERS:
        check_lengths(place, number, texts)
    if not holds(texts, BEYOND):
        return
    for character in FORBIDDEN:
        wrong = pc.index(pc.match_substring(texts, character), True).as_py()
        if wrong >= 0:
            place.refuse(wrong, number, forbidden_character(character))


def check_lengths(place: Place, number: int, texts: Any) -> None:
    """Workbooks count characters beyond the first 65,536 twice, as UTF-16 does."""
    for position, text in enumerate(texts.to_pylist()):
        if text is not None and len(text.encode("utf-16-le")) // 2 > MOST_CHARACTERS:
            place.refuse(position, number, cell_too_long(len(text), MOST_CHARACTERS))


def letters(number: int) -> str:
    """A, B … Z, AA …, from 0."""
    found = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        found = chr(ord("A") + rest) + found
    return found
