"""Once each, whoever is killed and however many look at the clock at once."""

import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlalchemy.orm import Session

from dashboard.models.schedule import Schedule, ScheduleRun
from dashboard.schedules.cron import read_cron
from dashboard.schedules.editing import Wanted
from tests.jobs.room import Room, wait_for
from tests.schedules.place import DAILY, DUE, START, Place

MANY, KEEPERS = 200, 4


def add_many(place: Place, count: int) -> None:
    values = {**DAILY.columns(), "user_id": place.person(), "next_at": DUE}
    with Session(place.context.app) as session, session.begin():
        session.add_all(Schedule(**values) for _ in range(count))


def fork(place: Place, work: Callable[[Place], object]) -> int:
    """A consumer of its own; its process id."""
    room = Room(place.context, place.hints, "")
    return room.fork(
        lambda room: work(Place(room.context, place.hints, place.moment, place.people))
    )


def test_four_consumers_and_two_hundred_schedules(place: Place):
    add_many(place, MANY)
    place.moment = DUE
    keepers = [fork(place, lambda own: own.keeper.run_once()) for _ in range(KEEPERS)]
    assert [wait_for(pid) for pid in keepers] == [0] * KEEPERS
    runs = place.do(
        lambda session: session.query(ScheduleRun.schedule_id, ScheduleRun.job_id).all()
    )
    assert Counter(run.schedule_id for run in runs).most_common(1)[0][1] == 1
    assert len({run.job_id for run in runs}) == len(place.jobs()) == MANY


def killed_at(place: Place, step: int, work: Callable[[Place], object]) -> bool:
    """Before its statement number `step`; False when it came to its end."""

    def until_then(own: Place) -> None:
        steps = iter(range(1, step))

        def count(*_: object) -> None:
            if next(steps, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(own.context.app, "before_cursor_execute", count)
        event.listen(Session, "after_commit", count)
        work(own)

    status = wait_for(fork(place, until_then))
    assert status in (0, -signal.SIGKILL)
    return status != 0


def test_a_keeper_killed_at_any_step(place: Place):
    step, schedule = 1, place.make(overlap="queue")
    while killed_at(replace(place, moment=DUE), step, lambda own: own.keeper.run_once()):
        place.at(DUE + timedelta(seconds=step))
        (run,), (job,) = place.runs(schedule), place.jobs()
        assert (run.outcome, run.job_id) == ("started", job.id), f"killed at step {step}"
        assert place.schedule(schedule).next_at == DUE + timedelta(days=1)
        start_again(place, schedule)
        step += 1
    assert step > 8, "it looks, claims, writes the run and the job, and commits"


def start_again(place: Place, schedule: int) -> None:
    with place.context.app.begin() as connection:
        for table in ("schedule_runs", "outbox_events", "jobs"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    place.set(Schedule, schedule, next_at=DUE)


def test_a_follower_killed_at_any_step(place: Place):
    step, schedule = 1, place.make(Wanted(type="lines-export", after_type="lines"))
    done = place.complete()
    while killed_at(place, step, lambda own: own.followers.handle(done)):
        place.followers.handle(done)
        assert place.outcomes(schedule) == ["started"], f"killed at step {step}"
        assert [job.type for job in place.jobs()] == ["lines", "lines-export"]
        with place.context.app.begin() as connection:
            connection.exec_driver_sql("DELETE FROM schedule_runs")
            connection.exec_driver_sql("DELETE FROM outbox_events")
            connection.exec_driver_sql("DELETE FROM jobs WHERE type = 'lines-export'")
        step += 1
    assert step > 6


def test_a_waiting_run_released_by_four(place: Place):
    schedule = place.make(catch_up="all")
    place.at(DUE + timedelta(days=2, hours=1))
    place.finish(place.jobs()[0].id)
    keepers = [fork(place, lambda own: own.keeper.run_once()) for _ in range(KEEPERS)]
    assert [wait_for(pid) for pid in keepers] == [0] * KEEPERS
    assert place.outcomes(schedule) == ["started", "started", "waiting"]
    assert len(place.jobs()) == 2


CRONS = ["*/20 * * * *", "30 2 * * *", "15,45 1-3 * * *", "0 */3 * * *", "0 12 L * *", "5 * * * 7"]
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(CRONS), st.sampled_from(ZONES), st.integers(0, 400))
def test_the_next_five_shown_are_the_next_five_fired(place: Place, cron, zone, days):
    place.moment = START + timedelta(days=days)
    schedule = place.make(cron=cron, timezone=zone)
    shown = read_cron(cron, zone).next_runs(place.moment, 5)
    for moment in shown:
        place.at(moment - timedelta(seconds=1)).at(moment + timedelta(milliseconds=300))
        place.finish(place.jobs()[-1].id)
    assert [run.due_at for run in place.runs(schedule)] == shown
    place.set(Schedule, schedule, active=False)
