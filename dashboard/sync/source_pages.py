"""Pages of any source: rows of one page after the other, numbered over the whole run."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest
from typing import Any

import numpy as np
import pyarrow as pa

from dashboard.errors import JobEngineError
from dashboard.formats.reading import Ragged
from dashboard.formats.table_form import make_batch
from dashboard.sync.source import Cursor, Page
from dashboard.sync.source_files import ragged_error


class Numbering:
    """`base` is added to the rows of the file at hand; the next one's stand behind them."""

    def __init__(self) -> None:
        self.base = self.last = 0

    def begin(self) -> None:
        """A new file, whose own rows are counted from 1 again."""
        self.base = self.last

    def page(
        self, name: str, batch: pa.RecordBatch, cursor: Cursor | None = None, **said: Any
    ) -> Page:
        """`batch` has its rows numbered as in its own file."""
        place = batch.num_columns - 1
        numbers = batch.column(place).to_numpy() + self.base
        if len(numbers):
            self.last = max(self.last, int(numbers[-1]))
        arrays = [*batch.columns[:place], pa.array(numbers, pa.int64())]
        rows = pa.RecordBatch.from_arrays(arrays, schema=batch.schema)
        return Page(name, rows, self.base, cursor, **said)

    def pages(self, name: str, batch: pa.RecordBatch, ragged: Sequence[Ragged]) -> Iterator[Page]:
        """Rows with a wrong number of cells, each as a refusal in its place."""
        pieces = apart(batch, [row.row for row in ragged])
        for piece, row in zip_longest(pieces, ragged):
            if piece.num_rows:
                yield self.page(name, piece)
            if row is not None:
                yield self.refusal(name, ragged_error(row), row.row)

    def refusals(self, name: str, ragged: Sequence[Ragged]) -> Iterator[Page]:
        """As above, where no row is left between them."""
        return (self.refusal(name, ragged_error(row), row.row) for row in ragged)

    def nothing(self, name: str, columns: Sequence[str] = (), **said: Any) -> Page:
        """No rows, but something to keep or to say."""
        return Page(name, make_batch(columns, [[] for _ in columns], []), self.base, **said)

    def refusal(self, name: str, error: JobEngineError, row: int = 1, **said: Any) -> Page:
        """One failure in a row of the file at hand, or for the whole of it."""
        number = self.base + row
        self.last = max(self.last, number)
        return Page(name, make_batch((), (), []), number - 1, refused=error, **said)


def apart(batch: pa.RecordBatch, rows: Sequence[int]) -> list[pa.RecordBatch]:
    """The batch in pieces that lie between these rows, which it lacks; a piece may be empty."""
    numbers = batch.column(batch.num_columns - 1).to_numpy()
    borders = [0, *np.searchsorted(numbers, rows).tolist(), len(numbers)]
    return [batch.slice(start, stop - start) for start, stop in pairwise(borders)]
