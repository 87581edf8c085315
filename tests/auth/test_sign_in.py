"""The three steps of a sign-in, and what may happen between them."""

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dashboard.auth.accounts import create_user, disable_user
from dashboard.auth.sign_in import check_password, look_up, settle
from dashboard.models.user import FailedSignIn, Role, User

EMAIL, PASSWORD, HERE = "ada@example.org", "tall violet ladder", "192.0.2.1"


@pytest.fixture
def ada(session: Session) -> User:
    return create_user(session, email=EMAIL, name="Ada", role=Role.STAFF, password=PASSWORD)


def sign_in(session: Session, email: str, password: str) -> User | None:
    a_try = look_up(session, email, HERE)
    return settle(session, a_try, check_password(a_try, password))


def wrong_ones(session: Session) -> int:
    session.flush()
    return session.scalar(select(func.count()).select_from(FailedSignIn)) or 0


def test_the_right_password(session: Session, ada: User) -> None:
    assert sign_in(session, " ADA@example.org", PASSWORD) is ada
    assert ada.last_sign_in_at is not None
    assert wrong_ones(session) == 0


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.org", "", "a\x00b"])
def test_a_wrong_password_and_an_unknown_email_count(
    session: Session, ada: User, email: str
) -> None:
    assert sign_in(session, email, "wrong") is None
    assert wrong_ones(session) == 1


def test_a_disabled_person_is_nobody(session: Session, ada: User) -> None:
    disable_user(session, ada)
    assert sign_in(session, EMAIL, PASSWORD) is None


def test_disabled_between_the_steps(session: Session, ada: User) -> None:
    a_try = look_up(session, EMAIL, HERE)
    kept = check_password(a_try, PASSWORD)
    disable_user(session, ada)
    assert settle(session, a_try, kept) is None


def test_reset_between_the_steps(session: Session, ada: User) -> None:
    a_try = look_up(session, EMAIL, HERE)
    kept = check_password(a_try, PASSWORD)
    ada.password_hash = "another"
    assert settle(session, a_try, kept) is None
    assert ada.password_hash == "another"


def test_an_old_hash_is_renewed(session: Session, ada: User) -> None:
    ada.password_hash = old = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(
        PASSWORD
    )
    assert sign_in(session, EMAIL, PASSWORD) is ada
    assert ada.password_hash != old
    assert sign_in(session, EMAIL, PASSWORD) is ada


def test_success_forgives_the_typing_errors_before(session: Session, ada: User) -> None:
    sign_in(session, EMAIL, "wrong")
    sign_in(session, EMAIL, PASSWORD)
    assert wrong_ones(session) == 0
