"""A real whole job small enough to reason about: writes numbered lines to a file, part by part.

Options: `parts` (rows of each), `published` (default true), and `troubles` as in lines_job.py at
the steps run, part (with its number) and made.
"""

from dashboard.errors import InputRefused
from dashboard.jobs.whole_job import BaseWholeJob, Desk, Result
from dashboard.storage.troubles import StoreUnavailable
from tests.jobs.lines_job import ACTS, LinesJob


class FileJob(BaseWholeJob):
    """Lines are `part:row`."""

    trouble, strike = LinesJob.trouble, LinesJob.strike

    def run(self, desk: Desk) -> Result:
        self.trouble("run")
        parts = self.options["parts"]
        if self.options.get("published", True):
            desk.publish({"format": "lines"}, parts)
        keys = [self.part(desk, number, rows) for number, rows in enumerate(parts, 1)]
        file = desk.store.assemble(keys, folder="exports")
        self.trouble("made")
        rows = sum(parts) + self.options.get("wrong_by", 0)
        return Result(file, "lines.txt", rows, {"parts": len(parts)})

    def part(self, desk: Desk, number: int, rows: int) -> str:
        key = f"{desk.folder}/{number}"
        with desk.store.writer(key) as out:
            out.write("".join(f"{number}:{row}\n" for row in range(rows)).encode())
        self.trouble("part", number)
        if self.options.get("published", True):
            desk.part_done(number, rows)
        desk._checked = 0.0  # type: ignore[attr-defined]  # look at once, not twice a second
        desk.check()
        return key


def refuse_input() -> None:
    raise InputRefused("There is no field 'colour'.", code="filter_refused")


def lose_the_store() -> None:
    raise StoreUnavailable("The store did not answer.")


ACTS |= {"refuse_input": refuse_input, "lose_the_store": lose_the_store}
