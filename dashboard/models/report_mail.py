"""A report's result to be sent by mail: one row for each job, round and address."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Base
from dashboard.lib.clock import now
from dashboard.models.columns import BigKey, UtcDateTime


class ReportMail(Base):
    """`pending` until the mail server took it (`sent`) or it is given up (`failed`)."""

    __tablename__ = "report_mails"
    __table_args__ = (
        UniqueConstraint("job_id", "round", "address"),
        Index("ix_report_mails_state_next_try_at", "state", "next_try_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    round: Mapped[int]
    address: Mapped[str] = mapped_column(String(254))
    format: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(8), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
