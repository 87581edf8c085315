"""API tokens: shown once, kept as a hash, refused when their time is over."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.auth.accounts import create_user, disable_user
from dashboard.auth.permissions import Permission
from dashboard.auth.scopes import Scope, scopes_allow
from dashboard.auth.tokens import (
    Bearer,
    find_token,
    make_token,
    note_use,
    revoke_token,
    stale,
)
from dashboard.errors import InputRefused
from dashboard.lib.clock import now
from dashboard.models.token import ApiToken
from dashboard.models.user import Role, User


@pytest.fixture
def ada(session: Session) -> User:
    password = "tall violet ladder"
    return create_user(
        session, email="ada@example.org", name="Ada", role=Role.STAFF, password=password
    )


def test_the_token_itself_is_not_kept(session: Session, ada: User) -> None:
    row, token = make_token(session, ada)
    kept = session.execute(select(ApiToken.prefix, ApiToken.sha256)).one()
    assert token.startswith("je_")
    assert (kept.prefix, len(kept.prefix), token in kept.sha256) == (row.prefix, 10, False)


def test_two_tokens_differ(session: Session, ada: User) -> None:
    assert make_token(session, ada)[1] != make_token(session, ada)[1]


def test_it_stands_for_its_person(session: Session, ada: User) -> None:
    row, token = make_token(session, ada)
    assert find_token(session, token) == (row, ada)


@pytest.mark.parametrize("changed", ["", "je_", "je_x", "{}x", " {}"])
def test_another_text_is_nobody(session: Session, ada: User, changed: str) -> None:
    token = make_token(session, ada)[1]
    assert find_token(session, changed.format(token)) is None


def test_a_revoked_one_is_nobody(session: Session, ada: User) -> None:
    row, token = make_token(session, ada)
    revoke_token(session, row)
    assert find_token(session, token) is None


def test_an_expired_one_is_nobody(session: Session, ada: User) -> None:
    row, token = make_token(session, ada, days=1)
    assert find_token(session, token)
    row.expires_at = now() - timedelta(seconds=1)
    session.flush()
    assert find_token(session, token) is None


def test_of_a_disabled_person_is_nobody(session: Session, ada: User) -> None:
    token = make_token(session, ada)[1]
    disable_user(session, ada)
    assert find_token(session, token) is None


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_days_out_of_range(session: Session, ada: User, days: int) -> None:
    with pytest.raises(InputRefused, match="1 to 3650"):
        make_token(session, ada, days=days)


def test_an_unknown_scope_is_named(session: Session, ada: User) -> None:
    with pytest.raises(InputRefused, match=r"'jobs:run'.*jobs:read, jobs:write"):
        make_token(session, ada, scopes=["jobs:read", "jobs:run"])


def test_scopes_are_kept_once_and_sorted(session: Session, ada: User) -> None:
    row, _ = make_token(session, ada, scopes=["jobs:write", "jobs:read", "jobs:write"])
    assert row.scopes == ["jobs:read", "jobs:write"]


def test_its_use_is_noted_once_a_minute(session: Session, ada: User) -> None:
    row, _ = make_token(session, ada)
    assert stale(row)
    note_use(session, row.id)
    session.refresh(row)
    assert not stale(row)


@pytest.mark.parametrize("permission", list(Permission))
def test_without_scopes_only_the_role_counts(permission: Permission) -> None:
    assert scopes_allow([], permission)


@pytest.mark.parametrize(
    ("scopes", "permission", "allowed"),
    [
        ([Scope.JOBS_READ], Permission.JOBS_VIEW_OWN, True),
        ([Scope.JOBS_READ], Permission.JOBS_VIEW_ALL, True),
        ([Scope.JOBS_READ], Permission.JOBS_RUN, False),
        ([Scope.JOBS_READ], Permission.USERS_MANAGE, False),
        ([Scope.JOBS_WRITE], Permission.JOBS_CHANGE_OWN, True),
        ([Scope.JOBS_WRITE], Permission.JOBS_VIEW_OWN, False),
        (["a scope that is gone"], Permission.JOBS_VIEW_OWN, False),
    ],
)
def test_what_a_scope_opens(scopes: list[str], permission: Permission, allowed: bool) -> None:
    assert scopes_allow(scopes, permission) is allowed


def test_a_scope_gives_nothing_the_role_lacks(ada: User) -> None:
    ada.role = Role.MANAGER
    bearer = Bearer(ada, "k", ("jobs:write", "jobs:read"))
    assert (bearer.may(Permission.JOBS_RUN), bearer.may(Permission.JOBS_VIEW_ALL)) == (False, True)
