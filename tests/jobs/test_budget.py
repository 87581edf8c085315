"""Too many failed rows: the job pauses by itself, once, and says why."""

import pytest

from dashboard.jobs.budget import Budget, watch
from tests.jobs.conftest import on
from tests.jobs.lines_job import MOMENTS, kill
from tests.jobs.room import Room, adds_up
from tests.jobs.test_acts import race

LINES = ["bad a", "bad b", "bad c", "d", "bad e", "f"]
BOTH = on("sqlite", "postgres")


@pytest.mark.parametrize(("budget", "counts", "said"), [
    (Budget(10, None), (10, 20, 100), None),
    (Budget(10, None), (11, 20, 100), "11 of 20 rows failed; the job pauses beyond 10."),
    (Budget(None, 5), (900, 999, 5000), None),
    (Budget(None, 5), (50, 1000, 5000), None),
    (Budget(None, 5), (51, 1000, 5000), "1,000 rows failed (5.1 %); the job pauses beyond 5 %."),
    (Budget(None, 0.5), (1, 100, 100), "failed (1.0 %); the job pauses beyond 0.5 %."),
    (Budget(0, None), (0, 20, 100), None),
])  # fmt: skip
def test_when_it_is_broken(budget: Budget, counts: tuple[int, int, int], said: str | None):
    found = budget.broken(*counts)
    assert found is None if said is None else str(found).endswith(said)


def test_pauses_with_the_reason(room: Room):
    job_id = room.dispatch(LINES, mostFailedRows=2)
    job = room.run(job_id)
    assert (job.status, job.error_code, job.failed, job.not_processed) == (
        "paused",
        "error_budget",
        3,
        2,
    )
    assert job.meta["budget"] == {"rows": 2, "percent": None, "failed": 3}
    assert adds_up(job)
    assert room.events(job_id)[-1] == "JobPaused"


def test_continue_anyway(room: Room):
    job_id = room.dispatch(LINES, mostFailedRows=0)
    assert room.run(job_id).status == "paused"
    room.act("resume", job_id)
    job = room.run(job_id)
    assert (job.status, job.failed, job.error_code, job.error_message) == (
        "completed",
        4,
        None,
        None,
    )
    assert room.events(job_id).count("JobPaused") == 1


@BOTH
def test_the_types_own_budget(room: Room):
    assert room.run(room.dispatch(LINES, type="strict")).status == "paused"
    assert room.run(room.dispatch(LINES, type="strict", mostFailedRows=10)).status == "completed"


def test_killed_between_settle_and_look(room: Room):
    """The next worker's turn begins with the look."""
    job_id = room.dispatch(LINES, mostFailedRows=0)

    def work(child: Room) -> None:
        MOMENTS["committed"] = lambda chunk: kill()
        child.runner.turn(job_id)

    assert room.in_child(work) < 0
    room.expire_leases()
    room.sweeper.run_once()
    for _ in range(3):
        room.runner.turn(job_id)
    assert room.job(job_id).status == "paused"


def test_two_workers_look_at_once(room: Room):
    job_id = room.prepared(LINES, type="strict")
    room.runner._keep_budget = lambda job_id: None  # type: ignore[method-assign]
    room.runner.run_one(job_id)
    room.runner.run_one(job_id)

    def look() -> None:
        with room.context.app.begin() as connection:
            watch(connection, job_id, Budget(1, None))

    race(room, look, look)
    assert room.job(job_id).status == "pausing"
    room.sweeper.run_once()
    assert room.events(job_id).count("JobPaused") == 1


@BOTH
def test_a_check_goes_on_to_its_end(room: Room):
    job = room.run(room.dispatch(LINES, mostFailedRows=0, check=True))
    assert (job.status, job.failed) == ("completed", 4)


@BOTH
def test_a_person_who_paused_it_before_is_asked_all_the_same(room: Room):
    job_id = room.dispatch(LINES, mostFailedRows=2)
    room.act("pause", job_id)
    room.act("resume", job_id)
    assert room.run(job_id).error_code == "error_budget"
