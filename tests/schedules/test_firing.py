"""What is due is started, once, and what comes in between is stated."""

from datetime import timedelta
from functools import partial

import pytest

from dashboard.errors import WrongState
from dashboard.jobs.dispatcher import dispatch
from dashboard.models.schedule import Schedule
from dashboard.models.user import User
from dashboard.schedules.runs import MOST_WAITING
from dashboard.storage.troubles import StoreUnavailable
from tests.schedules.place import DAILY, DUE, START, Place, raising

DAY = timedelta(days=1)


def often(place: Place, **values: str) -> int:
    """Due at DUE and every ten minutes."""
    place.moment = DUE - timedelta(seconds=1)
    return place.make(**{"cron": "*/10 * * * *", **values})


def test_before_its_time_nothing_is_started(place: Place):
    schedule = place.make()
    assert place.schedule(schedule).next_at == DUE
    place.at(DUE - timedelta(seconds=1))
    assert (place.jobs(), place.runs(schedule)) == ([], [])


def test_at_its_time_the_job_is_made_for_its_owner(place: Place):
    schedule = place.make(data={"format": "csv"})
    place.at(DUE)
    (job,), (run,) = place.jobs(), place.runs(schedule)
    assert (job.type, job.user_id, job.status) == ("lines-export", place.person(), "waiting")
    assert job.options == {"format": "csv"}
    assert (run.kind, run.outcome, run.due_at, run.job_id) == ("time", "started", DUE, job.id)
    assert place.hints.hints == [("work", job.id)]


def test_it_goes_on_to_its_next_time(place: Place):
    schedule = place.make()
    place.at(DUE).at(DUE + timedelta(seconds=1))
    assert len(place.jobs()) == 1
    assert place.schedule(schedule).next_at == DUE + DAY


def test_an_import_takes_the_newest_file_of_that_name(place: Place):
    place.upload()
    newest = place.upload()
    place.upload("other.txt")
    place.upload(role="admin")
    place.make(type="lines", data={"file": "lines.txt"})
    place.at(DUE)
    assert [job.file_id for job in place.jobs()] == [newest]


def test_a_clock_that_is_put_back_starts_nothing_again(place: Place):
    place.make()
    place.at(DUE).at(START).at(DUE)
    assert len(place.jobs()) == 1


def test_who_comes_second_moves_nothing(place: Place):
    schedule = place.make()
    seen_before = place.schedule(schedule)
    place.at(DUE)
    assert not place.keeper.fire(seen_before)
    assert place.outcomes(schedule) == ["started"]


def test_nor_when_the_schedule_is_then_changed(place: Place):
    schedule = place.make()
    place.at(DUE)
    place.set(Schedule, schedule, next_at=DUE)
    place.at(DUE + timedelta(seconds=2))
    assert len(place.jobs()) == 1
    assert place.schedule(schedule).next_at == DUE + DAY


@pytest.mark.parametrize(
    ("catch_up", "outcomes"),
    [
        ("none", ["missed"]),
        ("one", ["missed", "started"]),
        ("all", ["started", "waiting", "waiting", "waiting"]),
    ],
)
def test_four_days_without_a_consumer(place: Place, catch_up: str, outcomes: list[str]):
    schedule = place.make(catch_up=catch_up)
    place.at(DUE + 3 * DAY + timedelta(hours=1))
    assert place.outcomes(schedule) == outcomes
    assert place.schedule(schedule).next_at == DUE + 4 * DAY


def test_missed_runs_are_counted(place: Place):
    schedule = place.make(catch_up="one")
    place.at(DUE + 3 * DAY + timedelta(hours=1))
    missed = place.runs(schedule)[0]
    assert (missed.due_at, missed.times) == (DUE, 3)
    assert "3 runs from 2026-11-22 07:30" in (missed.message or "")


def test_runs_caught_up_wait_for_each_other(place: Place):
    schedule = place.make(catch_up="all", overlap="skip")
    place.at(DUE + DAY + timedelta(hours=1))
    place.finish(place.jobs()[0].id, "failed")
    place.at(place.moment)
    assert place.outcomes(schedule) == ["started", "started"]
    assert len(place.jobs()) == 2


