"""Reads a source to its end into a stored form, before anything is written to the target.

A source that is down, hangs or changes its columns is found out here: nothing is half done.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from dashboard.errors import InputRefused
from dashboard.formats.forms import BatchPlace
from dashboard.formats.table_form import BATCH_BYTES, BATCH_ROWS, serialize, text_ends
from dashboard.sync.source import Ask, Page, Source

# Of a folder with very many files the job's page names these.
NAMED = 100

NOWHERE = BatchPlace(0, 0, 0, 0)
# Refused rows are kept with their chunk as hints.
MOST_REFUSED = 500

Fields = Callable[[tuple[str, ...]], Mapping[str, str]]
"""The source's columns → column to field; raises when a field that is needed gets none."""


@dataclass(slots=True)
class Piece:
    """One chunk to be: where its rows lie, and what they cover when they are taken.

    `open` names the page whose rows no cursor and no mark covers at the piece's end. `refused` are
    [row number, code, message, page] of rows, or whole files, that could not be read: they have no
    cells and lie beside the rows of `place`.
    """

    place: BatchPlace = NOWHERE
    cursor: Mapping[str, Any] | None = None
    marks: list[str] = field(default_factory=list)
    open: str | None = None
    refused: list[list[Any]] = field(default_factory=list)

    def cover(self, page: Page) -> None:
        """All rows up to here are covered by what the page says."""
        if page.cursor is not None:
            self.cursor = page.cursor
        if page.mark is not None:
            self.marks.append(page.mark)
        if covers(page):
            self.open = None


@dataclass
class Extraction:
    """`columns` are all the source had, in order; the rest is known when `pieces` was gone through.

    `early` is what pages without rows covered before there was a piece to tell it.
    """

    source: Source
    ask: Ask
    fields: Fields
    most_rows: int = BATCH_ROWS
    columns: tuple[str, ...] = ()
    found: list[Piece] = field(default_factory=list)
    early: Piece | None = None
    pages: int = 0
    names: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _mapped: frozenset[str] = frozenset()
    _waiting: list[pa.RecordBatch] = field(default_factory=list)
    _next: Piece | None = None
    # What of the rows so far nothing covers yet; a refused row adds no record.
    _open: str | None = None
    _held: tuple[int, int] = (0, 0)
    _offset: int = 0

    def pieces(self) -> Iterator[bytes]:
        """The form, for `Forms.keep`. Raises what the source raises."""
        with closing(self.source.read(self.ask)) as pages:  # type: ignore[type-var]  # a generator
            for page in pages:
                self.ask.check()
                self._note(page)
                for part in parts(page, self.most_rows):
                    yield from self._take(part)
        yield from self._flush()

    def _take(self, page: Page) -> Iterator[bytes]:
        if page.refused is not None or page.rows.num_rows:
            self._check_columns(page)
            if self._full(page):
                yield from self._flush()
            self._hold(page)
        self._cover(page)

    def _note(self, page: Page) -> None:
        self.pages += 1
        if page.name not in self.names and len(self.names) < NAMED:
            self.names.append(page.name)
        if page.note and page.note not in self.notes:
            self.notes.append(page.note)

    def _check_columns(self, page: Page) -> None:
        """At the first page, and where a later file or page brings other columns."""
        if page.refused is not None:
            return
        names = tuple(page.rows.schema.names[:-1])
        if not self.columns:
            self._mapped = frozenset(self.fields(names))
        lost = [name for name in self.columns if name in self._mapped and name not in names]
        if lost:
            raise lost_columns(page.name, lost, names)
        new = tuple(name for name in names if name not in self.columns)
        if new:
            self.columns += new
            self._mapped = frozenset(self.fields(self.columns))

    def _full(self, page: Page) -> bool:
        """Must what waits be a chunk of its own? Rows that are covered stay apart from rows that
        are not: the cursor then never stands before a record that is there."""
        if self._next is None:
            return False
        if page.refused is not None:
            return len(self._next.refused) == MOST_REFUSED
        if self._next.open is None and not covers(page):
            return True
        rows, size = measured(page)
        held_rows, held_bytes = self._held
        other = bool(self._waiting) and page.rows.schema != self._waiting[0].schema
        return other or held_rows + rows > self.most_rows or held_bytes + size > BATCH_BYTES

    def _hold(self, page: Page) -> None:
        if self._next is None:
            self._next = Piece(open=self._open)
        if page.refused is not None:
            told = [page.refused.code, page.refused.message, page.name]
            self._next.refused.append([page.base + 1, *told])
            return
        self._next.open = self._open = page.name
        rows, size = measured(page)
        self._waiting.append(page.rows)
        self._held = (self._held[0] + rows, self._held[1] + size)

    def _cover(self, page: Page) -> None:
        """A page without rows speaks for the rows before it."""
        if not covers(page):
            return
        self._open = None
        piece = self._next or (self.found[-1] if self.found else None)
        if piece is None:
            piece = self.early = self.early or Piece()
        piece.cover(page)

    def _flush(self) -> Iterator[bytes]:
        piece = self._next
        if piece is None:
            return
        if self.early is not None:
            piece.marks, piece.cursor = (
                self.early.marks + piece.marks,
                piece.cursor or self.early.cursor,
            )
            self.early = None
        self.found.append(piece)
        waiting, self._waiting, self._next, self._held = self._waiting, [], None, (0, 0)
        if waiting:
            batch = serialize(waiting)
            piece.place = BatchPlace(self._offset, len(batch.data), batch.first_row, batch.rows)
            self._offset += len(batch.data)
            yield batch.data


def parts(page: Page, most: int) -> Iterator[Page]:
    """The page, or pieces of at most `most` rows; only the last one covers anything."""
    starts = range(0, page.rows.num_rows, most) if page.refused is None else ()
    for start in starts[:-1]:
        yield replace(page, rows=page.rows.slice(start, most), cursor=None, mark=None)
    yield replace(page, rows=page.rows.slice(starts[-1])) if starts else page


def covers(page: Page) -> bool:
    return page.cursor is not None or page.mark is not None


def measured(page: Page) -> tuple[int, int]:
    """Rows and bytes of text."""
    ends = text_ends(page.rows)
    return page.rows.num_rows, int(ends[-1]) if len(ends) else 0


def lost_columns(name: str, lost: list[str], found: tuple[str, ...]) -> InputRefused:
    missing, there = ", ".join(map(repr, lost)), ", ".join(found)
    return InputRefused(
        f"{name} has no column {missing}, which fills a field. Columns found: {there}."
        " Nothing was written. Put the column back, or have the sync's mapping changed.",
        code="columns_changed",
        details={"missing": lost, "columns": list(found)},
    )
