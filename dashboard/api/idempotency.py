"""Idempotency-Key: the same submission sent twice makes one job."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.api.bodies import refused
from dashboard.api.errors import KeyInUse
from dashboard.models.token import IdempotencyKey

HEADER = "Idempotency-Key"
LONGEST = 255


def key_of_request() -> str | None:
    """Kept as long as the job it made. Raises InputRefused."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not 0 < len(key) <= LONGEST or not key.isprintable():
        raise refused(HEADER, f"{HEADER}: use 1 to {LONGEST} printable characters.")
    return key


def body_digest(body: Mapping[str, Any], file: tuple[str, str] | None) -> str:
    """Of the meaning, not the bytes: a multipart boundary differs each time. `file` is the name and
    SHA-256 of the part."""
    whole = json.dumps([body, file], sort_keys=True, separators=(",", ":"))
    return sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def job_before(session: Session, user_id: int, key: str, digest: str) -> int | None:
    """The job this very submission made before. Raises KeyInUse when another one used the key."""
    row = session.scalars(
        select(IdempotencyKey).where(IdempotencyKey.user_id == user_id, IdempotencyKey.key == key)
    ).one_or_none()
    if row is None:
        return None
    if row.body_sha256 != digest:
        raise KeyInUse(f"The {HEADER} was used for another body. Use a new one for each job.")
    return row.job_id


def is_used(session: Session, user_id: int, key: str) -> bool:
    query = select(IdempotencyKey.id).where(
        IdempotencyKey.user_id == user_id, IdempotencyKey.key == key
    )
    return session.scalar(query) is not None