def test_skip_leaves_out_what_comes_while_its_job_lives(place: Place):
    schedule = often(place)
    place.at(DUE).at(DUE + timedelta(minutes=10))
    skipped = place.runs(schedule)[1]
    assert skipped.outcome == "skipped_overlap"
    assert skipped.message == f"Job {place.jobs()[0].id} of this schedule was not finished."
    place.finish(place.jobs()[0].id)
    place.at(DUE + timedelta(minutes=20))
    assert place.outcomes(schedule)[2:] == ["started"]


def test_jobs_of_the_same_type_from_elsewhere_do_not_overlap(place: Place):
    first, second = place.make(), place.make()
    place.at(DUE)
    assert place.outcomes(first) == place.outcomes(second) == ["started"]


def syncing(place: Place, **values: str) -> tuple[int, int]:
    """A schedule of a sync, and a live job of it that somebody else started."""
    schedule = often(place, type="lines-sync", **values)
    start = partial(dispatch, place.context, type="lines-sync", user=None)
    return schedule, place.do(lambda session: start(session).id)


def test_a_sync_that_somebody_else_runs_overlaps(place: Place):
    schedule, job = syncing(place)
    place.finish(job, "paused")
    for minute in (0, 10, 20, 30):
        place.at(DUE + timedelta(minutes=minute))
    assert place.outcomes(schedule) == ["skipped_overlap"] * 4
    assert place.runs(schedule)[0].message == f"Job {job} of Lines sync was not finished."
    assert place.schedule(schedule).active


def test_a_queued_sync_waits_for_somebody_elses(place: Place):
    schedule, job = syncing(place, overlap="queue")
    place.at(DUE).at(DUE + timedelta(minutes=1))
    assert place.outcomes(schedule) == ["waiting"]
    place.finish(job)
    place.at(DUE + timedelta(minutes=2))
    assert place.outcomes(schedule) == ["started"]


@pytest.mark.parametrize("end", ["completed", "failed", "cancelled"])
def test_queue_waits_for_its_job_however_that_ends(place: Place, end: str):
    schedule = often(place, overlap="queue")
    place.at(DUE).at(DUE + timedelta(minutes=10))
    assert place.outcomes(schedule) == ["started", "waiting"]
    place.finish(place.jobs()[0].id, end)
    place.at(DUE + timedelta(minutes=11))
    assert place.outcomes(schedule) == ["started", "started"]
    assert len(place.hints.hints) == 2


def test_the_queue_has_an_end(place: Place):
    schedule = often(place, cron="* * * * *", overlap="queue")
    for minute in range(MOST_WAITING + 2):
        place.at(DUE + timedelta(minutes=minute))
    assert place.outcomes(schedule)[1:] == ["waiting"] * MOST_WAITING + ["skipped_overlap"]


REFUSALS = [
    ({"active": False}, "is disabled"),
    ({"role": "manager"}, "is manager now, who may not run jobs"),
]


@pytest.mark.parametrize(("change", "words"), REFUSALS)
def test_an_owner_who_may_not_any_more(place: Place, change, words):
    schedule, other = place.make(), place.make(role="admin")
    place.set(User, place.person(), **change)
    place.at(DUE)
    (run,) = place.runs(schedule)
    assert (run.outcome, run.job_id) == ("refused", None)
    assert words in (run.message or "")
    assert place.outcomes(other) == ["started"]


def test_a_type_the_owner_may_not_run_any_more(place: Place):
    place.upload(role="integrator")
    schedule = place.make(type="lines", data={"file": "lines.txt"}, role="integrator")
    place.set(Schedule, schedule, type="guarded")
    place.at(DUE)
    assert "may not run" in (place.runs(schedule)[0].message or "")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"type": "gone-export"}, "There is no job type 'gone-export'"),
        ({"data": {"bad": 1}}, "bad is wrong."),
        ({"data": {"broken": 1}}, "could not be read (TypeError)"),
        ({"type": "lines", "data": {"file": "gone.txt"}}, "There is no file 'gone.txt'"),
        ({"type": "lines", "data": {}}, "No file is named"),
        ({"timezone": "Mars/Olympus"}, "no time zone 'Mars/Olympus'"),
    ],
)
def test_what_cannot_be_started_says_why(place: Place, values, words, caplog):
    schedule, other = place.make(), place.make(role="admin")
    place.set(Schedule, schedule, **values)
    place.at(DUE)
    (run,) = place.runs(schedule)
    assert run.outcome == "refused"
    assert words in (run.message or "")
    assert place.outcomes(other) == ["started"]


