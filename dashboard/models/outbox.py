"""The outbox: an event exists if and only if its fact does (I7)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Base
from dashboard.lib.clock import now
from dashboard.models.columns import BigKey, Json, UtcDateTime


class OutboxEvent(Base):
    """One event, written in the transaction of its fact."""

    __tablename__ = "outbox_events"
    __table_args__ = (Index("ix_outbox_events_job_id_id", "job_id", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(default=1)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # False until the relay has made a receipt for every listener.
    fanned_out: Mapped[bool] = mapped_column(default=False, index=True)


class EventReceipt(Base):
    """What one listener has made of one event."""

    __tablename__ = "event_receipts"
    __table_args__ = (
        UniqueConstraint("event_id", "listener"),
        Index("ix_event_receipts_state_next_try_at", "state", "next_try_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("outbox_events.id", ondelete="CASCADE"))
    job_id: Mapped[int | None] = mapped_column(BigKey)
    listener: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(8), default="pending")  # done | pending | parked
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
