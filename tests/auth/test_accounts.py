"""Accounts: made, changed, disabled; never without an admin."""

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from config import Settings
from dashboard.auth import accounts
from dashboard.auth.accounts import LastAdmin
from dashboard.auth.passwords import verify_password
from dashboard.errors import InputRefused, NotFound
from dashboard.models.user import Role, User
from tests.factories import PASSWORD


def make(session: Session, **values: object) -> User:
    given = {"email": "ada@example.org", "name": "Ada", "role": Role.STAFF, "password": PASSWORD}
    return accounts.create_user(session, **{**given, **values})  # type: ignore[arg-type]


@pytest.fixture
def admin(session: Session) -> User:
    return make(session, email="root@example.org", role=Role.ADMIN)


def test_a_user_is_made_with_one_spelling(session: Session) -> None:
    user = make(session, email=" ADA@Example.org ", name="  Ada \n Lovelace ")
    assert (user.email, user.name, user.role) == ("ada@example.org", "Ada Lovelace", "staff")
    assert verify_password(user.password_hash, PASSWORD)


def test_an_email_is_taken_once(session: Session) -> None:
    make(session)
    with pytest.raises(InputRefused, match="has an account already") as caught:
        make(session, email="Ada@EXAMPLE.org")
    assert caught.value.code == "email_taken"


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "ada"), ("name", "x" * 121), ("name", "\t\n "), ("password", "short")],
)
def test_a_refusal_names_its_field(session: Session, field: str, value: str) -> None:
    with pytest.raises(InputRefused) as caught:
        make(session, **{field: value})
    assert caught.value.details["field"] == field


def test_an_operator_may_set_any_password(session: Session) -> None:
    assert verify_password(make(session, password="short", check=False).password_hash, "short")


def test_a_new_role_counts_at_once_and_ends_the_sessions(session: Session, admin: User) -> None:
    user = make(session)
    cookie = user.get_id()
    changes = accounts.change_user(session, user, name="Ada", role=Role.MANAGER)
    assert changes == {"role": ["staff", "manager"]}
    assert accounts.signed_in_user(session, cookie) is None


def test_a_new_name_keeps_the_sessions(session: Session) -> None:
    user = make(session)
    accounts.change_user(session, user, name="Ada L.", role=Role.STAFF)
    assert accounts.signed_in_user(session, user.get_id()) is user


@pytest.mark.parametrize("cookie", ["", "1", ":", "x:0", "0:0", "99999999:0", "²:0"])
def test_a_cookie_of_nobody(session: Session, cookie: str) -> None:
    assert accounts.signed_in_user(session, cookie) is None


def test_disabling_ends_sessions_and_enabling_does_not_bring_them_back(session: Session) -> None:
    user = make(session)
    cookie = user.get_id()
    accounts.disable_user(session, user)
    assert accounts.signed_in_user(session, user.get_id()) is None
    accounts.enable_user(session, user)
    assert accounts.signed_in_user(session, cookie) is None


def test_the_last_admin_stays(session: Session, admin: User) -> None:
    disabled = make(session, role=Role.ADMIN)
    accounts.disable_user(session, disabled)
    with pytest.raises(LastAdmin):
        accounts.disable_user(session, admin)
    with pytest.raises(LastAdmin):
        accounts.change_user(session, admin, name="Root", role=Role.STAFF)


def test_one_of_two_admins_may_go(session: Session, admin: User) -> None:
    make(session, role=Role.ADMIN)
    accounts.disable_user(session, admin)
    assert not admin.active


def test_a_password_change_proves_the_old_one(session: Session) -> None:
    user = make(session)
    with pytest.raises(InputRefused, match="not your current password"):
        accounts.change_password(session, user, current="wrong", new="seven green bottles")
    accounts.change_password(session, user, current=PASSWORD, new="seven green bottles")
    assert verify_password(user.password_hash, "seven green bottles")


@pytest.mark.parametrize("number", [0, -1, 10**9, 2**31, 2**40, 2**63, 10**30])
def test_no_such_user(session: Session, number: int) -> None:
    with pytest.raises(NotFound):
        accounts.find_user(session, number)


def test_the_first_admin_is_made_once(session: Session, settings: Settings) -> None:
    email, password = accounts.ensure_first_admin(session, settings) or ("", "")
    user = accounts.find_by_email(session, email)
    assert user.role == "admin"
    assert verify_password(user.password_hash, password)
    assert accounts.ensure_first_admin(session, settings) is None


def test_the_first_admin_of_the_environment(session: Session, settings: Settings) -> None:
    chosen = replace(settings, admin_email="Boss@localhost", admin_password="mine")
    assert accounts.ensure_first_admin(session, chosen) == ("boss@localhost", "mine")


def test_where_somebody_exists_no_admin_is_made(session: Session, settings: Settings) -> None:
    make(session)
    assert accounts.ensure_first_admin(session, settings) is None
