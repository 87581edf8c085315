"""An export's file out of its parts: written one by one and joined, or gone through in order."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any, Protocol

from sqlalchemy import Select

from dashboard.exporters.export import Export
from dashboard.exporters.flowing import Flow
from dashboard.exporters.key_ranges import KeyRange
from dashboard.exporters.making_parts import PartsMaker, watched
from dashboard.exporters.memory import give_back
from dashboard.exporters.snapshot import InTurn, Lines, NotText, Reader, Snapshot, Tables
from dashboard.exporters.transforming import gathered, transformed
from dashboard.formats.write_packing import compressed
from dashboard.formats.write_parts import first_row, part_writer, write_batches
from dashboard.jobs.whole_job import Desk
from dashboard.storage.store import EXPORTS, Stored

# Parts of typed columns that may be in memory at once, each with what a Flow holds.
AHEAD = 2


class Output(Protocol):
    def write(self, data: bytes | bytearray, /) -> object: ...


class RowsMissing(Exception):
    """A part has other records than were counted at the same moment; the job is tried again."""


class Assembling:
    """Makes the file of one export; `rows` is how many it has."""

    def __init__(
        self, desk: Desk, export: Export, snapshot: Snapshot, ranges: Sequence[KeyRange]
    ) -> None:
        self.desk, self.export, self.snapshot, self.ranges = desk, export, snapshot, ranges
        self.rows = 0
        ahead = None if export.options.concatenates else AHEAD
        self._maker = PartsMaker(desk, snapshot, ranges, ahead)
        # A hook decides by the first records which columns the file has; they are made but once.
        self._schema: Any = None if export.transforms else export.schema
        self._begun: Tables | None = None
        self._first: Any = None
        self._straight = False
        reader, fields = snapshot.planner, export.fields
        self._text = InTurn(lambda n: reader.lines(self._behind(n), fields, export.options))
        self._typed = InTurn(lambda n: reader.tables(self._behind(n), fields))

    def run(self) -> Stored:
        """Raises Stopped, RowsMissing and what reading and writing raise."""
        try:
            if self.export.transforms:
                self._begin()
            return self._joined() if self.export.options.concatenates else self._whole()
        finally:
            if self._begun is not None:
                self._begun.close()
            self._text.close()
            self._typed.close()

    def _begin(self) -> None:
        """The first part is read as far as the hook needs it, and later on from there."""
        planner = self.snapshot.planner
        begun = self._begun = self._transformed(planner, self.ranges[0])
        self._first = watched(self.desk, planner, lambda: next(begun))
        self._schema = self._first.schema

    # -- parts of their own ------------------------------------------------------------------

    def _joined(self) -> Stored:
        """Each part is a file; they are joined, and hashed, while later ones are still made."""
        writer = part_writer(self.export.options, self._schema)
        packing = self.export.options.compression
        inner = self.export.name + self.export.options.inner_suffix
        wrap = None if packing == "none" else lambda pieces: compressed(pieces, packing, inner)
        self._straight = not self.export.transforms and self.snapshot.writes_text(
            self.export.fields, self.export.options
        )

        def make(reader: Reader, part: KeyRange, hand: Callable[[tuple[str, int]], None]) -> None:
            key = f"{self.desk.folder}/{part.number:06}"
            hand((key, self._part(key, writer, reader, part)))

        with closing(self._maker.in_order(make)) as made:
            return self.desk.store.assemble(
                self._keys(made), folder=EXPORTS, head=writer.head(), tail=writer.tail(), wrap=wrap
            )

    def _keys(self, made: Iterable[tuple[str, int]]) -> Iterator[str]:
        for part, (key, rows) in zip(self.ranges, made, strict=True):
            self._done(part, rows)
            yield key

    def _part(self, key: str, writer: Any, reader: Reader, part: KeyRange) -> int:
        if self._straight:
            try:
                with self.desk.store.writer(key) as out:
                    return self._copy(reader, part, out)
            except NotText:
                self._straight = False
        with self.desk.store.writer(key) as out:
            return self._write(writer, reader, part, out)

    def _copy(self, reader: Reader, part: KeyRange, out: Output) -> int:
        """The cells as the database writes them."""
        rows = 0
        with closing(self._lines(reader, part)) as blocks:
            for block in blocks:
                self._maker.look()
                out.write(block.data)
                rows += block.num_rows
        return checked(part, rows)

    def _write(self, writer: Any, reader: Reader, part: KeyRange, out: Output) -> int:
        """The cells as we write them."""
        first = None  # a hook may leave rows out
        if not self.export.transforms:
            first = first_row(self.export.options) + part.start
        with closing(self._tables(reader, part)) as tables:
            counting = Counting(tables)
            for piece in writer.part(counting, first_row=first):
                self._maker.look()
                out.write(piece)
        return counting.rows

    # -- one writer for all ------------------------------------------------------------------

    def _whole(self) -> Stored:
        def make(reader: Reader, part: KeyRange, hand: Callable[[Flow], None]) -> None:
            flow = Flow(self._maker.look)
            hand(flow)
            with closing(self._tables(reader, part)) as tables:
                flow.fill(tables)

        with (
            closing(self._maker.in_order(make)) as made,
            self.desk.store.new_file(EXPORTS) as out,
            closing(self._pieces(made)) as pieces,
        ):
            for piece in pieces:
                self._maker.look()
                out.write(piece)
        return out.stored

    def _pieces(self, made: Iterable[Flow]) -> Any:
        return write_batches(
            self.export.options, self._schema, self._in_order(made), name=self.export.name
        )

    def _in_order(self, made: Iterable[Flow]) -> Iterator[Any]:
        for part, flow in zip(self.ranges, made, strict=True):
            counting = Counting(flow)
            yield from counting
            self._done(part, counting.rows)

    # -- both --------------------------------------------------------------------------------

    def _done(self, part: KeyRange, rows: int) -> None:
        self.rows += rows
        self.desk.part_done(part.number, rows)

    def _tables(self, reader: Reader, part: KeyRange) -> Tables:
        """A part's records as the file's columns. Close it: a connection may be reading."""
        if not self.export.transforms:
            return self._read(reader, part)
        if part.number > 1 or self._begun is None:
            return self._transformed(reader, part)
        return self._going_on(self._begun)

    def _going_on(self, begun: Tables) -> Tables:
        first, self._first = self._first, None
        yield first
        del first
        yield from begun

    def _transformed(self, reader: Reader, part: KeyRange) -> Tables:
        with closing(self._read(reader, part)) as tables:
            for table in gathered(tables, self.export.schema):
                yield transformed(self.export.exporter, table, self._schema)

    def _read(self, reader: Reader, part: KeyRange) -> Tables:
        rows = 0
        with closing(self._raw_tables(reader, part)) as tables:
            for table in tables:
                self._maker.look()
                rows += table.num_rows
                yield table.rename_columns(list(self.export.heads))
        give_back()
        checked(part, rows)

    # -- where the records come from: a range each, or one cursor for all ----------------------

    def _lines(self, reader: Reader, part: KeyRange) -> Lines:
        fields, options = self.export.fields, self.export.options
        if self.snapshot.parallel:
            return reader.lines(part.of(self.export.table, self.export.query), fields, options)
        return self._text.take(part.start, part.rows)

    def _raw_tables(self, reader: Reader, part: KeyRange) -> Tables:
        fields = self.export.fields
        if self.snapshot.parallel:
            return reader.tables(part.of(self.export.table, self.export.query), fields)
        return self._typed.take(part.start, part.rows)

    def _behind(self, rows: int) -> Select[Any]:
        query = self.export.query.order_by(*self.export.table.key)
        return query.offset(rows) if rows else query


class Counting:
    """Counts the rows of the tables that are taken out of it."""

    def __init__(self, tables: Iterable[Any]) -> None:
        self._tables = tables
        self.rows = 0

    def __iter__(self) -> Iterator[Any]:
        for table in self._tables:
            self.rows += table.num_rows
            yield table


def checked(part: KeyRange, rows: int) -> int:
    if rows != part.rows:
        raise RowsMissing(
            f"part {part.number} has {rows:,} records, but {part.rows:,} were counted"
        )
    return rows
