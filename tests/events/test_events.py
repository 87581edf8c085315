"""I7: an event exists iff its fact does; receipts, order, back-off, parking."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, insert, select, update

from config import sqlalchemy_url
from dashboard.errors import ConfigurationError
from dashboard.events import outbox
from dashboard.events.listeners import ListenerRegistry
from dashboard.events.log_job_event import log_job_event
from dashboard.events.relay import ATTEMPTS, LONGEST_GAP, Relay, gap
from dashboard.events.types import EVENT_TYPES, JobCompleted, JobEnqueued, JobEvent, from_payload
from dashboard.extensions import Base, make_engine
from dashboard.models.columns import table_of
from dashboard.models.job import Job
from dashboard.models.outbox import EventReceipt, OutboxEvent

MOMENT = datetime(2026, 11, 22, 5, 0, 1, 250000, tzinfo=UTC)
BASIS: dict[str, Any] = {
    "run_id": "uuid", "type": "lines", "kind": "import", "user_id": None, "attempt": 1, "round": 1,
    "timestamp": MOMENT, "job": {"id": 1, "status": "waiting"},
}  # fmt: skip
EXTRAS: dict[str, dict[str, Any]] = {
    "JobEnqueued": {"input": {"mode": "insert"}, "queue": "jobs"},
    "JobStarted": {"input": {}, "queue": "jobs"},
    "JobProgressed": {"processed": 1, "total": None, "counts": {"created": 1}},
    "JobRetrying": {"error": "no", "next_retry_at": MOMENT, "chunk": 2},
    "JobFailed": {"error_message": "no", "stack_trace": None, "will_retry": False},
    "JobCompleted": {"duration": 1.5, "output": {}, "succeeded_count": 1, "failed_count": 0},
    "JobPaused": {"actor": "ann@example.com", "reason": None},
    "JobResumed": {"actor": None, "reason": "lunch is over"},
    "JobCancelled": {"actor": None, "reason": None},
    "ImportUndone": {
        "actor": "ann@example.com", "reason": None, "undo_job_id": 2,
        "reversed_count": 3, "kept_count": 1, "failed_count": 0,
    },
}  # fmt: skip
RECEIPT = table_of(EventReceipt)
TABLES = ("event_receipts", "outbox_events", "jobs")


@pytest.fixture(scope="module", params=["sqlite", pytest.param("pg", marks=pytest.mark.postgres)])
def module_engine(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path_factory.mktemp('events') / 'app.db'}"
    if request.param == "pg":
        base = sqlalchemy_url(request.getfixturevalue("postgres_url"))
        admin = make_engine(base)
        with admin.begin() as connection:
            connection.exec_driver_sql("CREATE SCHEMA events_app")
        admin.dispose()
        url = f"{base}?options=-csearch_path%3Devents_app"
    engine = make_engine(url)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(module_engine: Engine) -> Engine:
    with module_engine.begin() as connection:
        for name in TABLES:
            connection.exec_driver_sql(f"DELETE FROM {name}")
        for number in (1, 2):
            values = {"id": number, "uuid": str(number), "type": "lines", "kind": "import"}
            connection.execute(insert(Job).values(values))
    return module_engine


def emit(engine: Engine, *job_ids: int, name: str = "JobEnqueued") -> None:
    for job_id in job_ids:
        with engine.begin() as connection:
            outbox.write(connection, job_id, make(name, job_id=job_id))


def make(name: str, job_id: int = 1) -> JobEvent:
    basis = {**BASIS, "job": {"id": job_id, "status": "waiting"}}
    return EVENT_TYPES[name](**basis, **EXTRAS[name])


class Heard(list[tuple[str, int]]):
    """What a listener was called with; it raises while `refuses` says so."""

    def __init__(self, refuses: Callable[[JobEvent], bool] = lambda event: False) -> None:
        self.refuses = refuses

    def __call__(self, event: JobEvent) -> None:
        if self.refuses(event):
            raise RuntimeError("not now")
        self.append((type(event).__name__, event.job["id"]))


def relay(engine: Engine, **listeners: Heard) -> Relay:
    registry = ListenerRegistry({})
    for name, listener in listeners.items():
        registry.add(name, name, EVENT_TYPES.values(), listener)
    return Relay(engine, registry)


def receipts(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        query = select(*RECEIPT.c).order_by(RECEIPT.c.event_id, RECEIPT.c.listener)
        return list(connection.execute(query).all())


def hurry(engine: Engine) -> None:
    with engine.begin() as connection:
        held = RECEIPT.c.next_try_at.is_not(None)
        connection.execute(update(RECEIPT).where(held).values(next_try_at=MOMENT))


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_payloads_round_trip(name: str):
    event = make(name)
    assert from_payload(name, event.payload()) == event


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_payloads_round_trip_through_the_outbox(engine: Engine, name: str):
    emit(engine, 1, name=name)
    with engine.connect() as connection:
        row = connection.execute(select(OutboxEvent.name, OutboxEvent.payload)).one()
    assert from_payload(row.name, row.payload) == make(name)


def test_a_newer_payload_is_read():
    payload = {**make("JobPaused").payload(), "colour": "red"}
    assert from_payload("JobPaused", payload) == make("JobPaused")


def test_no_fact_no_event(engine: Engine):
    with engine.connect() as connection, connection.begin() as fact:
        outbox.write(connection, 1, make("JobEnqueued"))
        fact.rollback()
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(OutboxEvent)) == 0


def test_each_listener_hears_each_event_once(engine: Engine):
    emit(engine, 1, 2)
    a, b = Heard(), Heard()
    service = relay(engine, a=a, b=b)
    for _ in range(3):
        service.run_once()
    assert a == b == [("JobEnqueued", 1), ("JobEnqueued", 2)]
    assert [receipt.state for receipt in receipts(engine)] == ["done"] * 4


def test_only_the_events_it_listens_to(engine: Engine):
    heard, registry = Heard(), ListenerRegistry({})
    registry.add("ends", "ends", [JobCompleted], heard)
    emit(engine, 1)
    emit(engine, 1, name="JobCompleted")
    Relay(engine, registry).run_once()
    assert heard == [("JobCompleted", 1)]


def test_order_within_a_job_holds_while_another_goes_on(engine: Engine):
    broken = {"first": True}
    heard = Heard(lambda event: broken["first"] and event.job["id"] == 1)
    emit(engine, 1, 2)
    emit(engine, 1, 2, name="JobStarted")
    service = relay(engine, a=heard)
    service.run_once()
    assert heard == [("JobEnqueued", 2), ("JobStarted", 2)]
    broken["first"] = False
    service.run_once()
    assert len(heard) == 2
    hurry(engine)
    service.run_once()
    assert heard[2:] == [("JobEnqueued", 1), ("JobStarted", 1)]


def test_a_raising_listener_does_not_hold_others(engine: Engine):
    emit(engine, 1)
    heard = Heard()
    relay(engine, bad=Heard(lambda event: True), good=heard).run_once()
    assert heard == [("JobEnqueued", 1)]


def test_a_failed_delivery_waits_and_keeps_the_error(engine: Engine):
    emit(engine, 1)
    service = relay(engine, a=Heard(lambda event: True))
    service.run_once()
    service.run_once()
    [receipt] = receipts(engine)
    assert (receipt.attempts, receipt.error) == (1, "RuntimeError: not now")


def test_parked_after_the_last_attempt(engine: Engine):
    heard = Heard(lambda event: type(event) is JobEnqueued)
    emit(engine, 1)
    emit(engine, 1, name="JobStarted")
    service = relay(engine, a=heard)
    for _ in range(ATTEMPTS):
        service.run_once()
        hurry(engine)
    assert next((r.state, r.attempts) for r in receipts(engine)) == ("parked", ATTEMPTS)
    service.run_once()
    assert heard == [("JobStarted", 1)]


def test_two_relays_deliver_once(engine: Engine):
    """The second one runs while the first is in the middle of its delivery."""
    heard, inner = Heard(), Heard()
    registry = ListenerRegistry({})

    def slow(event: JobEvent) -> None:
        heard(event)
        other.run_once()

    registry.add("a", "a", EVENT_TYPES.values(), slow)
    other = relay(engine, a=inner)
    emit(engine, 1)
    emit(engine, 1, name="JobStarted")
    Relay(engine, registry).run_once()
    assert (heard, inner) == ([("JobEnqueued", 1), ("JobStarted", 1)], [])


def test_a_relay_that_died_over_a_delivery(engine: Engine):
    emit(engine, 1)

    class Killed(BaseException):
        pass

    def die(event: JobEvent) -> bool:
        raise Killed

    with pytest.raises(Killed):
        relay(engine, a=Heard(die)).run_once()
    hurry(engine)
    heard = Heard()
    relay(engine, a=heard).run_once()
    assert heard == [("JobEnqueued", 1)]


def test_an_event_of_a_newer_version_holds_nothing(engine: Engine):
    emit(engine, 1)
    with engine.begin() as connection:
        connection.execute(update(OutboxEvent).values(name="JobTeleported"))
    emit(engine, 1)
    heard = Heard()
    relay(engine, a=heard).run_once()
    assert heard == [("JobEnqueued", 1)]


def test_a_listener_switched_off_since(engine: Engine):
    emit(engine, 1)
    relay(engine, a=Heard(lambda event: True)).run_once()
    hurry(engine)
    relay(engine).run_once()
    assert [receipt.state for receipt in receipts(engine)] == ["done"]


def test_a_switch_turns_a_listener_off():
    registry = ListenerRegistry({"log": False})
    registry.add("LogJobEvent", "log", EVENT_TYPES.values(), log_job_event)
    assert registry.of(JobEnqueued) == []


def test_a_listener_twice_is_a_mistake():
    registry = ListenerRegistry({})
    registry.add("a", "a", [JobEnqueued], log_job_event)
    with pytest.raises(ConfigurationError, match="'a'"):
        registry.add("a", "a", [JobEnqueued], log_job_event)


def test_gaps_grow_to_an_hour():
    assert gap(1) < timedelta(seconds=3) < gap(3) < gap(6) < gap(30) <= LONGEST_GAP * 1.2


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_every_event_can_be_logged(name: str):
    log_job_event(make(name))


def test_a_deleted_job_takes_its_events_along(engine: Engine):
    """Deleting a job takes its events along, and their receipts."""
    emit(engine, 1)
    relay(engine, a=Heard()).run_once()
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM jobs WHERE id = 1")
    assert receipts(engine) == []
