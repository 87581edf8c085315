"""What changed between two runs of a report: rows added, gone and changed, by its key."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute

from dashboard.errors import InputRefused
from dashboard.reports.results import ShownColumn, int_or

pc: Any = pyarrow.compute
MOST_ROWS, MOST_SHOWN = 200_000, 100
# Sums of the same values may differ in their last digits.
NOISE = 1e-9
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A cell: what it was, what it is, and the difference of two numbers."""

    old: Any
    new: Any

    @property
    def difference(self) -> Any:
        numbers = [v for v in (self.old, self.new) if is_number(v)]
        return self.new - self.old if len(numbers) == 2 else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Counts of all rows, and the first `MOST_SHOWN` of each sort.

    `added` and `gone` hold whole rows as {column: value}, `changed` a key with the cells that
    changed. `lacking` are columns that only one of the two runs has.
    """

    key: tuple[str, ...]
    counts: Mapping[str, int]
    added: Sequence[Mapping[str, Any]]
    gone: Sequence[Mapping[str, Any]]
    changed: Sequence[tuple[Key, Mapping[str, Change]]]
    lacking: tuple[str, ...]

    @property
    def same(self) -> bool:
        return not any(self.counts[name] for name in ("added", "gone", "changed"))


def compare(old: Any, new: Any, key: Sequence[str], columns: Iterable[ShownColumn]) -> Comparison:
    """Of two Arrow tables; a difference too small to be shown is none. Raises InputRefused."""
    check(old, new, key)
    before, after = places(old, key, "earlier"), places(new, key, "newer")
    added = [place for found, place in after.items() if found not in before]
    gone = [place for found, place in before.items() if found not in after]
    both = [found for found in after if found in before]
    pairs = [[before[found] for found in both], [after[found] for found in both]]
    lefts, rights = (
        old.take(pa.array(pairs[0], pa.int64())),
        new.take(pa.array(pairs[1], pa.int64())),
    )
    shared = [c for c in columns if c.name not in key and c.name in old.column_names]
    masks = {c.name: differs(lefts[c.name], rights[c.name], c) for c in shared}
    none = pa.chunked_array([pa.array([False] * len(both), pa.bool_())])
    changed = pc.indices_nonzero(reduce(pc.or_, masks.values(), none)).to_pylist()
    counts = {"added": len(added), "gone": len(gone), "changed": len(changed)}
    counts["same"] = len(both) - len(changed)
    return Comparison(
        tuple(key),
        counts,
        records(new, added),
        records(old, gone),
        [(both[p], changes(lefts, rights, masks, p)) for p in changed[:MOST_SHOWN]],
        tuple(sorted(set(old.column_names) ^ set(new.column_names))),
    )


def check(old: Any, new: Any, key: Sequence[str]) -> None:
    if not key:
        raise InputRefused(
            "This report names no key columns, so rows of two runs cannot be told to be the same.",
            code="report_no_key",
        )
    for table in (old, new):
        if missing := [name for name in key if name not in table.column_names]:
            raise InputRefused(
                f'One of the runs has no column "{missing[0]}", which is the key.',
                code="report_key",
            )
        if table.num_rows > MOST_ROWS:
            raise InputRefused(
                f"Runs of more than {MOST_ROWS:,} rows are not compared here. Download both.",
                code="report_too_large",
            )


def places(table: Any, key: Sequence[str], which: str) -> dict[Key, int]:
    """Where each key stands. Raises InputRefused when one is there twice."""
    keys = list(zip(*(table[name].to_pylist() for name in key), strict=True))
    found = {value: place for place, value in enumerate(keys)}
    if len(found) < len(keys):
        value, count = Counter(keys).most_common(1)[0]
        said = ", ".join(map(str, value))
        raise InputRefused(
            f"The key {' + '.join(key)} is not unique: the {which} run has {count} rows with"
            f" {said}. The report needs a key that tells its rows apart.",
            code="report_key",
        )
    return found


def differs(old: Any, new: Any, column: ShownColumn) -> Any:
    """Row by row, as Arrow truths. Numbers are compared as they are shown, all else exactly."""
    numbers = are_numbers(old, new)
    if old.type != new.type:
        target = pa.float64() if numbers else pa.string()
        old, new = old.cast(target, safe=False), new.cast(target, safe=False)
    unequal = pc.fill_null(pc.not_equal(old, new), False)
    found = pc.or_(unequal, pc.xor(pc.is_null(old), pc.is_null(new)))
    if not numbers:
        return found
    mask = found.to_pylist()
    for place in pc.indices_nonzero(found).to_pylist():
        mask[place] = unlike(old[place].as_py(), new[place].as_py(), column.digits)
    return pa.chunked_array([pa.array(mask, pa.bool_())])


def are_numbers(*columns: Any) -> bool:
    return all(
        pa.types.is_integer(c.type) or pa.types.is_floating(c.type) or pa.types.is_decimal(c.type)
        for c in columns
    )


def unlike(old: Any, new: Any, digits: int | None) -> bool:
    if old == new or (old != old and new != new):
        return False
    if old is None or new is None:
        return True
    if digits is not None and all(int_or(float(v)) is not None for v in (old, new)):
        return bool(round(old, digits) != round(new, digits))
    if isinstance(old, float) or isinstance(new, float):
        return abs(float(new) - float(old)) > NOISE * max(abs(float(old)), abs(float(new)))
    return True


def changes(old: Any, new: Any, masks: Mapping[str, Any], place: int) -> dict[str, Change]:
    return {
        name: Change(old[name][place].as_py(), new[name][place].as_py())
        for name, mask in masks.items()
        if mask[place].as_py()
    }


def records(table: Any, chosen: Sequence[int]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.take(pa.array(chosen[:MOST_SHOWN], pa.int64())).to_pylist()
    return found


def is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
