"""The heartbeat: renews the lease, reports progress at most once a second, is seen."""

from datetime import timedelta

from sqlalchemy import select, update

from dashboard.jobs.heartbeat import WORKER, InHand
from dashboard.jobs.leases import claim_chunk
from dashboard.jobs.tracker import report_progress
from dashboard.jobs.transitions import JOB
from dashboard.lib.clock import now
from tests.jobs.conftest import on
from tests.jobs.room import Room
from tests.jobs.test_leases import LEASE

pytestmark = on("sqlite", "postgres")
LINES = ["a", "bad b", "c", "d"]


def report(room: Room, job_id: int) -> bool:
    with room.context.app.begin() as connection:
        return report_progress(connection, job_id)


def test_only_when_the_sums_have_moved(room: Room):
    job_id = room.prepared(LINES)
    assert not report(room, job_id)
    room.runner.run_one(job_id)
    assert report(room, job_id)
    assert room.job(job_id).processed == 2
    assert room.events(job_id)[-1] == "JobProgressed"


def test_at_most_once_a_second(room: Room):
    job_id = room.prepared(LINES)
    found = [room.runner.run_one(job_id) and report(room, job_id) for _ in range(2)]
    assert found == [True, False]


def test_the_last_one_before_the_end_is_never_lost(room: Room):
    job_id = room.prepared(LINES)
    assert room.runner.run_one(job_id)
    assert report(room, job_id)
    room.run(job_id)
    assert room.events(job_id)[-2:] == ["JobProgressed", "JobCompleted"]


def test_strategy_none_tells_nobody(room: Room):
    job_id = room.prepared(LINES)
    with room.context.app.begin() as connection:
        connection.execute(update(JOB).values(strategy="none"))
    room.runner.run_one(job_id)
    assert report(room, job_id)
    assert "JobProgressed" not in room.events(job_id)


def test_the_second_round_reports_too(room: Room):
    job_id = room.finished(LINES)
    room.act("retry", job_id)
    room.runner.run_one(job_id)
    assert report(room, job_id)


def test_a_beat_renews_the_lease_in_hand(room: Room):
    job_id, heartbeat = room.prepared(LINES), room.runner.heartbeat
    with room.context.app.begin() as connection:
        _, chunk = claim_chunk(connection, job_id, room.runner.holder, LEASE)
    heartbeat.hold(InHand(job_id, chunk.id, chunk.lease_token))
    heartbeat._renewed = now() - timedelta(seconds=4)
    heartbeat.run_once()
    assert room.chunks(job_id)[0].lease_until > chunk.lease_until


def test_a_beat_makes_the_worker_seen(room: Room):
    for _ in range(2):
        room.runner.heartbeat.say_up()
    [worker] = room.rows(select(*WORKER.c))
    assert worker.holder == room.runner.holder
    assert now() - worker.seen_at < timedelta(seconds=5)
