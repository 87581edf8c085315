"""Schedules: what starts jobs by itself, and what came of each time it was due."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.extensions import Base
from dashboard.lib.clock import now
from dashboard.models.columns import BigKey, Json, UtcDateTime
from dashboard.models.user import User


class AfterOutcome(StrEnum):
    """Which ends of the job it follows start it: clean ones, or those with failed rows too."""

    CLEAN = "clean"
    ANY = "any"


class Overlap(StrEnum):
    """When a job of the same schedule is still live."""

    SKIP = "skip"
    QUEUE = "queue"


class CatchUp(StrEnum):
    """Which of the runs nobody was there for are started late."""

    NONE = "none"
    ONE = "one"
    ALL = "all"


class RunKind(StrEnum):
    TIME = "time"
    EVENT = "event"
    MANUAL = "manual"


class RunOutcome(StrEnum):
    """`waiting` becomes `started` or `refused` once the job before it has ended."""

    WAITING = "waiting"
    STARTED = "started"
    SKIPPED_OVERLAP = "skipped_overlap"
    MISSED = "missed"
    REFUSED = "refused"


class Schedule(Base):
    """One person's: started by time (`cron` in `timezone`), or after jobs of `after_type`.

    `data` is what REST takes as `data` of a job. `next_at` is null while it is paused or goes by
    events. `version` grows with every change a person makes.
    """

    __tablename__ = "schedules"
    __table_args__ = (
        Index("ix_schedules_active_next_at", "active", "next_at"),
        Index("ix_schedules_user_id_id", "user_id", "id"),
        Index("ix_schedules_after_type", "after_type"),
        # Ids are never given twice: a program may still hold that of a deleted one.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(120))
    type: Mapped[str] = mapped_column(String(80))
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    cron: Mapped[str | None] = mapped_column(String(120))
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")
    after_type: Mapped[str | None] = mapped_column(String(80))
    after_outcome: Mapped[str | None] = mapped_column(String(5))
    overlap: Mapped[str] = mapped_column(String(5), default=Overlap.SKIP)
    catch_up: Mapped[str] = mapped_column(String(4), default=CatchUp.ONE)

    active: Mapped[bool] = mapped_column(default=True)
    # Why it paused itself; null when a person paused it.
    pause_reason: Mapped[str | None] = mapped_column(Text)
    # Refused runs in a row.
    refusals: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    user: Mapped[User] = relationship(lazy="raise_on_sql")


class ScheduleRun(Base):
    """One time a schedule was due. The unique keys make it start once, whoever claims it.

    `due_at` is null for events and manual runs, `trigger_job_id` and `trigger_round` for all but
    events. `times` is 1, or for `missed` how many due times from `due_at` on the row stands for.
    """

    __tablename__ = "schedule_runs"
    __table_args__ = (
        UniqueConstraint("schedule_id", "due_at"),
        UniqueConstraint("schedule_id", "trigger_job_id", "trigger_round"),
        Index("ix_schedule_runs_schedule_id_id", "schedule_id", "id"),
        Index("ix_schedule_runs_outcome_id", "outcome", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedules.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(6))
    outcome: Mapped[str] = mapped_column(String(15))
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    times: Mapped[int] = mapped_column(default=1)
    trigger_job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"))
    trigger_round: Mapped[int | None]
    job_id: Mapped[int | None] = mapped_column(
        ForeignKey("jobs.id", ondelete="SET NULL"), unique=True
    )
    message: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
