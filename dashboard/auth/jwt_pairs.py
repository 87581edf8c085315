"""Access and refresh tokens as a pair of JWTs; a sign-in's pairs form one family."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from dashboard.auth.tokens import Bearer, digest
from dashboard.lib.clock import now
from dashboard.models.token import RefreshToken
from dashboard.models.user import User
from dashboard.settings import Settings

ALGORITHM = "HS256"
ACCESS, REFRESH = "jobengine", "jobengine-refresh"
ACCESS_TIME, REFRESH_TIME = timedelta(hours=1), timedelta(days=14)
LARGEST_ID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Pair:
    access: str
    refresh: str

    def as_json(self) -> dict[str, Any]:
        return {
            "access_token": self.access,
            "refresh_token": self.refresh,
            "token_type": "Bearer",
            "expires_in": int(ACCESS_TIME.total_seconds()),
        }


def issue(session: Session, settings: Settings, user_id: int, family: str | None = None) -> Pair:
    """A new pair; without `family` it begins one (a sign-in)."""
    family, moment = family or str(uuid4()), now()
    access = signed(settings.token_secret, ACCESS, user_id, family, moment, ACCESS_TIME)
    refresh = signed(settings.refresh_token_secret, REFRESH, user_id, family, moment, REFRESH_TIME)
    session.add(
        RefreshToken(
            user_id=user_id, family=family, sha256=digest(refresh), expires_at=moment + REFRESH_TIME
        )
    )
    session.flush()
    return Pair(access, refresh)


def signed(
    secret: str, audience: str, user_id: int, family: str, moment: datetime, lives: timedelta
) -> str:
    claims = {"sub": str(user_id), "aud": audience, "iat": moment, "exp": moment + lives}
    return jwt.encode({**claims, "jti": str(uuid4()), "sid": family}, secret, algorithm=ALGORITHM)


def read(secret: str, audience: str, token: str) -> dict[str, Any] | None:
    """The claims, or None for whatever is wrong with the token."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            audience=audience,
            options={"require": ["sub", "aud", "exp"]},
        )
    except (jwt.InvalidTokenError, ValueError):
        return None
    return claims


def bearer_of(session: Session, settings: Settings, token: str) -> Bearer | None:
    """Who an access token stands for now: an active person whose family has not ended."""
    claims = read(settings.token_secret, ACCESS, token)
    user = active_user(session, claims["sub"]) if claims else None
    if claims is None or user is None:
        return None
    family = claims.get("sid")
    if family is not None and (not isinstance(family, str) or ended(session, family)):
        return None
    return Bearer(user, f"jwt:{claims.get('jti') or digest(token)}")


def family_of(settings: Settings, token: str) -> str | None:
    """The family of an access or refresh token that is still good."""
    claims = read(settings.token_secret, ACCESS, token) or read(
        settings.refresh_token_secret, REFRESH, token
    )
    family = (claims or {}).get("sid")
    return family if isinstance(family, str) else None


def refresh(session: Session, settings: Settings, token: str) -> Pair | None:
    """A new pair for a refresh token not used yet. A used one ends its family and gives None:
    somebody has a copy, and nobody can tell who. The caller commits either way."""
    claims = read(settings.refresh_token_secret, REFRESH, token)
    if claims is None:
        return None
    # Used by one of two at the same moment: the other is the reuse.
    row = session.execute(
        update(RefreshToken)
        .where(
            RefreshToken.sha256 == digest(token),
            RefreshToken.used_at.is_(None),
            RefreshToken.revoked_at.is_(None),
        )
        .values(used_at=now())
        .returning(RefreshToken.user_id, RefreshToken.family)
    ).one_or_none()
    if row is None:
        end_family(session, str(claims.get("sid")))
        return None
    if active_user(session, str(row.user_id)) is None:
        return None
    return issue(session, settings, row.user_id, row.family)


def end_family(session: Session, family: str) -> None:
    """Sign-out: neither token of the family's pairs counts any more."""
    revoke(session, RefreshToken.family == family)


def end_pairs(session: Session, user_id: int) -> None:
    """Every sign-in of a person ends: a new password, a disabled account."""
    revoke(session, RefreshToken.user_id == user_id)


def revoke(session: Session, whose: Any) -> None:
    session.execute(
        update(RefreshToken)
        .where(whose, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=now())
    )


def ended(session: Session, family: str) -> bool:
    over = exists().where(RefreshToken.family == family, RefreshToken.revoked_at.is_not(None))
    return bool(session.scalar(select(over)))


def active_user(session: Session, subject: str) -> User | None:
    plain = subject.isascii() and subject.isdigit() and int(subject) <= LARGEST_ID
    user = session.get(User, int(subject)) if plain else None
    return user if user is not None and user.active else None
