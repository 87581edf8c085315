"""What JobEngine remembers of a person's imports by itself: the saved mapping without a name."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.models.saved_mapping import SavedMapping
from dashboard.models.user import User

OPTIONS = ("mapping", "constants", "formats", "values")


def remembered(session: Session, type: str, user: User | None) -> SavedMapping | None:
    """What the person's last run of this type left."""
    if user is None:
        return None
    query = select(SavedMapping).where(
        SavedMapping.type == type, SavedMapping.owner_id == user.id, SavedMapping.name == ""
    )
    return session.scalars(query.order_by(SavedMapping.id)).first()


def remember(session: Session, type: str, user: User | None, **options: Any) -> None:
    """Merge a run's mapping, constants, formats and values into what is remembered."""
    if user is None:
        return
    saved = remembered(session, type, user)
    if saved is None:
        saved = SavedMapping(
            type=type, owner_id=user.id, mapping={}, constants={}, formats={}, values={}
        )
        session.add(saved)
    for name in OPTIONS:
        if options.get(name):
            setattr(saved, name, {**(getattr(saved, name) or {}), **options[name]})


def remember_value(
    session: Session, type: str, user: User | None, field: str, old: str, text: str
) -> None:
    """`old` in a file means `text` from now on."""
    saved = remembered(session, type, user)
    known = dict((saved.values if saved else {}).get(field, {}))
    remember(session, type, user, values={field: {**known, old: text}})