def test_three_refusals_in_a_row_pause_it(place: Place):
    schedule = often(place)
    place.set(Schedule, schedule, data={"bad": 1})
    for minute in (0, 10, 20, 30):
        place.at(DUE + timedelta(minutes=minute))
    assert place.outcomes(schedule) == ["refused"] * 3
    paused = place.schedule(schedule)
    assert (paused.active, paused.next_at) == (False, None)
    assert paused.pause_reason == "3 runs in a row were refused: bad is wrong."


def test_a_run_that_starts_ends_the_row(place: Place):
    schedule = often(place)
    place.set(Schedule, schedule, refusals=2)
    place.at(DUE)
    assert place.schedule(schedule).refusals == 0


def test_several_late_ones_are_one_refusal(place: Place):
    schedule = place.make(catch_up="all")
    place.set(Schedule, schedule, data={"bad": 1})
    place.at(DUE + 5 * DAY + timedelta(hours=1))
    (run,) = place.runs(schedule)
    assert (run.outcome, run.times) == ("refused", 6)
    assert place.schedule(schedule).active


def test_a_waiting_run_whose_data_went_bad_is_refused(place: Place):
    schedule = often(place, overlap="queue")
    place.at(DUE).at(DUE + timedelta(minutes=10))
    place.finish(place.jobs()[0].id)
    place.set(Schedule, schedule, data={"bad": 1})
    place.at(DUE + timedelta(minutes=11))
    assert place.outcomes(schedule) == ["started", "refused"]


AWAY = [StoreUnavailable("away"), WrongState("It runs.", code="sync_running")]


@pytest.mark.parametrize("error", AWAY)
def test_what_passes_leaves_it_due(place: Place, monkeypatch, caplog, error):
    schedule = place.make()
    with monkeypatch.context() as patch:
        patch.setattr(place.keeper.starter, "start", raising(error))
        place.at(DUE)
    assert (place.runs(schedule), place.schedule(schedule).next_at) == ([], DUE)
    place.keeper._resting.clear()
    assert place.at(DUE).outcomes(schedule) == ["started"]


def test_what_passes_leaves_it_waiting(place: Place, monkeypatch, caplog):
    schedule = often(place, overlap="queue")
    place.at(DUE).at(DUE + timedelta(minutes=10))
    place.finish(place.jobs()[0].id)
    monkeypatch.setattr(place.keeper.starter, "start", raising(AWAY[0]))
    place.at(DUE + timedelta(minutes=11))
    assert place.outcomes(schedule) == ["started", "waiting"]


def test_the_others_go_on_when_one_breaks(place: Place, monkeypatch, caplog):
    broken, other = place.make(), place.make(DAILY)
    asked = place.keeper.starter.asked

    def break_one(session, schedule):
        if schedule.id == broken:
            raise RuntimeError("no connection")
        return asked(session, schedule)

    monkeypatch.setattr(place.keeper.starter, "asked", break_one)
    place.at(DUE)
    assert (place.outcomes(broken), place.outcomes(other)) == ([], ["started"])
    assert place.schedule(broken).next_at == DUE


def test_a_changed_schedule_is_read_again(place: Place):
    schedule = place.make()
    stale = place.schedule(schedule)
    place.set(Schedule, schedule, version=2, data={"new": 1})
    place.moment = DUE
    assert not place.keeper.fire(stale)
    place.at(DUE)
    assert [job.options for job in place.jobs()] == [{"new": 1}]


def test_runs_of_long_ago_are_deleted(place: Place):
    schedule = often(place)
    place.at(DUE).at(DUE + timedelta(minutes=10))
    long_ago = START - 400 * DAY
    for run in place.runs(schedule):
        place.set(type(run), run.id, at=long_ago)
    place.keeper._tidied = None
    place.keeper._tidy()
    assert place.outcomes(schedule) == ["started"], "its job still lives"
