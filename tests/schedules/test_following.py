"""Schedules that start after jobs of another type."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from dashboard.events.listeners import ListenerRegistry
from dashboard.events.relay import Relay
from dashboard.events.types import JobCompleted
from dashboard.jobs.finalising import completed_event
from dashboard.jobs.transitions import JOB, move
from dashboard.models.outbox import EventReceipt
from dashboard.models.schedule import Schedule
from dashboard.models.states import JobStatus
from dashboard.schedules.editing import Wanted
from dashboard.storage.troubles import StoreUnavailable
from tests.schedules.place import Place, raising

AFTER = Wanted(type="lines-export", after_type="lines")


def test_a_clean_end_starts_it(place: Place):
    schedule = place.make(AFTER)
    event = place.complete()
    place.followers.handle(event)
    (run,) = place.runs(schedule)
    assert (run.kind, run.outcome, run.due_at) == ("event", "started", None)
    assert (run.trigger_job_id, run.trigger_round) == (event.job["id"], 1)
    assert [job.type for job in place.jobs()] == ["lines", "lines-export"]


def test_an_event_that_comes_again_starts_nothing(place: Place):
    schedule, event = place.make(AFTER), place.complete()
    place.followers.handle(event)
    place.finish(place.jobs()[1].id)
    place.followers.handle(event)
    assert place.outcomes(schedule) == ["started"]


def test_the_next_round_is_another_end(place: Place):
    schedule, event = place.make(AFTER), place.complete()
    place.followers.handle(event)
    place.finish(place.jobs()[1].id)
    place.followers.handle(replace(event, round=2))
    assert place.outcomes(schedule) == ["started", "started"]


@pytest.mark.parametrize("left", [{"failed": 2}, {"not_processed": 2}])
@pytest.mark.parametrize(("outcome", "runs"), [("clean", []), ("any", ["started"])])
def test_failures_count_if_it_says_so(place: Place, left, outcome, runs):
    schedule = place.make(AFTER, after_outcome=outcome)
    place.followers.handle(place.complete(**left))
    assert place.outcomes(schedule) == runs


@pytest.mark.parametrize("purpose", ["check", "undo"])
def test_checks_and_undos_start_nothing(place: Place, purpose):
    schedule = place.make(AFTER)
    place.followers.handle(place.complete(purpose=purpose))
    assert place.outcomes(schedule) == []


def test_another_type_starts_nothing(place: Place):
    schedule = place.make(AFTER)
    place.followers.handle(place.complete("guarded"))
    assert place.outcomes(schedule) == []


@pytest.mark.parametrize(("role", "runs"), [("integrator", []), ("admin", ["started"])])
def test_only_who_may_see_the_job_is_started(place: Place, role, runs):
    schedule = place.make(AFTER, role)
    place.followers.handle(place.complete(role="staff"))
    assert place.outcomes(schedule) == runs


def test_a_paused_one_stays_paused(place: Place):
    schedule = place.make(AFTER, active=False)
    place.followers.handle(place.complete())
    assert place.outcomes(schedule) == []


def test_an_event_of_before_it_was_made_is_not_its_own(place: Place):
    event = place.complete()
    place.moment += timedelta(hours=1)
    schedule = place.make(AFTER)
    place.followers.handle(event)
    assert place.outcomes(schedule) == []


@pytest.mark.parametrize(("overlap", "second"), [("skip", "skipped_overlap"), ("queue", "waiting")])
def test_two_ends_at_once(place: Place, overlap, second):
    schedule = place.make(AFTER, overlap=overlap)
    for _ in range(2):
        place.followers.handle(place.complete())
    assert place.outcomes(schedule) == ["started", second]


def test_a_refusal_is_stated(place: Place):
    schedule = place.make(AFTER)
    place.set(Schedule, schedule, data={"bad": 1})
    place.followers.handle(place.complete())
    assert [run.message for run in place.runs(schedule)] == ["bad is wrong."]


def test_one_that_breaks_holds_nobody_up_and_is_tried_again(place: Place, monkeypatch):
    broken, other = place.make(AFTER), place.make(AFTER)
    event, asked = place.complete(), place.followers.starter.asked
    no_database = {broken: RuntimeError("no connection")}

    def break_one(session, schedule):
        if schedule.id in no_database:
            raise no_database.pop(schedule.id)
        return asked(session, schedule)

    monkeypatch.setattr(place.followers.starter, "asked", break_one)
    with pytest.raises(RuntimeError):
        place.followers.handle(event)
    place.followers.handle(event)
    assert (place.outcomes(broken), place.outcomes(other)) == (["started"], ["started"])


def test_what_passes_is_tried_again(place: Place, monkeypatch):
    schedule, event = place.make(AFTER), place.complete()
    with monkeypatch.context() as patch:
        patch.setattr(place.followers.starter, "start", raising(StoreUnavailable("away")))
        with pytest.raises(StoreUnavailable):
            place.followers.handle(event)
    place.followers.handle(event)
    assert place.outcomes(schedule) == ["started"]


def test_through_the_outbox(place: Place):
    """A job's last transition, the relay and its receipt."""
    schedule, event = place.make(AFTER), place.complete()
    place.finish(event.job["id"], "active", finished_at=place.moment)
    with place.context.app.begin() as connection:
        active = (JobStatus.ACTIVE,)
        job_id = event.job["id"]
        move(connection, job_id, JobStatus.COMPLETED, expected=active, event=completed_event)
    listeners = ListenerRegistry({})
    listeners.add("StartSchedules", "schedules", [JobCompleted], place.followers.handle)
    relay = Relay(place.context.app, listeners)
    relay.run_once()
    with place.context.app.begin() as connection:
        assert connection.scalars(select(EventReceipt.state)).all() == ["done"]
        connection.execute(update(EventReceipt).values(state="pending", next_try_at=None))
        connection.execute(update(JOB).where(JOB.c.type == "lines-export").values(status="failed"))
    relay.run_once()
    assert place.outcomes(schedule) == ["started"]
