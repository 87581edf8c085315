"""One case, pair by pair: our import and the limit in turn, every result checked."""

from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench.cases import Case, count_rows, expected_faults, header
from bench.engine import Engine
from bench.postgres import Postgres
from bench.services import BenchFailed
from bench.sqlite import Sqlite
from dashboard.models.columns import AnyRow
from dashboard.models.states import JobStatus

Database = Postgres | Sqlite


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds of wall and CPU time, ours and the limit's; `peak` is bytes of the largest worker."""

    ours: float
    limit: float
    ours_cpu: float | None
    limit_cpu: float | None
    peak: int

    @property
    def ratio(self) -> float:
        """1.0 is as fast as the limit, more is faster."""
        return self.limit / self.ours


@dataclass(slots=True)
class Result:
    """A case's rounds and what they come to."""

    case: Case
    database: str
    rows: int
    failed: int
    rounds: list[Round] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return median(r.ratio for r in self.rounds)

    @property
    def cpu_ratio(self) -> float | None:
        """CPU seconds of ours for each of the limit's."""
        pairs = [r.ours_cpu / r.limit_cpu for r in self.rounds if r.ours_cpu and r.limit_cpu]
        return median(pairs) if pairs else None

    @property
    def peak(self) -> int:
        return max(r.peak for r in self.rounds)

    def middle(self, name: str) -> float | None:
        values = [getattr(r, name) for r in self.rounds]
        return None if None in values else median(values)


class Measuring:
    """A case on a running engine. `clean` is what the limit copies."""

    def __init__(
        self, engine: Engine, database: Database, case: Case, file: Path, clean: Path
    ) -> None:
        self.engine, self.database, self.case = engine, database, case
        self.file, self.clean = file, clean
        self.faults = expected_faults(file, clean) if case.faulty else []
        self.failed = len({row for row, *_ in self.faults})
        self.rows = count_rows(file)

    def run(self, rounds: int) -> Result:
        """`rounds` pairs, who goes first alternating."""
        result = Result(self.case, self.database.name, self.rows, self.failed)
        self.database.make_limit(self.case)
        for number in range(rounds):
            result.rounds.append(self._pair(ours_first=number % 2 == 0))
            if number == 0:
                self._compare()
        return result

    def _pair(self, *, ours_first: bool) -> Round:
        if ours_first:
            ours = self._ours()
            limit = self.database.limit(self.case, self._limit_path())
        else:
            limit = self.database.limit(self.case, self._limit_path())
            ours = self._ours()
        seconds, cpu, peak = ours
        counts = self.database.counts(self.case)
        wanted = (self.rows - self.failed, self.rows)
        if counts != wanted:
            raise BenchFailed(f"{self.case.name}: {counts} records, ours and limit, not {wanted}")
        return Round(seconds, limit[0], cpu, limit[1], peak)

    def _limit_path(self) -> Path:
        """The very file the workers read, where it is the same, so that caches are equal."""
        return self.engine.store(self.file) if self.file == self.clean else self.clean

    def _ours(self) -> tuple[float, float | None, int]:
        self.engine.store(self.file)
        self.database.empty_ours(self.case)
        self.engine.reset_peaks()
        before, server = self.engine.cpu(), self.database.backend_cpu()
        self.job = self.engine.run(self.case.job_type, self.file)
        after, server_after = self.engine.cpu(), self.database.backend_cpu()
        self._check(self.job)
        cpu = None
        if server is not None and server_after is not None:
            cpu = after - before + server_after - server
        seconds = (self.job.finished_at - self.job.started_at).total_seconds()
        return seconds, cpu, self.engine.largest_peak()

    def _check(self, job: AnyRow) -> None:
        good = self.rows - self.failed
        wanted = (JobStatus.COMPLETED, self.rows, good, self.failed, 0)
        found = (job.status, job.total, job.created, job.failed, job.not_processed)
        if found != wanted:
            names = "status, total, created, failed, not processed"
            raise BenchFailed(
                f"{self.case.name}: {names} are {found}, not {wanted}. {job.error_message or ''}"
            )

    def _compare(self) -> None:
        """Every record and every failure, once a case."""
        wrong = self.database.differences(self.case, header(self.clean))
        if wrong:
            raise BenchFailed(f"{self.case.name}: {wrong} records differ from the limit's")
        found: list[Any] = self.engine.failures(self.job.id, "row", "column", "value")
        if found != self.faults:
            odd = set(found) ^ set(self.faults)
            raise BenchFailed(f"{self.case.name}: failures differ, e.g. {sorted(odd)[:5]}")
