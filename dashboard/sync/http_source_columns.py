"""Do all pages have the same columns? And how far did the cursor's column come?"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from dashboard.sync.source import SourceError


@dataclass
class PageColumns:
    """Tables must keep their columns. Objects may leave names out, but not one that every row of
    the pages before had."""

    objects: bool
    first: tuple[str, ...] = ()
    _always: set[str] = field(default_factory=set)
    _rows: int = 0
    _filled: dict[str, int] = field(default_factory=dict)

    def add(self, batch: pa.RecordBatch) -> None:
        """Of the page at hand."""
        self._rows += batch.num_rows
        for name, column in zip(batch.schema.names[:-1], batch.columns, strict=False):
            filled = batch.num_rows - column.null_count
            self._filled[name] = self._filled.get(name, 0) + filled

    def end_page(self, page: str) -> None:
        """Raises SourceError, naming the page and what it has."""
        names, rows, filled = tuple(self._filled), self._rows, self._filled
        self._rows, self._filled = 0, {}
        if not rows:
            return
        always = {name for name in names if filled[name] == rows}
        if self.first:
            self._compare(page, names)
            self._always &= always
        else:
            self.first, self._always = names, always

    def _compare(self, page: str, names: tuple[str, ...]) -> None:
        wanted = self._always if self.objects else set(self.first)
        lost = [name for name in self.first if name in wanted and name not in names]
        new = [] if self.objects else [name for name in names if name not in self.first]
        if lost or new:
            told = [f"it lacks {', '.join(lost)}"] if lost else []
            told += [f"it has {', '.join(new)} besides"] if new else []
            raise SourceError(
                f"{page} has other columns than the pages before: {' and '.join(told)}. Columns"
                f" found: {', '.join(names)}.",
                code="columns_changed",
            )


def furthest(batch: pa.RecordBatch, column: str, before: str | None, page: str) -> str | None:
    """The greatest value so far of the cursor's column. Raises SourceError when it is not there."""
    names = batch.schema.names[:-1]
    if column not in names:
        raise SourceError(
            f"{page} has no column {column!r}, which the cursor needs. Columns found:"
            f" {', '.join(names)}.",
            code="columns_changed",
        )
    values = [cell for cell in batch.column(names.index(column)).to_pylist() if cell]
    if before is not None:
        values.append(before)
    return max(values, key=order_of, default=None)


def order_of(text: str) -> tuple[int, Any]:
    """Numbers by their size, times by their moment, all else by its letters."""
    try:
        return 0, Decimal(text)
    except InvalidOperation:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return 2, text
    return 1, moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def stepped_back(text: str, lag: float) -> str:
    """The value `lag` seconds (or units) before, written in the same form."""
    kind, value = order_of(text)
    if not lag or kind == 2:
        return text
    if kind == 0:
        return str(value - Decimal(str(lag)))
    earlier = datetime.fromisoformat(text) - timedelta(seconds=lag)
    written = earlier.isoformat(sep="T" if "T" in text else " ")
    return written.replace("+00:00", "Z") if text.endswith("Z") else written
