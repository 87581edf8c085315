"""Rows by outcome, in words and as the parts of a bar."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from dashboard.jobs.tracker import OUTCOMES
from dashboard.models.job import Job

BAR = 1000
WORDS = {
    "created": "Created",
    "updated": "Updated",
    "unchanged": "Unchanged",
    "skipped": "Skipped",
    "failed": "Failed",
    "left": "Not processed",
}
# A check writes nothing, and an undo counts what it reversed as updated.
OTHER_WORDS: Mapping[str, dict[str, str]] = {
    "check": {"created": "New", "updated": "Changed"},
    "undo": {"updated": "Reversed", "skipped": "Kept", "failed": "Could not be reversed"},
}


# An export and a report write rows to a file; a sync takes them from elsewhere.
KIND_WORDS: Mapping[str, dict[str, str]] = {
    "export": {"created": "Written"},
    "report": {"created": "Rows"},
}


class Segment(NamedTuple):
    """One part of an outcome bar, in thousandths of its width."""

    name: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows by outcome; with `not_processed` they make the rows of the file (I4)."""

    total: int | None
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    purpose: str = "run"
    kind: str = "import"

    @property
    def processed(self) -> int:
        return self.created + self.updated + self.unchanged + self.skipped + self.failed

    @property
    def not_processed(self) -> int | None:
        return None if self.total is None else self.total - self.processed

    @property
    def outcomes(self) -> list[tuple[str, str, int | None]]:
        """(name, word, rows), in the one order used everywhere."""
        words = WORDS | KIND_WORDS.get(self.kind, {}) | OTHER_WORDS.get(self.purpose, {})
        found = [(name, words[name], getattr(self, name)) for name in OUTCOMES]
        if self.kind in KIND_WORDS:  # a row is in the file or it is not
            found = found[:1]
        return [*found, ("left", words["left"], self.not_processed)]

    @property
    def sentence(self) -> str:
        return ", ".join(f"{rows or 0:,} {word.lower()}" for _, word, rows in self.outcomes)

    def segments(self, least: float = 5.0, gap: float = 2.0) -> list[Segment]:
        """What is there is seen: no part is narrower than `least`, the widest pays for it."""
        parts = [(name, rows) for name, _, rows in self.outcomes if rows]
        if not parts or not self.total:
            return []
        room = BAR - gap * (len(parts) - 1)
        widths = [max(least, room * rows / self.total) for _, rows in parts]
        widths[widths.index(max(widths))] -= sum(widths) - room
        found, x = [], 0.0
        for (name, _), width in zip(parts, widths, strict=True):
            found.append(Segment(name, round(x, 1), round(width, 1)))
            x += width + gap
        return found


def frozen(job: Job) -> Counts:
    """The counts kept on the row: true once a round has ended."""
    return counts_of(job, job)


def counts_of(job: Job, *rows: object) -> Counts:
    """A job's counts from rows that hold parts of them by name."""
    sums = [sum(int(getattr(row, name)) for row in rows) for name in OUTCOMES]
    created, updated, unchanged, skipped, failed = sums
    purpose, kind = job.purpose or "run", job.kind or "import"
    return Counts(job.total, created, updated, unchanged, skipped, failed, purpose, kind)
