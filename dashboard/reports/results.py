"""A finished report as it lies in the store: its columns, its first rows, and files of it."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow.compute
import pyarrow.parquet

from dashboard.formats.write_options import WriteOptions
from dashboard.formats.write_parts import write_batches
from dashboard.storage.store import Store

pq: Any = pyarrow.parquet
pc: Any = pyarrow.compute
SHOWN_ROWS, MOST_SORTED, BATCH_ROWS, MOST_CHARACTERS = 200, 200_000, 20_000, 200
BLANK = "–"
NUMBERS = ("int", "uint", "float", "double", "half", "decimal")


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """A column as the report described it when it ran; see report.Column."""

    name: str
    type: str
    label: str = ""
    unit: str = ""
    digits: int | None = None
    grouped: bool = True

    @property
    def is_number(self) -> bool:
        return self.type.startswith(NUMBERS)

    @property
    def heading(self) -> str:
        return f"{self.label} ({self.unit})" if self.unit else self.label

    def text(self, value: Any) -> str:
        """As a person reads it; the files have the exact value."""
        if value is None:
            return BLANK
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, int | float | Decimal):
            return self.number(value)
        if isinstance(value, datetime):
            return value.strftime("%Y-%m-%d %H:%M:%S") + (" UTC" if value.tzinfo else "")
        if isinstance(value, date | time):
            return value.isoformat()
        text = str(value)
        return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"

    def number(self, value: int | float | Decimal) -> str:
        comma = "," if self.grouped else ""
        if self.digits is not None:
            return zero(f"{value:{comma}.{self.digits}f}")
        if isinstance(value, float) and value == int_or(value):
            return f"{int(value):{comma}}"
        return f"{value:{comma}}"


def zero(text: str) -> str:
    """No minus before what rounds to nothing."""
    return text.removeprefix("-") if not text.strip("-0.,") else text


def int_or(value: float) -> float | None:
    """The whole number a float is, where it is exact; None for inf, NaN and larger ones."""
    return float(round(value)) if abs(value) < 2**53 else None


def columns_of(facts: Mapping[str, Any]) -> tuple[ShownColumn, ...]:
    """Of `job.meta["report"]`."""
    return tuple(map(shown_column, facts["columns"]))


def shown_column(column: Mapping[str, Any]) -> ShownColumn:
    """Keys of a newer version are passed over."""
    known = {field.name for field in fields(ShownColumn)}
    return ShownColumn(**{name: value for name, value in column.items() if name in known})


@contextmanager
def opened(store: Store, key: str) -> Iterator[Any]:
    """The stored result, read piece by piece. Raises NotFound when it is not kept any more."""
    with store.open(key) as stream:
        yield pq.ParquetFile(stream)


def whole(store: Store, key: str) -> Any:
    """As one Arrow table."""
    with opened(store, key) as file:
        return file.read()


def first_rows(
    store: Store, key: str, *, sort: str = "", down: bool = False, count: int = SHOWN_ROWS
) -> list[tuple[Any, ...]]:
    """Values of the first rows: as the report put them, or by a column (blanks at the end)."""
    with opened(store, key) as file:
        if sort not in file.schema_arrow.names or not may_sort(file.metadata.num_rows):
            batches = file.iter_batches(batch_size=count)
            return tuples(next(batches, None))
        table = file.read()
    order = "descending" if down else "ascending"
    places = pc.sort_indices(table, sort_keys=[(sort, order, "at_end")])
    return tuples(table.take(places[:count]))


def may_sort(rows: int) -> bool:
    """Beyond that a page would hold too much in memory."""
    return rows <= MOST_SORTED


def tuples(table: Any) -> list[tuple[Any, ...]]:
    if table is None:
        return []
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def file_pieces(store: Store, key: str, options: WriteOptions) -> Generator[bytes]:
    """The whole result in a format, streamed; texts a spreadsheet would run are escaped."""
    with opened(store, key) as file:
        batches = file.iter_batches(batch_size=BATCH_ROWS)
        yield from write_batches(options, file.schema_arrow, batches)
