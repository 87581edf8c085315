"""Record batches as files of every format: in parts where parts can be joined, or as a whole."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from dashboard.formats.write_delimited import DelimitedWriter
from dashboard.formats.write_json import JsonWriter
from dashboard.formats.write_options import WriteOptions
from dashboard.formats.write_packing import compressed
from dashboard.formats.write_parquet import parquet_pieces
from dashboard.formats.write_refusals import duplicate_header, no_columns
from dashboard.formats.write_xlsx import xlsx_pieces


class PartWriter(Protocol):
    """The file is the head, the parts in order and the tail, one behind the other.

    Parts can be made in any order and in several threads; `first_row` is the row of the file that a
    part's first record has, for messages (None: it is not known).
    """

    def head(self) -> bytes: ...

    def part(self, batches: Iterable[Any], *, first_row: int | None = None) -> Iterator[bytes]: ...

    def tail(self) -> bytes: ...


def part_writer(options: WriteOptions, schema: Any) -> PartWriter:
    """For CSV, TSV and JSON Lines (`options.concatenates`); `schema` has names and Arrow types.

    Raises InputRefused for columns of one name; parts raise it for cells the format cannot hold.
    """
    check_names(schema)
    if options.is_delimited:
        return DelimitedWriter(options, schema)
    if options.concatenates:
        return JsonWriter(schema)
    raise ValueError(f"{options.format} has no parts that could be joined")


def write_batches(
    options: WriteOptions, schema: Any, batches: Iterable[Any], *, name: str = "rows"
) -> Iterator[bytes]:
    """The whole file, packed as chosen, from batches in order; memory does not grow with them.

    Batches (or tables) have the schema's columns. `name` is the file's own inside an archive,
    without an ending. Closing the iterator ends what it has under way. Raises InputRefused.
    """
    check_names(schema)
    if options.format == "xlsx":
        return xlsx_pieces(options, schema, batches)
    if options.format == "parquet":
        return parquet_pieces(schema, batches)
    pieces = joined(part_writer(options, schema), batches, first_row=first_row(options))
    return compressed(pieces, options.compression, name + options.inner_suffix)


def first_row(options: WriteOptions) -> int:
    """The row of the file that its first record has."""
    return 2 if options.header and options.is_delimited else 1


def joined(writer: PartWriter, batches: Iterable[Any], *, first_row: int) -> Iterator[bytes]:
    yield writer.head()
    yield from writer.part(batches, first_row=first_row)
    yield writer.tail()


def check_names(schema: Any) -> None:
    if not len(schema):
        raise no_columns()
    seen = set[str]()
    for name in schema.names:
        if name in seen:
            raise duplicate_header(name)
        seen.add(name)
