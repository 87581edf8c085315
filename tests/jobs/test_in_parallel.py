"""Several real processes on one job and one database (I1, I4, I10)."""

from sqlalchemy import Column, Integer, MetaData, Table, insert, select, update

from dashboard.extensions import make_engine
from tests.jobs.conftest import on
from tests.jobs.room import Room, adds_up, wait_for

LINES = [f"{'bad' if n % 7 == 0 else 'ok'} {n:03}" for n in range(120)]
COUNTER = Table(
    "counter", MetaData(), Column("id", Integer, primary_key=True), Column("n", Integer)
)


def test_three_workers_on_one_job(room: Room):
    job_id = room.dispatch(LINES)
    pids = [room.fork(lambda child: [child.step(job_id) for _ in range(4)]) for _ in range(3)]
    assert [wait_for(pid) for pid in pids] == [0, 0, 0]
    job = room.run(job_id)
    assert (job.status, job.created, job.failed) == ("completed", 102, 18)
    assert adds_up(job)
    assert room.written() == [line for line in LINES if line.startswith("ok")]
    assert [room.events(job_id).count(name) for name in ("JobStarted", "JobCompleted")] == [1, 1]


def test_workers_that_die_one_after_the_other(room: Room):
    troubles = [{"step": "written", "chunk": n, "act": "kill"} for n in (3, 17, 31, 44)]
    job_id = room.dispatch(LINES, troubles=troubles)
    for _ in range(4):
        pids = [room.fork(lambda child: child.step(job_id)) for _ in range(2)]
        assert {wait_for(pid) for pid in pids} <= {0, -9}
    job = room.run(job_id)
    assert job.status == "completed"
    assert adds_up(job)
    assert room.written() == [line for line in LINES if line.startswith("ok")]


def count_up(room: Room) -> None:
    with make_engine(room.context.settings.database_url).connect() as connection:
        for _ in range(200):
            with connection.begin():
                n = connection.scalar(select(COUNTER.c.n))
                connection.execute(update(COUNTER).values(n=n + 1))


@on("sqlite")
def test_sqlite_loses_no_update(room: Room):
    COUNTER.create(room.context.app)
    with room.context.app.begin() as connection:
        connection.execute(insert(COUNTER).values(n=0))
    pids = [room.fork(count_up) for _ in range(3)]
    assert [wait_for(pid) for pid in pids] == [0, 0, 0]
    with room.context.app.connect() as connection:
        assert connection.scalar(select(COUNTER.c.n)) == 600
