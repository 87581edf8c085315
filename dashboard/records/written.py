"""What a writer made of a chunk's accepted rows."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from dashboard.records.failures import Failure


@dataclass(frozen=True, slots=True)
class Written:
    """What came of writing a chunk's accepted rows; the counts and `refused` add up to them.

    `notes` is small JSON kept with the chunk: `created` (which rows a merge inserted, see
    records/row_sets.py) for an undo, `samples` of a check.
    """

    refused: list[Failure]
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    notes: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """For the ledger of another database."""
        return {**asdict(self), "refused": [list(failure) for failure in self.refused]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Written":
        return cls(**{**data, "refused": [Failure(*item) for item in data["refused"]]})
