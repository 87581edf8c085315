"""Credentials a job type needs to reach its source."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Base
from dashboard.lib.clock import now
from dashboard.models.columns import UtcDateTime


class TypeSecret(Base):
    """`value` is encrypted (lib/secrets.py) and never shown again; `name` is what the source asks
    for, such as `token`."""

    __tablename__ = "type_secrets"
    __table_args__ = (UniqueConstraint("type", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(80))
    value: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
