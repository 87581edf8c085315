"""JSON Lines: an object on each line (or one array of objects), read as text, as written.

Numbers keep their text, strings are as they are, null and absent are null, what is nested becomes
compact JSON. The columns are the names of all objects in the order they first appear.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, BinaryIO

import pyarrow as pa

from dashboard.formats import json_refusals, refusals
from dashboard.formats.found import Found, Preview
from dashboard.formats.json_records import Texts, read_texts
from dashboard.formats.json_text import cell_text, parse_object, scan_exact
from dashboard.formats.layout import MAX_COLUMNS, MAX_RECORD_BYTES
from dashboard.formats.naming import free_name
from dashboard.formats.reading_choices import Reading
from dashboard.formats.table_form import TableBatch, make_batch, write_batches

NUL_ESCAPE = "\\u0000"
Record = dict[str, Any]


class JsonRows:
    """Turns objects into record batches; its columns grow with the names that appear.

    A later batch has all columns of an earlier one, in the same order, and perhaps more behind.
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}  # by the object's own name
        self._exact = False

    def batches(self, stream: BinaryIO) -> Iterator[pa.RecordBatch]:
        """Raises FileRefused."""
        block = None
        for block in read_texts(stream):
            yield self.batch(block)
        if block is None:
            raise json_refusals.no_rows()
        if not self.names:
            raise json_refusals.no_columns()

    def batch(self, block: Texts) -> pa.RecordBatch:
        try:
            records = self._parse(block)
            self._learn(block, records)
            cells = columns_of(records, list(self.names))
            return make_batch(list(self.names.values()), cells, block.numbers)
        except pa.ArrowTypeError:
            # Something is neither text nor number: from here on, the slower way that tells.
            self._exact = True
            return self.batch(block)
        except UnicodeEncodeError:
            raise json_refusals.lone_surrogate(find_surrogate(block)) from None

    def _parse(self, block: Texts) -> list[Record]:
        read = parse_cells if self._exact else parse_object
        records = [read(text, row) for row, text in zip(*block, strict=True)]
        if any(NUL_ESCAPE in text for text in block.texts):
            check_nul(block, records)
        return records

    def _learn(self, block: Texts, records: Sequence[Record]) -> None:
        new = [name for name in dict.fromkeys(chain(*records)) if name not in self.names]
        for name in new:
            number = len(self.names) + 1
            if number > MAX_COLUMNS:
                rows = zip(block.numbers, records, strict=True)
                row = next(row for row, record in rows if name in record)
                raise json_refusals.too_many_names(row, number, MAX_COLUMNS)
            wanted = name if name.strip() else f"column_{number}"
            self.names[name] = free_name(wanted, set(self.names.values()), str)


def parse_cells(text: str, row: int) -> Record:
    """An object with the texts of its cells."""
    record = parse_object(text, row, scan_exact)
    try:
        return {name: cell_text(value) for name, value in record.items()}
    except RecursionError:
        raise json_refusals.nested_too_deep(row) from None


def columns_of(records: Sequence[Record], names: Sequence[str]) -> list[Sequence[Any]]:
    """Per name the values of all records, None where it is absent."""
    try:
        if len(names) > 1:
            return list(zip(*map(itemgetter(*names), records), strict=True))
    except KeyError:
        pass
    return [[record.get(name) for record in records] for name in names]


def check_nul(block: Texts, records: Sequence[Record]) -> None:
    for row, record in zip(block.numbers, records, strict=True):
        if any("\0" in text for text in (*record, *record.values()) if isinstance(text, str)):
            raise refusals.nul_byte(row)


def find_surrogate(block: Texts) -> int:
    """The first row whose text no encoding can hold."""
    for row, text in zip(*block, strict=True):
        record = parse_cells(text, row)
        try:
            "".join((*record, *(cell or "" for cell in record.values()))).encode()
        except UnicodeEncodeError:
            return row
    return block.numbers[0]


def preview_json_lines(stream: BinaryIO, name: str, reading: Reading, rows: int = 20) -> Preview:
    """The first rows and the columns of the part read for them: some megabytes at most."""
    texts, size, whole = Texts([], []), 0, True
    for block in read_texts(stream):
        if len(texts.numbers) >= rows or size > MAX_RECORD_BYTES:
            whole = False
            break
        texts.numbers.extend(block.numbers)
        texts.texts.extend(block.texts)
        size += sum(map(len, block.texts))
    reader = JsonRows()
    batch = reader.batch(texts)
    if whole and not texts.numbers:
        raise json_refusals.no_rows()
    if not reader.names:
        raise json_refusals.no_columns()
    found = Found(
        "json-lines",
        columns=tuple(reader.names.values()),
        headers=tuple(reader.names),
        header_row=0,
        encoding=reading.encoding or "utf-8",
    )
    cells = (column.to_pylist() for column in batch.slice(0, rows).columns[:-1])
    shown = [list(row) for row in zip(*cells, strict=True)]
    return Preview(found, shown, texts.numbers[:rows], len(texts.numbers) if whole else None)


def inspect_json_lines(stream: BinaryIO, name: str, reading: Reading) -> Found:
    return preview_json_lines(stream, name, reading, 1).found


def count_json_lines(stream: BinaryIO, name: str, reading: Reading) -> int:
    """Reads every object, so it refuses what an import would."""
    return sum(batch.num_rows for batch in JsonRows().batches(stream))


def json_lines_batches(stream: BinaryIO, name: str, reading: Reading) -> Iterator[TableBatch]:
    """The table form, read forwards once: the last batch has all columns of the file."""
    yield from write_batches(JsonRows().batches(stream))
