"""A file in the store, and who it belongs to."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Base
from dashboard.lib.clock import now
from dashboard.models.columns import UtcDateTime


class StoredFile(Base):
    """`key` is its place in the store; `name` is what the person called it (never a path)."""

    __tablename__ = "stored_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    # Known of a file that a job made.
    rows: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # Kept until then; null: as long as uploads are.
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Its bytes were removed when their time was over; the row stays for the jobs that name it.
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
