"""The relay: a receipt for every listener of every event, at least once, in order per job (I7)."""

import random
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, and_, exists, insert, or_, select, update
from sqlalchemy.orm import aliased

from dashboard.events.listeners import ListenerRegistry
from dashboard.events.types import EVENT_TYPES, from_payload
from dashboard.lib.clock import now
from dashboard.models.outbox import EventReceipt, OutboxEvent

BATCH = 200
ATTEMPTS = 8
FIRST_GAP = timedelta(seconds=2)
LONGEST_GAP = timedelta(hours=1)
# A relay that dies over a delivery: another one takes the receipt up after this time.
CLAIM = timedelta(minutes=1)


class Relay:
    """Moves events from the outbox to listeners. `run_once()` returns how many it handled."""

    def __init__(self, engine: Engine, listeners: ListenerRegistry) -> None:
        self.engine = engine
        self.listeners = listeners

    def run_once(self) -> int:
        handled = self._fan_out()
        held: set[tuple[str, int | None]] = set()
        for receipt_id, listener, job_id in self._due():
            if (listener, job_id) in held:
                continue
            if self._deliver(receipt_id):
                handled += 1
            else:
                held.add((listener, job_id))
        return handled

    def _fan_out(self) -> int:
        """Receipts for new events; together with the mark, so none is made twice or forgotten."""
        with self.engine.begin() as connection:
            events = connection.execute(
                select(OutboxEvent.id, OutboxEvent.name, OutboxEvent.job_id)
                .where(OutboxEvent.fanned_out.is_(False))
                .order_by(OutboxEvent.id)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            if not events:
                return 0
            receipts = [
                {"event_id": event.id, "job_id": event.job_id, "listener": name}
                for event in events
                for name in self._listeners_of(event.name)
            ]
            if receipts:
                connection.execute(insert(EventReceipt), receipts)
            connection.execute(
                update(OutboxEvent)
                .where(OutboxEvent.id.in_([event.id for event in events]))
                .values(fanned_out=True)
            )
        return len(events)

    def _listeners_of(self, event_name: str) -> list[str]:
        """None for an event of a newer version that shares this database."""
        kind = EVENT_TYPES.get(event_name)
        return [] if kind is None else self.listeners.of(kind)

    def _due(self) -> list[tuple[int, str, int | None]]:
        """Receipts whose turn it is: no earlier event of the same listener and job is open."""
        earlier = aliased(EventReceipt)
        blocked = exists().where(
            and_(
                earlier.listener == EventReceipt.listener,
                earlier.job_id == EventReceipt.job_id,
                earlier.event_id < EventReceipt.event_id,
                earlier.state == "pending",
                earlier.next_try_at > now(),
            )
        )
        with self.engine.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            rows = connection.execute(
                select(EventReceipt.id, EventReceipt.listener, EventReceipt.job_id)
                .where(EventReceipt.state == "pending", is_due(now()), ~blocked)
                .order_by(EventReceipt.event_id, EventReceipt.id)
                .limit(BATCH)
            ).all()
        return [(row.id, row.listener, row.job_id) for row in rows]

    def _deliver(self, receipt_id: int) -> bool:
        """Call the listener outside any transaction, then write what came of it."""
        with self.engine.begin() as connection:
            if not claim(connection, receipt_id):
                return False
            row = connection.execute(
                select(
                    EventReceipt.id,
                    EventReceipt.listener,
                    EventReceipt.attempts,
                    OutboxEvent.name,
                    OutboxEvent.payload,
                )
                .join(OutboxEvent, OutboxEvent.id == EventReceipt.event_id)
                .where(EventReceipt.id == receipt_id)
            ).one()
        error = self._call(row.listener, row.name, row.payload)
        with self.engine.begin() as connection:
            settle_receipt(connection, row.id, row.attempts + 1, error)
        return error is None

    def _call(self, listener_name: str, event_name: str, payload: dict[str, object]) -> str | None:
        listener = self.listeners.get(listener_name)
        if listener is None:
            return None  # switched off since: nothing to do is done
        try:
            listener.handle(from_payload(event_name, payload))
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return None


def claim(connection: Connection, receipt_id: int) -> bool:
    """Ours until CLAIM is over; False when another relay has it or an event before it."""
    earlier = aliased(EventReceipt)
    before = exists().where(
        earlier.listener == EventReceipt.listener,
        earlier.job_id == EventReceipt.job_id,
        earlier.event_id < EventReceipt.event_id,
        earlier.state == "pending",
    )
    claimed = connection.execute(
        update(EventReceipt)
        .where(
            EventReceipt.id == receipt_id,
            EventReceipt.state == "pending",
            is_due(now()),
            ~before,
        )
        .values(next_try_at=now() + CLAIM)
        .execution_options(synchronize_session=False)
    )
    return bool(claimed.rowcount)


def is_due(moment: datetime) -> ColumnElement[bool]:
    return or_(EventReceipt.next_try_at.is_(None), EventReceipt.next_try_at <= moment)


def settle_receipt(
    connection: Connection, receipt_id: int, attempts: int, error: str | None
) -> None:
    """Done, tried again after a growing gap, or parked after ATTEMPTS."""
    if error is None:
        values = {"state": "done", "done_at": now(), "error": None}
    elif attempts >= ATTEMPTS:
        values = {"state": "parked", "error": error}
    else:
        values = {"next_try_at": now() + gap(attempts), "error": error}
    connection.execute(
        update(EventReceipt)
        .where(EventReceipt.id == receipt_id)
        .values(attempts=attempts, **values)
    )


def gap(attempts: int) -> timedelta:
    """Exponential with jitter, so listeners that fell together do not rise together."""
    spread = random.uniform(0.8, 1.2)  # noqa: S311 - no secret
    seconds = FIRST_GAP.total_seconds() * 2.0 ** (attempts - 1)
    return min(timedelta(seconds=seconds), LONGEST_GAP) * spread
