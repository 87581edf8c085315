"""Access and refresh tokens: what is in them, what ends them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
from sqlalchemy.orm import Session

from config import Settings
from dashboard.auth.accounts import create_user, disable_user, enable_user, set_password
from dashboard.auth.jwt_pairs import (
    ACCESS,
    Pair,
    bearer_of,
    end_family,
    family_of,
    issue,
    refresh,
)
from dashboard.lib.clock import now
from dashboard.models.user import Role, User


@pytest.fixture
def ada(session: Session) -> User:
    password = "tall violet ladder"
    return create_user(
        session, email="ada@example.org", name="Ada", role=Role.STAFF, password=password
    )


@pytest.fixture
def pair(session: Session, settings: Settings, ada: User) -> Pair:
    return issue(session, settings, ada.id)


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def forged(settings: Settings, ada: User, secret: str | None = None, **changes: Any) -> str:
    """A token with the settings' secret; a change of None leaves the claim out."""
    soon = now() + timedelta(minutes=5)
    claims = {"sub": str(ada.id), "aud": ACCESS, "exp": soon, **changes}
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, secret or settings.token_secret, algorithm="HS256")


def test_what_the_access_token_says(settings: Settings, ada: User, pair: Pair) -> None:
    claims = jwt.decode(pair.access, settings.token_secret, ["HS256"], audience=ACCESS)
    assert (claims["sub"], claims["exp"] - claims["iat"]) == (str(ada.id), 3600)
    assert {"aud", "jti", "sid"} <= set(claims)


def test_it_stands_for_its_person_with_the_role_of_now(
    session: Session, settings: Settings, ada: User, pair: Pair
) -> None:
    ada.role = Role.MANAGER
    bearer = bearer_of(session, settings, pair.access)
    assert bearer
    assert (bearer.id, bearer.role) == (ada.id, "manager")


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"exp": None},
        {"aud": None},
        {"aud": "another"},
        {"aud": "jobengine-refresh"},
        {"sub": None},
        {"sub": "0"},
        {"sub": "ada"},
        {"sub": "999999"},
        {"sub": "9" * 30},
        {"sub": "²"},
        {"sid": 7},
        {"secret": "x" * 40},
    ],
)
def test_a_wrong_claim_is_nobody(
    session: Session, settings: Settings, ada: User, changes: dict[str, Any]
) -> None:
    assert bearer_of(session, settings, forged(settings, ada)) is not None
    assert bearer_of(session, settings, forged(settings, ada, **changes)) is None


@pytest.mark.parametrize("text", ["", "a.b.c", "a", "\x00", "é.é.é"])
def test_no_token_at_all_is_nobody(session: Session, settings: Settings, text: str) -> None:
    assert bearer_of(session, settings, text) is None


def test_unsigned_is_nobody(session: Session, settings: Settings, ada: User) -> None:
    claims = claims_of(forged(settings, ada))
    unsigned = jwt.encode(claims, "", algorithm="none")
    other = jwt.encode(claims, settings.token_secret * 2, algorithm="HS512")
    assert bearer_of(session, settings, unsigned) is bearer_of(session, settings, other) is None


def test_a_refresh_token_opens_nothing(session: Session, settings: Settings, pair: Pair) -> None:
    assert bearer_of(session, settings, pair.refresh) is None


def test_an_access_token_refreshes_nothing(
    session: Session, settings: Settings, pair: Pair
) -> None:
    same = replace(settings, refresh_token_secret=settings.token_secret)
    assert refresh(session, same, pair.access) is None


def test_refresh_gives_a_new_pair_of_the_same_family(
    session: Session, settings: Settings, pair: Pair
) -> None:
    new = refresh(session, settings, pair.refresh)
    assert new
    assert new.refresh != pair.refresh
    assert claims_of(new.access)["sid"] == claims_of(pair.access)["sid"]
    assert bearer_of(session, settings, new.access)


def test_reuse_ends_the_family(session: Session, settings: Settings, pair: Pair) -> None:
    new = refresh(session, settings, pair.refresh)
    assert new
    assert refresh(session, settings, pair.refresh) is None
    assert refresh(session, settings, new.refresh) is None
    assert bearer_of(session, settings, new.access) is None


def test_another_sign_in_lives_on(
    session: Session, settings: Settings, ada: User, pair: Pair
) -> None:
    other = issue(session, settings, ada.id)
    end_family(session, family_of(settings, pair.refresh) or "")
    assert bearer_of(session, settings, pair.access) is None
    assert bearer_of(session, settings, other.access)


@pytest.mark.parametrize("which", ["access", "refresh"])
def test_either_token_names_the_family(settings: Settings, pair: Pair, which: str) -> None:
    assert family_of(settings, getattr(pair, which)) == claims_of(pair.access)["sid"]


def test_a_disabled_person_is_nobody_and_stays_signed_out(
    session: Session, settings: Settings, ada: User, pair: Pair
) -> None:
    disable_user(session, ada)
    assert bearer_of(session, settings, pair.access) is None
    enable_user(session, ada)
    assert bearer_of(session, settings, pair.access) is None
    assert refresh(session, settings, pair.refresh) is None


def test_a_new_password_ends_every_pair(
    session: Session, settings: Settings, ada: User, pair: Pair
) -> None:
    set_password(session, ada, "another violet ladder")
    assert bearer_of(session, settings, pair.access) is None
