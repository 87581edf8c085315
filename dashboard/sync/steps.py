"""What each chunk of a sync does to the cursor, and its rows that the source refused."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from dashboard.formats.table_form import make_batch
from dashboard.jobs.chunk_job import Chunk, PlannedChunk
from dashboard.records.failures import Failure
from dashboard.sync.cursors import Position, Step
from dashboard.sync.extracting import Extraction, Piece
from dashboard.sync.mirror import Deletion
from dashboard.sync.source import Cursor


def stepped(
    chunks: Sequence[PlannedChunk],
    extraction: Extraction,
    before: Position,
    deletion: Deletion | None,
    *,
    at_the_end: bool,
) -> list[PlannedChunk]:
    """The chunks with their steps, and one without rows behind them where a mirror deletes, or
    where the source came further though it had no row. `at_the_end`: what is read from the start
    moves its cursor once, when all is written."""
    pieces, planned = list(extraction.found), list(chunks)
    closing = PlannedChunk(0, 0, end_of(planned), 0)
    if deletion is not None:
        pieces.append(extraction.early or Piece())
        planned.append(replace(closing, hints={"mirror": deletion.as_json()}))
    elif extraction.early is not None and news(extraction.early, before):
        pieces.append(extraction.early)
        planned.append(closing)
    if at_the_end and pieces:
        pieces[-1].cursor = taken_from(pieces)
    return [
        replace(chunk, hints={**chunk.hints, "step": step_of(piece, before.version + n).as_json()})
        for n, (chunk, piece) in enumerate(zip(planned, pieces, strict=True))
    ]


def end_of(chunks: Sequence[PlannedChunk]) -> int:
    """A row number behind all of them."""
    return max((chunk.first_row + chunk.rows for chunk in chunks), default=1)


def taken_from(pieces: Sequence[Piece]) -> Cursor | None:
    """The furthest cursor; the pieces lose theirs."""
    furthest = None
    for piece in pieces:
        furthest, piece.cursor = piece.cursor or furthest, None
    return furthest


def news(piece: Piece, before: Position) -> bool:
    """Is there anything to remember that is not known yet?"""
    return bool(piece.marks) or piece.cursor != before.cursor


def step_of(piece: Piece, version: int) -> Step:
    return Step(version, piece.cursor, tuple(piece.marks), piece.open)


def chunks_of(pieces: Sequence[Piece], planned: Sequence[PlannedChunk]) -> list[PlannedChunk]:
    """One for each piece; `planned` are those of the pieces with rows, in order."""
    read = iter(planned)
    return [
        with_refused(next(read) if piece.place.rows else PlannedChunk(0, 0, 0, 0), piece)
        for piece in pieces
    ]


def with_refused(chunk: PlannedChunk, piece: Piece) -> PlannedChunk:
    if not piece.refused:
        return chunk
    first = piece.refused[0][0]
    if chunk.rows:
        first = min(first, chunk.first_row)
    hints = {**chunk.hints, "refused": piece.refused}
    return replace(chunk, first_row=first, rows=chunk.rows + len(piece.refused), hints=hints)


def refused_rows(chunk: Chunk) -> list[Failure]:
    """Rows the source could not read, but for those a person has given cells or left out."""
    record = json.dumps([""] * len(chunk.layout["columns"]))
    return [
        Failure(row, "", code, message, name, record)
        for row, code, message, name in chunk.planned.hints.get("refused", ())
        if row not in chunk.corrections and (chunk.only_rows is None or row in chunk.only_rows)
    ]


def with_data(chunk: Chunk) -> Chunk:
    """A chunk of nothing but refused rows lies nowhere: a batch without rows stands for it."""
    if chunk.data:
        return chunk
    columns = chunk.layout["columns"]
    batch = make_batch(columns, [[] for _ in columns], [])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return replace(chunk, data=sink.getvalue().to_pybytes())
