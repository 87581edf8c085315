"""Plan an import from a delimited file in one pass: layout, chunks, duplicate keys."""

from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from dashboard.formats.delimited import Block, Layout, Rows, cut, detect, read_block
from dashboard.importers.key_cells import cast_key
from dashboard.jobs.chunk_job import Plan, PlannedChunk
from dashboard.records.duplicates import KeyScan

CHUNK_BYTES = 2 << 20
# Blocks that may wait for their keys to be read.
AHEAD = 2


@dataclass(frozen=True, slots=True)
class KeySpec:
    """A unique key: its columns as the file names them and the type each is compared as."""

    columns: tuple[str, ...]
    types: tuple[pa.DataType, ...]
    null_tokens: tuple[str, ...] = ("",)


@dataclass(slots=True)
class _Key:
    number: int
    spec: KeySpec
    scan: KeyScan = field(default_factory=KeyScan)

    def add(self, rows: Rows) -> None:
        columns = [
            cast_key(rows.table.column(name), kind, self.spec.null_tokens)
            for name, kind in zip(self.spec.columns, self.spec.types, strict=True)
        ]
        self.scan.add(columns, rows.numbers)


def plan_delimited(
    stream: BinaryIO,
    *,
    key_columns: Sequence[KeySpec] = (),
    chunk_rows: int | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    quote: str | None = None,
    chunk_bytes: int = CHUNK_BYTES,
) -> Plan:
    """Read the file once. Keys that name a column the file lacks are left out.

    Hints of a chunk: `quoted`, `blank`, `crlf` (see `block_of`) and `duplicates`, a list of
    [row, index in `key_columns`, first row with that key]. Raises FileRefused.
    """
    layout = detect(stream, delimiter=delimiter, encoding=encoding, quote=quote)
    known = set(layout.columns)
    specs = [(n, spec) for n, spec in enumerate(key_columns) if known.issuperset(spec.columns)]
    keys = [_Key(number, spec) for number, spec in specs]
    needed = list(dict.fromkeys(name for key in keys for name in key.spec.columns))
    blocks = []
    with ExitStack() as stack:
        for key in keys:
            stack.callback(key.scan.close)
        # Cutting and reading keys both leave the interpreter for most of their time: side by side
        # they use both cores, which otherwise wait for the plan.
        reader = stack.enter_context(ThreadPoolExecutor(1, "keys"))
        under_way: deque[Future[None]] = deque()
        for block, data in cut(stream, layout, block_bytes=chunk_bytes, block_rows=chunk_rows):
            blocks.append(block)
            if needed:
                under_way.append(reader.submit(scan_keys, keys, data, layout, block, needed))
            if len(under_way) > AHEAD:
                under_way.popleft().result()
        for scanned in under_way:
            scanned.result()
        duplicates = find_duplicates(blocks, keys)
    chunks = [planned_of(block, found) for block, found in zip(blocks, duplicates, strict=True)]
    return Plan(layout=layout.to_json(), chunks=chunks)


def scan_keys(
    keys: Sequence[_Key], data: memoryview, layout: Layout, block: Block, needed: list[str]
) -> None:
    rows = read_block(data, layout, block, needed)
    for key in keys:
        key.add(rows)


def find_duplicates(blocks: Sequence[Block], keys: Sequence[_Key]) -> list[list[list[int]]]:
    """For each block the duplicates in it."""
    found: list[list[list[int]]] = [[] for _ in blocks]
    first_rows = [block.first_row for block in blocks]
    for key in keys:
        duplicates = key.scan.finish()
        places = np.searchsorted(first_rows, [d.row for d in duplicates], side="right") - 1
        for duplicate, place in zip(duplicates, places.tolist(), strict=True):
            found[place].append([duplicate.row, key.number, duplicate.first_row])
    return found


def planned_of(block: Block, duplicates: list[list[int]]) -> PlannedChunk:
    hints: dict[str, Any] = {"quoted": block.quoted, "blank": block.blank, "crlf": block.crlf}
    hints["duplicates"] = sorted(duplicates)
    return PlannedChunk(block.offset, block.length, block.first_row, block.rows, hints)


def block_of(planned: PlannedChunk) -> Block:
    """The block a planned chunk was made of, so that another process can read its bytes."""
    flags = {name: planned.hints[name] for name in ("quoted", "blank", "crlf")}
    return Block(planned.offset, planned.length, planned.first_row, planned.rows, **flags)


def read_chunk(data: bytes, layout: Mapping[str, Any], planned: PlannedChunk) -> Rows:
    """The rows of a chunk from its bytes and the job's layout."""
    return read_block(data, Layout.from_json(layout), block_of(planned))
