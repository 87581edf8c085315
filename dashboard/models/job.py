"""A job, its chunks and the failures of its rows."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.extensions import Base
from dashboard.lib.clock import now
from dashboard.models.columns import BigKey, Json, UtcDateTime
from dashboard.models.states import FINAL, ChunkState, JobStatus
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import User


class Job(Base):
    """One job of any kind. Counts are frozen here when a round ends; until then see the chunks."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_user_id_id", "user_id", "id"),
        Index("ix_jobs_status_id", "status", "id"),
        Index("ix_jobs_type_id", "type", "id"),
        Index("ix_jobs_finished_at", "finished_at"),
        Index("ix_jobs_file_id", "file_id"),
        Index("ix_jobs_output_id", "output_id"),
        Index("ix_jobs_origin_id", "origin_id"),
        # Ids are never given twice, even after the newest job was deleted.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True, default=lambda: str(uuid4()))
    type: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(10))
    purpose: Mapped[str] = mapped_column(String(10), default="run")
    origin_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    after_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"), index=True)
    status: Mapped[str] = mapped_column(String(12), default=JobStatus.WAITING)
    strategy: Mapped[str] = mapped_column(String(10), default="polling")
    round: Mapped[int] = mapped_column(default=1)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    # What it made: the file of an export, the result of a report.
    output_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    options: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    layout: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    meta: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    chunk_rows: Mapped[int | None]

    total: Mapped[int | None] = mapped_column(BigInteger)
    processed: Mapped[int] = mapped_column(BigInteger, default=0)
    created: Mapped[int] = mapped_column(BigInteger, default=0)
    updated: Mapped[int] = mapped_column(BigInteger, default=0)
    unchanged: Mapped[int] = mapped_column(BigInteger, default=0)
    skipped: Mapped[int] = mapped_column(BigInteger, default=0)
    failed: Mapped[int] = mapped_column(BigInteger, default=0)
    not_processed: Mapped[int] = mapped_column(BigInteger, default=0)

    # `isolate`: a constraint error came; the remaining chunks find the refused rows one by one.
    isolate: Mapped[bool] = mapped_column(default=False)
    error_code: Mapped[str | None] = mapped_column(String(60))
    error_message: Mapped[str | None] = mapped_column(Text)

    # Preparing is leased like a chunk.
    prepared: Mapped[bool] = mapped_column(default=False)
    attempt: Mapped[int] = mapped_column(default=0)
    deaths: Mapped[int] = mapped_column(default=0)
    lease_token: Mapped[str | None] = mapped_column(String(36))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_holder: Mapped[str | None] = mapped_column(String(160))

    # The last round whose `after` hook has run; a round ends only then.
    after_round: Mapped[int] = mapped_column(default=0)

    # Until then the import can be reversed; null: what undo needs was not kept.
    undo_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    run_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    enqueued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    progressed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Set once a round when JobStarted is written, so that two first claims cannot both write it.
    first_chunk_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User | None] = relationship(lazy="raise_on_sql")
    file: Mapped[StoredFile | None] = relationship(lazy="raise_on_sql", foreign_keys=file_id)
    output: Mapped[StoredFile | None] = relationship(lazy="raise_on_sql", foreign_keys=output_id)

    @property
    def final(self) -> bool:
        return self.status in FINAL

    @property
    def clean(self) -> bool:
        """Green only if nothing failed and nothing is left."""
        return self.status == JobStatus.COMPLETED and not self.failed and not self.not_processed


class JobChunk(Base):
    """A slice of a job's input that commits in one transaction, claimed by one worker at a time."""

    __tablename__ = "job_chunks"
    __table_args__ = (
        UniqueConstraint("job_id", "number"),
        Index("ix_job_chunks_job_id_state_number", "job_id", "state", "number"),
        Index("ix_job_chunks_state_lease_until", "state", "lease_until"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    number: Mapped[int]
    round: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(8), default=ChunkState.PENDING)
    offset: Mapped[int] = mapped_column(BigInteger)
    length: Mapped[int] = mapped_column(BigInteger)
    first_row: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int]
    hints: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    attempt: Mapped[int] = mapped_column(default=0)
    # Workers that died while only this chunk was in their hands.
    deaths: Mapped[int] = mapped_column(default=0)
    lease_token: Mapped[str | None] = mapped_column(String(36))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_holder: Mapped[str | None] = mapped_column(String(160))
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    created: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)

    # Another target: the outcome saved before the target is written (I1).
    prepared: Mapped[dict[str, Any] | None] = mapped_column(Json)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # What the chunk's writer noted: created rows for an undo, samples of a check (`Written.notes`).
    notes: Mapped[dict[str, Any] | None] = mapped_column(Json)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error_code: Mapped[str | None] = mapped_column(String(60))
    error_message: Mapped[str | None] = mapped_column(Text)


class JobFailure(Base):
    """A refused cell of a job's current round; `record` is the row as the file gave it."""

    __tablename__ = "job_failures"
    __table_args__ = (Index("ix_job_failures_job_id_row", "job_id", "row"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    # No foreign keys: failures are written by the thousand in a chunk's transaction, and each check
    # would lock the job's row, which a chunk must never touch.
    job_id: Mapped[int] = mapped_column(BigKey)
    chunk_id: Mapped[int] = mapped_column(BigKey)
    row: Mapped[int] = mapped_column(BigInteger)
    column: Mapped[str] = mapped_column(String(200))
    code: Mapped[str] = mapped_column(String(60))
    message: Mapped[str] = mapped_column(Text)
    value: Mapped[str | None] = mapped_column(Text)
    record: Mapped[str] = mapped_column(Text)


class RowCorrection(Base):
    """A person's new cells for a failed row, tried in the job's next round and kept for its undo.

    `cells` is a JSON array in the order of the layout's columns; null leaves the row out (skipped).
    """

    __tablename__ = "row_corrections"
    __table_args__ = (
        UniqueConstraint("job_id", "row"),
        Index("ix_row_corrections_chunk_id", "chunk_id"),
    )
    # No foreign keys to job and chunk, as for failures: they come by the hundred thousand.

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    job_id: Mapped[int] = mapped_column(BigKey)
    chunk_id: Mapped[int] = mapped_column(BigKey)
    row: Mapped[int] = mapped_column(BigInteger)
    cells: Mapped[str | None] = mapped_column(Text)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
