"""Making and changing people's accounts. Each function flushes; the edge commits and audits."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dashboard.auth.emails import checked_email, plain_email
from dashboard.auth.jwt_pairs import end_pairs
from dashboard.auth.passwords import (
    WeakPassword,
    check_new_password,
    hash_password,
    make_password,
    verify_password,
)
from dashboard.errors import InputRefused, NotFound, WrongState
from dashboard.models.user import Role, User
from dashboard.settings import Settings

LONGEST_NAME = 120
LARGEST_USER_ID = 2**31 - 1
FIRST_ADMIN_EMAIL = "admin@example.org"


class LastAdmin(WrongState):
    """Nobody would be left who can manage users."""

    code = "last_admin"


def create_user(
    session: Session, *, email: str, name: str, role: Role, password: str, check: bool = True
) -> User:
    """`check=False` takes any password: an operator at the shell may know better."""
    email = checked_email(email)
    name = checked_name(name or email.partition("@")[0])
    if check:
        check_password_for(password, email, name)
    if session.scalar(select(User.id).where(User.email == email)):
        raise InputRefused(
            f"{email} has an account already. Change that one, or use another e-mail.",
            code="email_taken",
            details={"field": "email"},
        )
    user = User(email=email, name=name, role=Role(role), password_hash=hash_password(password))
    session.add(user)
    session.flush()
    return user


def change_user(session: Session, user: User, *, name: str, role: Role) -> Mapping[str, Any]:
    """Returns what changed, as {field: [before, after]}. A new role ends the open sessions."""
    before = {"name": user.name, "role": str(user.role)}
    after = {"name": checked_name(name), "role": str(role)}
    if before["role"] != after["role"]:
        if Role(before["role"]) is Role.ADMIN:
            keep_one_admin(session, user)
        user.role = after["role"]
        end_sessions(user)
    user.name = after["name"]
    session.flush()
    return {key: [before[key], after[key]] for key in before if before[key] != after[key]}


def disable_user(session: Session, user: User) -> None:
    if user.role == Role.ADMIN and user.active:
        keep_one_admin(session, user)
    user.active = False
    end_sessions(user)
    end_pairs(session, user.id)
    session.flush()


def enable_user(session: Session, user: User) -> None:
    user.active = True
    session.flush()


def change_password(session: Session, user: User, *, current: str, new: str) -> None:
    """By the person: proves the old one, ends all other sessions (the edge renews its own)."""
    if not verify_password(user.password_hash, current):
        raise InputRefused(
            "This is not your current password.",
            code="password_wrong",
            details={"field": "current"},
        )
    set_password(session, user, new)


def set_password(session: Session, user: User, password: str) -> None:
    check_password_for(password, user.email, user.name)
    user.password_hash = hash_password(password)
    end_sessions(user)
    end_pairs(session, user.id)
    session.flush()


def end_sessions(user: User) -> None:
    user.sign_in_epoch += 1


def keep_one_admin(session: Session, user: User) -> None:
    """Rows are locked, so that two admins cannot remove each other at the same moment."""
    admins = session.scalars(
        select(User.id)
        .where(User.role == Role.ADMIN, User.active)
        .order_by(User.id)
        .with_for_update()
    ).all()
    if not set(admins) - {user.id}:
        raise LastAdmin(
            f"{user.name} is the last active admin. Make somebody else an admin first,"
            " or nobody could manage users."
        )


def find_user(session: Session, user_id: int) -> User:
    user = session.get(User, user_id) if 0 < user_id <= LARGEST_USER_ID else None
    if user is None:
        raise NotFound("There is no such user.")
    return user


def find_by_email(session: Session, email: str) -> User:
    user = session.scalars(select(User).where(User.email == plain_email(email))).one_or_none()
    if user is None:
        raise NotFound(f"There is no user with the e-mail {email}.")
    return user


def signed_in_user(session: Session, session_id: str) -> User | None:
    """Who a session belongs to; nobody once the account is disabled or the sessions were ended."""
    number, _, epoch = session_id.partition(":")
    plain = number.isascii() and number.isdigit()
    user = session.get(User, int(number)) if plain else None
    if user is None or not user.active or str(user.sign_in_epoch) != epoch:
        return None
    return user


def ensure_first_admin(session: Session, settings: Settings) -> tuple[str, str] | None:
    """Makes an admin when there is no user at all; returns e-mail and password to show once."""
    if session.scalar(select(func.count()).select_from(User)):
        return None
    email = settings.admin_email or FIRST_ADMIN_EMAIL
    password = settings.admin_password or make_password()
    create_user(session, email=email, name="Admin", role=Role.ADMIN, password=password, check=False)
    return plain_email(email), password


def checked_name(name: str) -> str:
    name = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise InputRefused(
            f"The name has {len(name)} characters; use 1 to {LONGEST_NAME}.",
            code="name_invalid",
            details={"field": "name"},
        )
    return name


def check_password_for(password: str, email: str, name: str) -> None:
    try:
        check_new_password(password, email, name)
    except WeakPassword as error:
        error.details["field"] = "password"
        raise
