"""A look at an uploaded file before any job: what was found, and how many rows it has."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.extensions import Base
from dashboard.lib.clock import now
from dashboard.models.columns import Json, UtcDateTime
from dashboard.models.stored_file import StoredFile


class FilePreview(Base):
    """`reading` is what the person chose, `found` and `rows` what came of it (JSON).

    `total_rows` is null while a worker counts; `error` says why it could not.
    """

    __tablename__ = "file_previews"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    reading: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    found: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    rows: Mapped[list[list[str | None]]] = mapped_column(Json, default=list)
    total_rows: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    file: Mapped[StoredFile] = relationship(lazy="raise_on_sql")
