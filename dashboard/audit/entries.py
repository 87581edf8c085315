"""Audit entries: who did what to which object, when, from where."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.models.audit import AuditEntry
from dashboard.models.user import User


class Action(StrEnum):
    """Acts around people. Acts on jobs are named like their routes (`job.cancellation`)."""

    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in.failed"
    SIGN_IN_THROTTLED = "sign_in.throttled"
    SIGN_OUT = "sign_out"
    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    USER_DISABLED = "user.disabled"
    USER_ENABLED = "user.enabled"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - the name of an act
    PASSWORD_RESET = "password.reset"  # noqa: S105 - the name of an act
    ACCOUNT_CHANGED = "account.changed"
    TOKEN_CREATED = "token.created"  # noqa: S105 - the name of an act


def record(
    session: Session,
    actor: User | str,
    action: str,
    object_type: str,
    object_id: int | str,
    address: str,
    **detail: Any,
) -> AuditEntry:
    """Add an entry to the transaction of the act itself. A text actor is nobody with an account:
    the e-mail a failed sign-in named, or `shell` for the command line. No secrets in `detail`."""
    entry = AuditEntry(
        actor_id=None if isinstance(actor, str) else actor.id,
        actor=(actor if isinstance(actor, str) else actor.email)[:254],
        action=str(action),
        object_type=object_type,
        object_id=str(object_id)[:60],
        address=address[:64],
        detail=detail,
    )
    session.add(entry)
    return entry


def newest(session: Session, *, before: int | None = None, limit: int = 50) -> Sequence[AuditEntry]:
    """Entries from the newest down, those older than the entry `before`."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    return session.scalars(query).all()
