"""A block of a sheet's rows at vector speed, when it is written the way nearly all programs do.

Every tag of the block must belong to one of the shapes below; else the block is left to the parser
(None), so what is read here is read with certainty. Positions are bytes within the block.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dashboard.formats.layout import MAX_COLUMNS
from dashboard.formats.workbook_columns import Kind, Maker
from dashboard.formats.workbook_dates import Shown
from dashboard.formats.workbook_parts import Part, Positions, spread, without_blanks
from dashboard.formats.workbook_rows import MOST_ROWS, Facts
from dashboard.formats.workbook_tags import (
    CELL,
    CELL_END,
    CELL_START,
    FORMULA,
    FORMULA_END,
    INLINE,
    INLINE_END,
    KEEP,
    KEPT_TEXT,
    MASKS,
    NO_VALUE,
    ROW,
    ROW_END,
    ROW_START,
    TEXT,
    TEXT_END,
    VALUE,
    VALUE_END,
    Unusual,
    Words,
    check,
    classify,
    word,
)
from dashboard.formats.workbook_values import has_controls, is_utf8

Bools = npt.NDArray[np.bool_]
PADDING = 48  # what a look at a few words may reach beyond the block
BEYOND = 6
TAIL_WORDS = 4
MOST_TAILS = 400
TAIL = re.compile(rb'(?: (?:s="([0-9]+)"|t="([A-Za-z]+)"|(?:cm|vm|ph)="[0-9a-z]+"))*( ?/)?>\Z')
ROW_HIDDEN = re.compile(rb' hidden="(?:1|true|on)"')


class Cells(NamedTuple):
    """Cells with a value: where its text lies, and what `Maker` has to make of it."""

    row: Positions
    column: npt.NDArray[np.uint16]
    start: Positions
    end: Positions
    kind: npt.NDArray[np.uint8]


class BlockParser:
    """`strings`: the shared texts (Arrow) or None; `shown`: by style number. Safe in threads."""

    def __init__(self, strings: Any, shown: Sequence[Shown], *, system_1904: bool) -> None:
        self.shown = shown
        self.maker = Maker(strings, system_1904=system_1904)

    def __call__(self, data: bytes) -> Part | None:
        try:
            return BlockReader(data, self.shown).part(self.maker)
        except Unusual:
            return None


class BlockReader:
    """Finds the block's tags once. Raises Unusual."""

    def __init__(self, data: bytes, shown: Sequence[Shown]) -> None:
        check(data.startswith(ROW_START))
        self.data, self.shown = data, shown
        padded = data + bytes(PADDING)
        self.bytes = np.frombuffer(padded, np.uint8)
        text = self.bytes[: len(data)]
        check(not (text < ord(" ")).any() or not has_controls(data))
        check(data.isascii() or is_utf8(data))
        # Eight bytes from any place at once.
        self.words: Words = np.ndarray((len(padded) - 7,), "<u8", padded, strides=(1,))
        heads = np.ndarray((len(padded) - 3,), "<u4", padded, strides=(1,))
        # Behind the last tag there are always some more to look at.
        found = np.flatnonzero(text == ord("<"))
        self.tags: Positions = np.append(found, np.full(BEYOND, len(data)))
        self.kinds = classify(heads[self.tags])
        self.facts = Facts()

    def part(self, maker: Maker) -> Part:
        numbers, row_tags = self.read_rows()
        cells = self.read_cells(row_tags)
        texts, escaped = self.texts(cells)
        self.facts.errors = int((cells.kind == Kind.ERROR).sum())
        used = np.flatnonzero(np.bincount(cells.row, minlength=len(numbers)))
        place_of = np.zeros(len(numbers), np.int64)
        place_of[used] = np.arange(len(used))
        order = np.argsort(cells.column, kind="stable")
        edges = np.flatnonzero(np.diff(cells.column[order])) + 1
        columns = {}
        for picked in np.split(order, edges) if len(order) else []:
            made = maker.column(texts, picked, cells.kind[picked], escaped=escaped)
            if len(made) < len(used):
                made = spread(made, place_of[cells.row[picked]], len(used))
            columns[int(cells.column[picked[0]])] = made
        part = Part(numbers[used], columns, int(numbers[0]), int(numbers[-1]), self.facts)
        return without_blanks(part)

    def read_rows(self) -> tuple[Positions, Positions]:
        """The rows' numbers and the places of their tags among all tags."""
        at = np.flatnonzero(self.kinds == ROW)
        place = self.tags[at]
        check((self.words[place] == word(ROW_START)).all())
        digits = self.words[place + 8]
        numbers = np.zeros(len(at), np.int64)
        self.row_digits = np.zeros(len(at), np.int64)
        open_rows = np.ones(len(at), np.bool_)
        for position in range(8):
            byte = ((digits >> np.uint64(8 * position)) & np.uint64(255)).astype(np.int64)
            open_rows &= byte != ord('"')
            if not open_rows.any():
                break
            check(((byte >= 48) & (byte <= 57))[open_rows].all())
            numbers[open_rows] = numbers[open_rows] * 10 + byte[open_rows] - 48
            self.row_digits += open_rows
        check(not open_rows.any() and (self.row_digits > 0).all() and (numbers > 0).all())
        check((np.diff(numbers) > 0).all() and numbers[-1] <= MOST_ROWS)
        # No leading zero, else the cells' own numbers would differ.
        check((digits & np.uint64(255) != ord("0")).all())
        # The digits and the quote behind them, as they must stand in each cell's place.
        self.row_words = digits & MASKS[self.row_digits + 1]
        self.facts.hidden_rows = self.count_hidden(place, self.tags[at + 1])
        self.check_row_ends(at)
        return numbers, at

    def count_hidden(self, starts: Positions, ends: Positions) -> int:
        if b' hidden="' not in self.data:
            return 0
        pairs = zip(starts.tolist(), ends.tolist(), strict=True)
        return sum(bool(ROW_HIDDEN.search(self.data, a, b)) for a, b in pairs)

    def check_row_ends(self, at: Positions) -> None:
        """Each row has an end tag right before the next row, or is an empty tag by itself."""
        after = np.append(at[1:], len(self.kinds) - BEYOND)
        alone = after == at + 1
        last = self.tags[after]
        check((self.bytes[last[alone] - 2] == ord("/")).all())
        check((self.kinds[after[~alone] - 1] == ROW_END).all())
        check((self.kinds == ROW_END).sum() == (~alone).sum())
        check((self.bytes[self.tags[at + 1] - 1] == ord(">")).all())
        check((self.bytes[last - 1] == ord(">")).all())

    def read_cells(self, row_tags: Positions) -> Cells:
        at = np.flatnonzero(self.kinds == CELL)
        counts = np.diff(np.append(at.searchsorted(row_tags), len(at)))
        row = np.repeat(np.arange(len(row_tags)), counts)
        place, after = self.tags[at], self.tags[at + 1]
        check(((self.words[place] & MASKS[6]) == word(CELL_START)).all())
        digits, column = self.read_columns(place + len(CELL_START))
        place_keys = (row << 16) | column
        check((place_keys[1:] > place_keys[:-1]).all())
        masks = np.repeat(MASKS[self.row_digits + 1], counts)
        check(((self.words[digits] & masks) == np.repeat(self.row_words, counts)).all())
        tail = digits + np.repeat(self.row_digits + 1, counts)
        kind, closed = self.read_kinds(tail, after)
        start, end, filled = self.read_values(at, closed)
        # An empty text is a value only where it is text by itself.
        filled &= (end > start) | (kind == Kind.TEXT)
        self.facts.without_value = int((self.formula & ~filled).sum())
        if filled.all():
            cells = Cells(row, column, start, end, kind)
        else:
            at = np.flatnonzero(filled)
            cells = Cells(row[at], column[at], start[at], end[at], kind[at])
        check(not len(cells.column) or cells.column.max() < MAX_COLUMNS)
        return cells

    def read_columns(self, place: Positions) -> tuple[Positions, npt.NDArray[np.uint16]]:
        """Where the row's digits begin, and the column."""
        head = self.words[place]
        first, second, third = ((head >> np.uint64(8 * n)).astype(np.uint8) for n in range(3))
        check(((first >= 65) & (first <= 90)).all())
        column = first.astype(np.int32) - 64
        two = (second >= 65) & (second <= 90)
        digits = place + 1
        if two.any():
            three = two & (third >= 65) & (third <= 90)
            column = np.where(two, column * 26 + second - 64, column)
            column = np.where(three, column * 26 + third - 64, column)
            digits = digits + two + three
        return digits, (column - 1).astype(np.uint16)

    def read_values(self, at: Positions, closed: Bools) -> tuple[Positions, Positions, Bools]:
        """Where each cell's value lies, and whether it has one. Checks that every tag is known."""
        kinds, tags = self.kinds, self.tags
        seen = int((kinds == ROW).sum() + (kinds == ROW_END).sum() + closed.sum())
        # With a formula, its tags stand before the value's.
        first = at + 1
        self.formula = kinds[first] == FORMULA
        if self.formula.any():
            skipped = self.skip_formulas(first)
            seen += int(skipped.sum())
            first = first + skipped
        plain = kinds[first] == VALUE
        check(not (closed & (plain | self.formula)).any())
        start, end = tags[first] + len(b"<v>"), tags[first + 1]
        right = (kinds[first + 1] == VALUE_END) & (kinds[first + 2] == CELL_END)
        check(right.all() or right[plain].all())
        seen += 4 * int(plain.sum())
        if not plain.all():
            start, end = np.where(plain, start, 0), np.where(plain, end, 0)
            bare = ~closed & ~plain
            seen += self.read_bare(first, bare, start, end, plain)
        check(seen == len(tags) - BEYOND)
        return start, end, plain

    def skip_formulas(self, first: Positions) -> Positions:
        """How many tags each cell's formula takes: two, or one when it is empty by itself."""
        whole = self.kinds[first + 1] == FORMULA_END
        empty = self.bytes[self.tags[first + 1] - 2] == ord("/")
        check((whole | empty)[self.formula].all())
        return np.where(self.formula, 1 + whole, 0)

    def read_bare(
        self, first: Positions, bare: Bools, start: Positions, end: Positions, filled: Bools
    ) -> int:
        """Cells without a value, and those with their text inside. Returns how many tags."""
        kinds, tags = self.kinds, self.tags
        ended = bare & (kinds[first] == CELL_END)
        empty = bare & (kinds[first] == NO_VALUE)
        check((kinds[first[empty] + 1] == CELL_END).all())
        inline = bare & (kinds[first] == INLINE)
        check((ended | empty | inline)[bare].all())
        text = first[inline] + 1
        kept = kinds[text] == KEPT_TEXT
        check((kept | (kinds[text] == TEXT)).all())
        for step, kind in ((1, TEXT_END), (2, INLINE_END), (3, CELL_END)):
            check((kinds[text + step] == kind).all())
        for place in tags[text[kept]].tolist():
            check(self.data.startswith(KEEP, place))
        start[inline] = tags[text] + np.where(kept, len(KEEP), 3)
        end[inline] = tags[text + 1]
        filled |= inline | empty
        return 2 * int(ended.sum()) + 3 * int(empty.sum()) + 6 * int(inline.sum())

    def read_kinds(self, start: Positions, stop: Positions) -> tuple[npt.NDArray[np.uint8], Bools]:
        """What each cell is, by the attributes behind its place, and whether it has no inside.

        One file knows few ways to write them, so each is looked at once.
        """
        length = stop - start
        check(not len(length) or (length.min() > 0 and length.max() <= 8 * TAIL_WORDS))
        longest = int(length.max()) if len(length) else 0
        parts = [
            self.words[start + 8 * n] & MASKS[np.clip(length - 8 * n, 0, 8)]
            for n in range((longest + 7) // 8)
        ]
        kind, closed = np.zeros(len(start), np.uint8), np.zeros(len(start), np.bool_)
        left = np.arange(len(start))
        for _ in range(MOST_TAILS):
            if not len(left):
                return kind, closed
            one = left[0]
            alike = parts[0] == parts[0][0]
            for part in parts[1:]:
                alike &= part == part[0]
            picked = left[alike]
            kind[picked], closed[picked] = self.read_tail(self.data[start[one] : stop[one]])
            left, parts = left[~alike], [part[~alike] for part in parts]
        raise Unusual

    def read_tail(self, tail: bytes) -> tuple[int, bool]:
        found = TAIL.match(tail)
        if found is None or tail.count(b' s="') > 1 or tail.count(b' t="') > 1:
            raise Unusual
        style, kind, closed = int(found[1] or 0), (found[2] or b"n").decode(), bool(found[3])
        if kind == "n":
            return int(self.shown[style] if style < len(self.shown) else Shown.NUMBER), closed
        check(kind in Kind.BY_NAME)
        return Kind.BY_NAME[kind], closed

    def texts(self, cells: Cells) -> tuple[Any, bool]:
        """All values as they stand in the block, and whether some may need unescaping."""
        lengths = cells.end - cells.start
        offsets = np.zeros(len(lengths) + 1, np.int32)
        np.cumsum(lengths, out=offsets[1:])
        # Each byte's place in the block: its place in the text and how far its cell was moved.
        places = np.repeat(cells.start - offsets[:-1], lengths)
        places += np.arange(len(places))
        text = self.bytes[places]
        raw = text.tobytes()
        escaped = b"&" in raw or b"_x" in raw or b"\r" in raw
        buffers = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(raw)]
        return pa.Array.from_buffers(pa.string(), len(lengths), buffers), escaped
