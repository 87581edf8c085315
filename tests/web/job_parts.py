"""Chunks, failures and events of a job, put straight into the database."""

import json
from typing import Any

from flask import Flask

from dashboard.lib.clock import now
from dashboard.models.job import JobChunk, JobFailure
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import User
from dashboard.web.engine import engine_context
from tests.factories import add_job, committed

COLUMNS = ["code", "name"]


def add_file(app: Flask, owner: User | None, content: bytes, name: str = "carriers.csv") -> int:
    with committed(app) as session:
        stored = engine_context().store.put([content], folder="uploads", limit=1 << 20)
        row = StoredFile(
            key=stored.key,
            name=name,
            bytes=stored.bytes,
            sha256=stored.sha256,
            owner_id=owner and owner.id,
        )
        session.add(row)
        session.flush()
        return row.id


def add_running_job(app: Flask, owner: User, chunks: list[dict[str, Any]], **values: Any) -> int:
    """An active job whose chunks have these values; a chunk has ten rows unless it says else."""
    chunks = [{"rows": 10, **chunk} for chunk in chunks]
    values = {
        "status": "active",
        "prepared": True,
        "started_at": now(),
        "total": sum(chunk["rows"] for chunk in chunks),
        "layout": {"columns": COLUMNS},
        **values,
    }
    job_id = add_job(app, owner, **values)
    with committed(app) as session:
        for number, chunk in enumerate(chunks, 1):
            session.add(
                JobChunk(job_id=job_id, number=number, offset=0, length=1, first_row=2, **chunk)
            )
    return job_id


def add_failures(app: Flask, job_id: int, rows: list[tuple[int, str, str, str]]) -> None:
    """Each (row, column, code, value)."""
    with committed(app) as session:
        chunk = session.query(JobChunk).filter_by(job_id=job_id).first()
        for row, column, code, value in rows:
            session.add(
                JobFailure(
                    job_id=job_id,
                    chunk_id=chunk.id if chunk else 0,
                    row=row,
                    column=column,
                    code=code,
                    value=value,
                    message=f'"{value}" is wrong. Use another.',
                    record=json.dumps([value, f"name {row}"]),
                )
            )
