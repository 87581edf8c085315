"""A report's rows as an Arrow table of plain columns, or a clear refusal."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

import pyarrow as pa

from dashboard.reports.refusals import ReportRefused

BATCH_ROWS = 20_000
Types: Any = pa.types
PLAIN = (
    Types.is_boolean, Types.is_integer, Types.is_floating, Types.is_decimal, Types.is_string,
    Types.is_large_string, Types.is_date, Types.is_timestamp, Types.is_time, Types.is_null,
)  # fmt: skip
ADVICE = "Give every value of a column one type: text, number, truth, day or time."
ARROW_ERRORS = (pa.ArrowException, TypeError, ValueError, OverflowError)


def table_of_rows(
    names: Sequence[str], rows: Iterable[Sequence[Any]], limit: int
) -> tuple[Any, bool]:
    """The first `limit` rows as a table, and whether there are more. Raises ReportRefused."""
    check_names(names)
    source, batches, count = iter(rows), [], 0
    while count < limit:
        group = list(islice(source, min(BATCH_ROWS, limit - count)))
        if not group:
            break
        values = zip(*group, strict=True)
        arrays = [array_of(n, list(v), count) for n, v in zip(names, values, strict=True)]
        batches.append(pa.table(arrays, names=list(names)))
        count += len(group)
    empty = pa.table([pa.array([], pa.null()) for _ in names], names=list(names))
    return plain(joined(batches or [empty])), next(source, None) is not None


def array_of(name: str, values: list[Any], before: int) -> Any:
    """Raises ReportRefused naming the first row that does not go with those above it."""
    if any(isinstance(value, UUID) for value in values):
        values = [value if value is None else str(value) for value in values]
    try:
        return pa.array(values)
    except ARROW_ERRORS:
        raise mixed(name, before + first_odd(values), values[first_odd(values)]) from None


def first_odd(values: list[Any]) -> int:
    """By halves: the place of the first value with which the column cannot be read."""
    low, high = 0, len(values)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_readable(values[:middle]) else (low, middle)
    return low


def is_readable(values: list[Any]) -> bool:
    try:
        pa.array(values)
    except ARROW_ERRORS:
        return False
    return True


def joined(batches: list[Any]) -> Any:
    """Numbers of several types become the wider one; text and numbers do not mix."""
    try:
        return pa.concat_tables(batches, promote_options="permissive")
    except pa.ArrowException:
        first = batches[0].schema
        for batch in batches[1:]:
            for name, kind in zip(batch.schema.names, batch.schema.types, strict=True):
                if not fit(first.field(name).type, kind):
                    kinds = f"{first.field(name).type} and {kind}"
                    raise refused(name, f"mixes {kinds}. {ADVICE}") from None
        raise


def fit(one: Any, other: Any) -> bool:
    schemas = [pa.schema([("x", kind)]) for kind in (one, other)]
    try:
        pa.unify_schemas(schemas, promote_options="permissive")
    except pa.ArrowException:
        return False
    return True


def table_of_frame(frame: Any, limit: int) -> tuple[Any, int]:
    """The first `limit` rows of what a method `run` returned, and how many there were."""
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise ReportRefused(
            f"The code of the report returned {type(frame).__name__}, no DataFrame.",
            code="report_result",
        )
    frame = with_index(frame, pd)
    names = [str(name) for name in frame.columns]
    check_names(names)
    cut = frame.iloc[:limit]
    arrays: list[Any] = []
    for place, name in enumerate(names):
        column = cut.iloc[:, place]
        try:
            arrays.append(pa.Array.from_pandas(column))
        except ARROW_ERRORS:
            arrays.append(array_of(name, objects(column), 0))
    return plain(pa.table(arrays, names=names)), len(frame)


def objects(column: Any) -> list[Any]:
    return [None if value != value else value for value in column.tolist()]


def with_index(frame: Any, pd: Any) -> Any:
    """A named index is columns; an unnamed one of numbers only tells where rows once stood."""
    if isinstance(frame.columns, pd.MultiIndex):
        raise ReportRefused(
            "The columns of the report have several levels. Join their names into one.",
            code="report_result",
        )
    names = list(frame.index.names)
    if all(name is not None for name in names):
        if taken := [name for name in names if name in frame.columns]:
            raise refused(str(taken[0]), "is a column and the index. Rename one.")
        return frame.reset_index()
    if len(names) == 1 and pd.api.types.is_integer_dtype(frame.index.dtype):
        return frame
    raise ReportRefused(
        "The index of the report holds values without a name. Give it one:"
        " frame.rename_axis('name').",
        code="report_result",
    )


def plain(table: Any) -> Any:
    """Categories as their values, times to the microsecond, times with a zone in UTC. Raises
    ReportRefused for a column that no file of every format could hold.
    """
    columns = [plain_column(name, table[name]) for name in table.column_names]
    return pa.table(columns, names=table.column_names)


def plain_column(name: str, column: Any) -> Any:
    kind = column.type
    if Types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if Types.is_timestamp(kind):
        target = pa.timestamp("us", "UTC" if kind.tz else None)
        return column if kind == target else column.cast(target, safe=False)
    if Types.is_time(kind):
        return column.cast(pa.time64("us"), safe=False)
    if Types.is_large_string(kind) or str(kind) == "string_view":
        return column.cast(pa.string())
    if not any(is_kind(kind) for is_kind in PLAIN):
        raise refused(name, f"holds {kind}, which not every file can hold. {ADVICE}")
    return column


def check_names(names: Sequence[str]) -> None:
    for name, count in Counter(names).items():
        if not name.strip():
            raise ReportRefused("A column of the report has no name.", code="report_columns")
        if count > 1:
            raise refused(name, f"is there {count} times. Give each its own name (AS …).")
    if not names:
        raise ReportRefused("The report has no column.", code="report_columns")


def check_columns(names: Sequence[str], needed: dict[str, str]) -> None:
    """Raises ReportRefused when the result lacks a column that the report names."""
    for name, purpose in needed.items():
        if name not in names:
            raise ReportRefused(
                f'The result has no column "{name}", which the report names for {purpose}. It has:'
                f" {', '.join(names)}.",
                code="report_columns",
            )


def mixed(name: str, row: int, value: Any) -> ReportRefused:
    said = f'"{value[:60]}"' if isinstance(value, str) else repr(value)[:60]
    return refused(name, f"holds {said} in row {row + 1:,}, which does not go with it. {ADVICE}")


def refused(name: str, what: str) -> ReportRefused:
    return ReportRefused(f'Column "{name}" of the report {what}', code="report_columns")
