"""What is refused when a schedule is saved, and what a change does."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from dashboard.errors import Forbidden, InputRefused, NotFound, UnknownJobType, WrongState
from dashboard.jobs.dispatcher import dispatch
from dashboard.jobs.submission import Submitted
from dashboard.models.schedule import Schedule, ScheduleRun
from dashboard.models.user import User
from dashboard.schedules import editing
from dashboard.schedules.cycles import path
from dashboard.schedules.editing import Wanted
from dashboard.schedules.visibility import changeable_schedule, visible_schedule
from tests.schedules.place import DAILY, DUE, Place


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"cron": "0 0 31 2 *"}, "cron"),
        ({"cron": "every day"}, "cron"),
        ({"cron": None}, "cron"),
        ({"after_type": "lines"}, "cron"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"overlap": "both"}, "overlap"),
        ({"catch_up": "some"}, "catchUp"),
        ({"cron": None, "after_type": "gone"}, "after"),
        ({"cron": None, "after_type": "lines", "after_outcome": "bad"}, "after"),
        ({"cron": None, "after_type": "lines", "after_outcome": []}, "after"),
        ({"cron": None, "after_type": "lines-export"}, "after"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "a\ud800"}, "name"),
        ({"data": {"columns": ["a", {"b": "\ud800"}]}}, "columns"),
        ({"data": {"columns": [{"\ud800": 1}]}}, "columns"),
        ({"data": {"\ud800": 1}}, "data"),
        ({"data": {"bad": 1}}, "bad"),
        ({"data": {"runAt": "2026-11-30T08:00:00+01:00"}}, "runAt"),
        ({"data": {"file": "gone.txt"}, "type": "lines"}, "file"),
        ({"data": {"file": "a\0"}, "type": "lines"}, "file"),
        ({"data": {"file": "a\ud800"}, "type": "lines"}, "file"),
        ({"cron": None, "after_type": "lines", "timezone": "Mars"}, "timezone"),
        ({"data": {}, "type": "lines"}, "file"),
        ({"data": {"columns": ["x" * 100_000]}}, "data"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(place: Place, values, field):
    with pytest.raises(InputRefused) as caught:
        place.make(**values)
    assert caught.value.details["field"] == field
    assert not place.do(lambda session: session.query(Schedule).count())


def test_a_person_has_so_many_schedules_at_most(place: Place, monkeypatch):
    monkeypatch.setattr(editing, "MOST_SCHEDULES", 2)
    schedule = place.make()
    place.make(active=False)
    with pytest.raises(InputRefused, match="You have 2 schedules; 2 are allowed") as caught:
        place.make()
    assert caught.value.code == "schedule_limit"
    assert place.make(role="admin"), "each person has their own"
    assert change(place, schedule, overlap="queue")


def test_a_type_that_is_not_there(place: Place):
    with pytest.raises(UnknownJobType):
        place.make(type="gone")


def test_a_type_the_owner_may_not_run(place: Place):
    place.upload()
    with pytest.raises(Forbidden):
        place.make(type="guarded", data={"file": "lines.txt"})


def test_somebody_elses_file(place: Place):
    place.upload(role="admin")
    with pytest.raises(InputRefused):
        place.make(type="lines", data={"file": "lines.txt"})


def test_it_is_called_after_its_type_unless_it_has_a_name(place: Place):
    assert place.schedule(place.make()).name == "lines-export"
    assert place.schedule(place.make(name="  Every\tmorning ")).name == "Every morning"


# -- circles ---------------------------------------------------------------------------------------


def after(place: Place, before: str, then: str, **values) -> int:
    return place.make(Wanted(type=then, after_type=before), **values)


def test_a_circle_is_refused_with_its_way(place: Place):
    after(place, "lines-export", "other-export", active=False)
    after(place, "other-export", "third-export", role="admin")
    with pytest.raises(InputRefused) as caught:
        after(place, "third-export", "lines-export")
    way = "lines-export → other-export → third-export → lines-export"
    assert (caught.value.code, caught.value.details) == ("schedule_cycle", {"field": "after"})
    assert way in caught.value.message


def test_a_change_can_close_a_circle_too(place: Place):
    after(place, "lines-export", "other-export")
    innocent = after(place, "third-export", "lines-export")
    closing = Wanted(type="lines-export", after_type="other-export")
    with pytest.raises(InputRefused, match="without end"):
        place.do(editing.change, place.starter, innocent, closing)


def test_a_schedule_is_no_circle_with_what_it_was(place: Place):
    schedule = after(place, "lines-export", "other-export")
    turned = Wanted(type="lines-export", after_type="other-export")
    assert place.do(editing.change, place.starter, schedule, turned)


def test_two_halves_of_a_circle_at_the_same_moment(place: Place):
    person_id = place.person()
    with ThreadPoolExecutor(1) as pool:
        with Session(place.context.app) as session, session.begin():
            owner = session.get_one(User, person_id)
            half = Wanted(type="other-export", after_type="lines-export")
            editing.make(session, place.starter, owner, half)
            other = pool.submit(after, place, "other-export", "lines-export")
            with pytest.raises(TimeoutError):
                other.result(0.3)
        with pytest.raises(InputRefused, match="without end"):
            other.result(20)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12))
def test_a_way_is_found_iff_there_is_one(edges):
    follows: dict[str, set[str]] = {}
    for before, then in edges:
        follows.setdefault(str(before), set()).add(str(then))
    reached = {"0"}
    for _ in range(7):
        reached |= {then for before in reached for then in follows.get(before, set())}
    way = path(follows, "0", "6")
    assert (way is not None) == ("6" in reached)
    assert way is None or all(b in follows[a] for a, b in pairwise(way))


# -- changes ---------------------------------------------------------------------------------------


def change(place: Place, schedule: int, version: int | None = None, **values):
    wanted = Wanted(
        **{"type": "lines-export", "cron": DAILY.cron, "timezone": DAILY.timezone, **values}
    )
    return place.do(editing.change, place.starter, schedule, wanted, version)


def test_a_change_says_what_it_changed(place: Place):
    schedule = place.make()
    assert change(place, schedule, overlap="queue") == {"overlap": ["skip", "queue"]}
    assert place.schedule(schedule).next_at == DUE, "its time was not touched"
    assert change(place, schedule, overlap="queue") == {}


def test_a_new_time_counts_at_once(place: Place):
    schedule = place.make()
    change(place, schedule, cron="* * * * *")
    assert place.schedule(schedule).next_at > place.schedule(schedule).changed_at
    change(place, schedule, after_type="lines", cron=None)
    assert place.schedule(schedule).next_at is None


def test_who_comes_second_is_told(place: Place):
    schedule = place.make()
    change(place, schedule, 1, overlap="queue")
    with pytest.raises(WrongState) as caught:
        change(place, schedule, 1, overlap="skip")
    assert caught.value.code == "schedule_changed"


def test_pausing_and_resuming(place: Place):
    schedule = place.make()
    place.do(editing.pause, schedule)
    place.at(DUE)
    assert place.runs(schedule) == []
    with pytest.raises(WrongState):
        place.do(editing.pause, schedule)
    place.do(editing.resume, schedule)
    assert place.schedule(schedule).next_at > DUE - timedelta(days=1)
    with pytest.raises(WrongState):
        place.do(editing.resume, schedule)


def test_resuming_forgets_why_it_paused_itself(place: Place):
    schedule = place.make()
    place.set(Schedule, schedule, active=False, pause_reason="no", refusals=3)
    place.do(editing.resume, schedule)
    resumed = place.schedule(schedule)
    assert (resumed.pause_reason, resumed.refusals) == (None, 0)


def test_pausing_drops_what_waits(place: Place):
    schedule = place.make(catch_up="all")
    place.at(DUE + timedelta(days=1, hours=1))
    place.do(editing.pause, schedule)
    assert place.outcomes(schedule) == ["started", "skipped_overlap"]


def test_deleting_takes_the_history_and_leaves_the_job(place: Place):
    schedule = place.make()
    place.at(DUE)
    place.do(editing.remove, schedule)
    assert place.do(lambda session: session.query(ScheduleRun).count()) == 0
    assert len(place.jobs()) == 1
    with pytest.raises(NotFound):
        place.do(editing.pause, schedule)


# -- now -------------------------------------------------------------------------------------------


def run_now(place: Place, schedule: int) -> ScheduleRun:
    return place.do(editing.run_now, place.starter, schedule, Submitted())


def test_running_it_now_changes_nothing_about_its_times(place: Place):
    schedule = place.make()
    run = run_now(place, schedule)
    assert (run.kind, run.outcome, run.job_id) == ("manual", "started", place.jobs()[0].id)
    assert place.schedule(schedule).next_at == DUE


def test_not_while_its_job_lives(place: Place):
    schedule = place.make()
    run_now(place, schedule)
    with pytest.raises(WrongState) as caught:
        run_now(place, schedule)
    assert caught.value.code == "schedule_busy"


def test_nor_while_somebody_else_runs_the_sync(place: Place):
    schedule = place.make(type="lines-sync")
    sync = place.do(lambda session: dispatch(place.context, session, "lines-sync", user=None).id)
    with pytest.raises(WrongState, match=f"Job {sync} of Lines sync is not finished") as caught:
        run_now(place, schedule)
    assert caught.value.code == "schedule_busy"


def test_unless_it_queues(place: Place):
    schedule = place.make(overlap="queue")
    run_now(place, schedule)
    assert run_now(place, schedule).outcome == "waiting"


def test_a_run_by_hand_starts_while_it_is_paused(place: Place):
    schedule = place.make(active=False)
    assert run_now(place, schedule).outcome == "started"


# -- whose -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "act", "error"),
    [
        ("integrator", visible_schedule, NotFound),
        ("integrator", changeable_schedule, NotFound),
        ("manager", visible_schedule, None),
        ("manager", changeable_schedule, Forbidden),
        ("admin", changeable_schedule, None),
        ("staff", changeable_schedule, None),
    ],
)
def test_who_may_see_and_change_it(place: Place, role, act, error):
    schedule, person_id = place.make(), place.person(role)

    def try_it(session):
        return act(session, session.get_one(User, person_id), schedule)

    if error is None:
        assert place.do(try_it).id == schedule
    else:
        with pytest.raises(error):
            place.do(try_it)


@pytest.mark.parametrize("id", ["x", "-1", "0", "9" * 19, "9" * 5000, "٣"])
def test_what_is_no_id_is_not_there(place: Place, id):
    person_id = place.person()
    with pytest.raises(NotFound):
        place.do(lambda session: visible_schedule(session, session.get_one(User, person_id), id))
