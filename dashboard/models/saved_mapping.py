"""A mapping kept for the next file of the same job type."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Base
from dashboard.lib.clock import now
from dashboard.models.columns import Json, UtcDateTime


class SavedMapping(Base):
    """One person's (`owner_id`), or shared with all by an admin (`owner_id` null).

    An empty `name` is what JobEngine remembered by itself from the person's last run of the type.
    `mapping` is {column: field or null}, `constants` {field: text}, `formats` {column: {…}},
    `values` {field: {text: text}}: the names of a job's options.
    """

    __tablename__ = "saved_mappings"
    __table_args__ = (Index("ix_saved_mappings_type_owner_id", "type", "owner_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(80))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(80), default="")
    mapping: Mapped[dict[str, str | None]] = mapped_column(Json, default=dict)
    constants: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    formats: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    values: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)
