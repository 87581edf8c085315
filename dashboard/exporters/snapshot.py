"""One moment of the target, as several readers see it at once."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Select

from dashboard.formats.write_options import WriteOptions
from dashboard.records.fields import Field


@dataclass(frozen=True, slots=True)
class Block:
    """Some whole records as the bytes of a file, and how many they are."""

    data: bytes | bytearray
    num_rows: int


Lines = Generator[Block, None, None]
Tables = Generator[Any, None, None]  # of pyarrow tables


class NotText(Exception):
    """The database cannot write this part's text by itself: it is to be made from Arrow columns."""


class Reader(Protocol):
    """A connection that sees the moment. One thread at a time may use it."""

    def fetch(self, query: Select[Any]) -> Sequence[Any]:
        """All rows of a small result."""

    def lines(self, query: Select[Any], fields: Sequence[Field], options: WriteOptions) -> Lines:
        """The records as CSV, to the letter as formats/write_delimited.py writes them.

        Only what `writes_text` allows; raises NotText when a record's value does not.
        """

    def tables(self, query: Select[Any], fields: Sequence[Field]) -> Tables:
        """The records as Arrow tables of some thousand rows, of the fields' names and types."""

    def cancel(self) -> None:
        """From another thread: what the reader is doing ends with an error."""


class InTurn:
    """One cursor for parts that are read one after the other.

    `open` begins to read behind so many records; what it yields never crosses the end of a part.
    """

    def __init__(self, open: "Callable[[int], Generator[Any, None, None]]") -> None:
        self._open = open
        self._stream: Generator[Any, None, None] | None = None
        self._read = 0

    def take(self, start: int, rows: int) -> Generator[Any, None, None]:
        """The next `rows` records; begins anew when they are not the next."""
        if self._stream is None or self._read != start:
            self.close()
            self._stream, self._read = self._open(start), start
        while self._read < start + rows and (found := next(self._stream, None)) is not None:
            self._read += found.num_rows
            yield found

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None


class Snapshot(Protocol):
    """Open while the export runs; `at` is when it was taken, by the clock of this machine."""

    at: datetime
    dialect: str
    # Are there several readers, so that parts have to be ranges of the key?
    parallel: bool

    @property
    def readers(self) -> Sequence[Reader]:
        """As many as there may be threads."""

    @property
    def planner(self) -> Reader:
        """For counting, beforehand; may be one of the readers."""

    def writes_text(self, fields: Sequence[Field], options: WriteOptions) -> bool:
        """Can the database itself write the file's cells?"""

    def close(self) -> None: ...
