"""Record batches as a Parquet file, a row group at a time."""

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from dashboard.formats.write_lines import as_schema
from dashboard.formats.write_pieces import Pieces

pq: Any = pyarrow.parquet  # its published types know only some calls

GROUP_ROWS = 30_000
GROUP_BYTES = 32 << 20


def parquet_pieces(schema: Any, batches: Iterable[Any]) -> Iterator[bytes]:
    """The file in pieces; types, names and nulls just as in the schema."""
    output = Pieces()
    with pq.ParquetWriter(pa.PythonFile(output, "w"), schema, compression="snappy") as writer:
        for group in groups(batches, schema):
            writer.write_table(group, row_group_size=group.num_rows)
            if piece := output.take():
                yield piece
    yield output.take()


def groups(batches: Iterable[Any], schema: Any) -> Iterator[Any]:
    """Batches gathered, as tables, until they fill a row group."""
    held: list[Any] = []
    for batch in batches:
        for part in batch.to_batches() if isinstance(batch, pa.Table) else (batch,):
            held.append(as_schema(part, schema))
            full = sum(one.num_rows for one in held) >= GROUP_ROWS
            if full or sum(one.nbytes for one in held) >= GROUP_BYTES:
                yield pa.Table.from_batches(held)
                held = []
    if held:
        yield pa.Table.from_batches(held)
