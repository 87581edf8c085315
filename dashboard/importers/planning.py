"""Plan an import in one pass over its file: layout, chunks, duplicate keys."""

from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any, BinaryIO

from dashboard.formats.delimited import Block, Layout, Rows, cut, detect, read_block
from dashboard.formats.forms import BatchPlace
from dashboard.formats.table_form import read_batch
from dashboard.importers.duplicate_rows import Hint, KeyChoice
from dashboard.importers.key_finder import KeyFinder, KeySpec
from dashboard.jobs.chunk_job import Plan, PlannedChunk

__all__ = ["KeySpec", "block_of", "plan_batches", "plan_delimited", "read_chunk"]

CHUNK_BYTES = 2 << 20
# Blocks that may wait for their keys to be read.
AHEAD = 2
ANY = KeyChoice()


def plan_delimited(
    stream: BinaryIO,
    *,
    key_columns: Sequence[KeySpec] = (),
    chunk_rows: int | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    quote: str | None = None,
    chunk_bytes: int = CHUNK_BYTES,
    layout: Layout | None = None,
    choice: KeyChoice = ANY,
) -> Plan:
    """Read the file once. Keys that name a column the file lacks are left out.

    Hints of a chunk: `quoted`, `blank`, `crlf` (see `block_of`) and `duplicates`, a list of
    [row, index in `key_columns`, first row with that key] (see duplicate_rows.py for what follows).
    `layout` is what `detect` would find. Raises FileRefused.
    """
    if layout is None:
        layout = detect(stream, delimiter=delimiter, encoding=encoding, quote=quote)
    blocks = []
    with ExitStack() as stack:
        keys = stack.enter_context(closing(KeyFinder(key_columns, layout.columns)))
        # Cutting and reading keys both leave the interpreter for most of their time: side by side
        # they use both cores, which otherwise wait for the plan.
        reader = stack.enter_context(ThreadPoolExecutor(1, "keys"))
        under_way: deque[Future[None]] = deque()
        for block, data in cut(stream, layout, block_bytes=chunk_bytes, block_rows=chunk_rows):
            blocks.append(block)
            if keys.needed:
                under_way.append(reader.submit(scan_keys, keys, data, layout, block))
            if len(under_way) > AHEAD:
                under_way.popleft().result()
        for scanned in under_way:
            scanned.result()
        duplicates = keys.hints([block.first_row for block in blocks], choice)
    chunks = [planned_of(block, found) for block, found in zip(blocks, duplicates, strict=True)]
    return Plan(layout=layout.to_json(), chunks=chunks)


def scan_keys(keys: KeyFinder, data: memoryview, layout: Layout, block: Block) -> None:
    rows = read_block(data, layout, block, keys.needed)
    keys.add(rows.table, rows.numbers)


def plan_batches(
    form: BinaryIO,
    batches: Sequence[BatchPlace],
    *,
    columns: Sequence[str],
    key_columns: Sequence[KeySpec] = (),
    chunk_rows: int | None = None,
    choice: KeyChoice = ANY,
) -> list[PlannedChunk]:
    """Chunks of a kept table form; it is read only for its keys, or to part large batches.

    The hint `slice` is [first, after the last] record of the batch when a chunk has but a part.
    """
    chunks: list[PlannedChunk] = []
    with closing(KeyFinder(key_columns, columns)) as keys:
        for batch in batches:
            step = chunk_rows or batch.rows
            if not keys.needed and batch.rows <= step:
                chunks.append(PlannedChunk(*batch))
                continue
            form.seek(batch.offset)
            rows = read_batch(form.read(batch.length), keys.needed)
            keys.add(rows.table, rows.numbers)
            chunks += parted(batch, rows.numbers.tolist(), step)
        duplicates = keys.hints([chunk.first_row for chunk in chunks], choice)
    hinted = zip(chunks, duplicates, strict=True)
    return [replace(chunk, hints={**chunk.hints, "duplicates": found}) for chunk, found in hinted]


def parted(batch: BatchPlace, numbers: Sequence[int], step: int) -> list[PlannedChunk]:
    offset, length, first_row, rows = batch
    if rows <= step:
        return [PlannedChunk(offset, length, first_row, rows)]
    bounds = [(start, min(start + step, rows)) for start in range(0, rows, step)]
    return [
        PlannedChunk(offset, length, numbers[start], stop - start, {"slice": [start, stop]})
        for start, stop in bounds
    ]


def planned_of(block: Block, duplicates: list[Hint]) -> PlannedChunk:
    hints: dict[str, Any] = {"quoted": block.quoted, "blank": block.blank, "crlf": block.crlf}
    hints["duplicates"] = duplicates
    return PlannedChunk(block.offset, block.length, block.first_row, block.rows, hints)


def block_of(planned: PlannedChunk) -> Block:
    """The block a planned chunk was made of, so that another process can read its bytes."""
    flags = {name: planned.hints[name] for name in ("quoted", "blank", "crlf")}
    return Block(planned.offset, planned.length, planned.first_row, planned.rows, **flags)


def read_chunk(data: bytes, layout: Mapping[str, Any], planned: PlannedChunk) -> Rows:
    """The rows of a chunk from its bytes and the job's layout."""
    return read_block(data, Layout.from_json(layout), block_of(planned))
