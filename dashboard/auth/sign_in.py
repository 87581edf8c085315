"""Signing in by e-mail and password, in three steps shared by the login page and the API.

The password is checked between two transactions: hashing takes long on purpose, and SQLite has one
write lock for everybody.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.auth.emails import plain_email
from dashboard.auth.passwords import hash_password, needs_rehash, verify_password
from dashboard.auth.throttle import count_wrong, forgive, seconds_to_wait
from dashboard.lib.clock import now
from dashboard.models.user import User


@dataclass(frozen=True, slots=True)
class SignInTry:
    """What is known before the password is looked at. `wait`: seconds, 0 when a try is allowed."""

    email: str
    address: str
    wait: int
    user_id: int | None
    password_hash: str | None


def look_up(session: Session, email: str, address: str) -> SignInTry:
    """Step 1, in a transaction: is a try allowed, and against which hash?"""
    email = plain_email(email)
    wait = seconds_to_wait(session, email, address)
    user = session.scalars(select(User).where(User.email == email)).one_or_none()
    if user is None or not user.active:
        return SignInTry(email, address, wait, None, None)
    return SignInTry(email, address, wait, user.id, user.password_hash)


def check_password(a_try: SignInTry, password: str) -> str | None:
    """Step 2, no transaction open: the hash to keep when the password is right, else None."""
    if not verify_password(a_try.password_hash, password) or a_try.password_hash is None:
        return None
    return hash_password(password) if needs_rehash(a_try.password_hash) else a_try.password_hash


def settle(session: Session, a_try: SignInTry, kept_hash: str | None) -> User | None:
    """Step 3, in a transaction: the person, or None and one more wrong try."""
    user = session.get(User, a_try.user_id) if kept_hash and a_try.user_id else None
    # Between the steps an admin may have disabled the person or reset the password.
    if user is None or not user.active or user.password_hash != a_try.password_hash:
        count_wrong(session, a_try.email, a_try.address)
        return None
    user.password_hash = kept_hash or user.password_hash
    user.last_sign_in_at = now()
    forgive(session, a_try.email)
    return user
