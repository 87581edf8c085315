"""API tokens: made once, shown once, kept as a hash; and who a bearer stands for."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dashboard.auth.permissions import Permission, may
from dashboard.auth.scopes import checked_scopes, scopes_allow
from dashboard.errors import InputRefused
from dashboard.lib.clock import now
from dashboard.models.token import ApiToken
from dashboard.models.user import User

PREFIX = "je_"
SHOWN = 10
MOST_DAYS = 3650
# Written no more often than this: a polled API must not write at every look.
USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whoever a token stands for, with the role of this moment. `key` tells tokens apart."""

    user: User
    key: str
    scopes: tuple[str, ...] = ()

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def role(self) -> str:
        return self.user.role

    def may(self, permission: Permission) -> bool:
        """What both the person's role and the token's scopes allow."""
        return may(self.user, permission) and scopes_allow(self.scopes, permission)


def make_token(
    session: Session,
    user: User,
    *,
    scopes: Iterable[str] = (),
    days: int | None = None,
    name: str = "",
) -> tuple[ApiToken, str]:
    """The row, and the token itself, which exists nowhere else from here on."""
    if days is not None and not 0 < days <= MOST_DAYS:
        raise InputRefused(f"{days} days: use 1 to {MOST_DAYS}.", code="days_invalid")
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(
        user_id=user.id,
        name=name[:80],
        prefix=token[:SHOWN],
        sha256=digest(token),
        scopes=[str(scope) for scope in checked_scopes(scopes)],
        expires_at=now() + timedelta(days=days) if days else None,
    )
    session.add(row)
    session.flush()
    return row, token


def revoke_token(session: Session, token: ApiToken) -> None:
    token.revoked_at = token.revoked_at or now()
    session.flush()


def find_token(session: Session, token: str) -> tuple[ApiToken, User] | None:
    """None for one that is unknown, revoked or expired, or whose person is disabled."""
    found = session.execute(
        select(ApiToken, User)
        .join(User, User.id == ApiToken.user_id)
        .where(ApiToken.sha256 == digest(token), ApiToken.revoked_at.is_(None), User.active)
    ).one_or_none()
    if found is None or (found[0].expires_at is not None and found[0].expires_at <= now()):
        return None
    return found[0], found[1]


def stale(token: ApiToken) -> bool:
    """Is it time to note that it was used?"""
    return token.last_used_at is None or token.last_used_at <= now() - USED_EVERY


def note_use(session: Session, token_id: int) -> None:
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now()))


def digest(token: str) -> str:
    """No salt and no slow hash: a token holds 256 random bits, nobody guesses it from this."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()
