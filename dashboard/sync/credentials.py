"""The secrets a sync's source asks for: kept encrypted, written by admins, never shown again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.orm import Session

from dashboard.errors import InputRefused, NotFound
from dashboard.lib.secrets import SecretBox
from dashboard.models.columns import table_of
from dashboard.models.type_secret import TypeSecret
from dashboard.models.user import User
from dashboard.settings import Settings
from dashboard.sync.source import Source

SECRET = table_of(TypeSecret)
LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class Credential:
    """`changed_at` None: nobody has set it yet."""

    name: str
    changed_at: datetime | None = None
    changed_by: str | None = None


def box_of(settings: Settings) -> SecretBox:
    return SecretBox(settings.secrets_keys, settings.secret_key)


def secrets_of(connection: Connection, settings: Settings, name: str) -> Mapping[str, str]:
    """Of a job type, decrypted. Raises SecretUnreadable when the keys were changed."""
    query = select(SECRET.c.name, SECRET.c.value).where(SECRET.c.type == name)
    rows = connection.execute(query).all()
    box = box_of(settings)
    return {row.name: box.decrypt(row.value) for row in rows}


def credentials_of(session: Session, name: str, source: Source) -> Sequence[Credential]:
    """What the source asks for, in its order."""
    query = (
        select(SECRET.c.name, SECRET.c.changed_at, User.name)
        .join(User, User.id == SECRET.c.changed_by_id, isouter=True)
        .where(SECRET.c.type == name)
    )
    known = {row[0]: Credential(*row) for row in session.execute(query)}
    return [known.get(wanted, Credential(wanted)) for wanted in source.secret_names]


def keep_secret(
    session: Session, settings: Settings, job_type: str, source: Source, name: str, value: str,
    user: User,
) -> None:  # fmt: skip
    """Replaces an earlier one. Raises NotFound for a name the source does not ask for."""
    if name not in source.secret_names:
        raise NotFound(f"{job_type} asks for no secret {name!r}.")
    if not value.strip() or len(value) > LONGEST:
        message = f"Write the secret, with at most {LONGEST:,} characters."
        raise InputRefused(message, details={"field": "value"})
    session.execute(delete(SECRET).where(SECRET.c.type == job_type, SECRET.c.name == name))
    kept = box_of(settings).encrypt(value.strip())
    session.add(TypeSecret(type=job_type, name=name, value=kept, changed_by_id=user.id))
    session.flush()
