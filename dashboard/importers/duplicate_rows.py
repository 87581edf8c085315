"""What becomes of rows that share a key: a person's choice, settled for the whole file at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dashboard.records.duplicates import Duplicate

SKIP = "skip"

Hint: TypeAlias = "list[int | str]"
"""[row, number of the key, a row with the same key], and "skip" when the row is left out."""


@dataclass(frozen=True, slots=True)
class KeyChoice:
    """`duplicates` (refuse, first, last, all) holds for key number `key`; of the other keys the
    first row of the file wins and later ones fail.
    """

    key: int | None = None
    duplicates: str = "refuse"


def settle_duplicates(found: Mapping[int, Sequence[Duplicate]], choice: KeyChoice) -> list[Hint]:
    """Hints for every row that does not go in, by the duplicates of each key."""
    hints: list[Hint] = []
    skipped: set[int] = set()
    if choice.key is not None and choice.duplicates in ("first", "last"):
        for rows in groups(found.get(choice.key, ())):
            kept = rows[0] if choice.duplicates == "first" else rows[-1]
            left_out = [row for row in rows if row != kept]
            skipped.update(left_out)
            hints += [[row, choice.key, kept, SKIP] for row in left_out]
    for key, duplicates in found.items():
        for rows in groups(duplicates):
            going_in = [row for row in rows if row not in skipped]
            hints += [[row, key, going_in[0]] for row in going_in[1:]]
            if key == choice.key and choice.duplicates == "all":
                hints.append([rows[0], key, rows[1]])
    return hints


def groups(duplicates: Iterable[Duplicate]) -> list[list[int]]:
    """The rows of each key that stands more than once, in file order."""
    found: dict[int, list[int]] = {}
    for duplicate in duplicates:
        found.setdefault(duplicate.first_row, [duplicate.first_row]).append(duplicate.row)
    return list(found.values())
