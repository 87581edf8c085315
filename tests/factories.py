"""People and jobs for tests, put straight into the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dashboard.auth.passwords import hash_password
from dashboard.extensions import transaction
from dashboard.models.job import Job
from dashboard.models.user import Role, User

PASSWORD = "tall violet ladder"
NUMBERS = count(1)


@cache
def password_hash() -> str:
    return hash_password(PASSWORD)


@contextmanager
def committed(app: Flask) -> Iterator[Session]:
    """A short application context: one left open would be shared by the client's requests."""
    with app.app_context(), transaction() as session:
        yield session


def add_user(app: Flask, role: str = Role.STAFF, **values: Any) -> User:
    """Committed and detached; the password is PASSWORD."""
    number = next(NUMBERS)
    values.setdefault("email", f"{role}{number}@example.org")
    values.setdefault("name", f"{str(role).capitalize()} {number}")
    with committed(app) as session:
        user = User(role=str(role), password_hash=password_hash(), **values)
        session.add(user)
        session.flush()
        session.refresh(user)
        session.expunge(user)
    return user


def add_job(app: Flask, owner: User | None, **values: Any) -> int:
    values = {"type": "airlines", "kind": "import", "user_id": owner and owner.id, **values}
    with committed(app) as session:
        job = Job(**values)
        session.add(job)
        session.flush()
        return job.id


def sign_in(client: FlaskClient, who: str | User = Role.STAFF) -> User:
    """By the session itself, as the login page leaves it; `who` is a role or a user."""
    user = add_user(client.application, who) if isinstance(who, str) else who
    with client.session_transaction() as session:
        session["_user_id"] = user.get_id()
        session["_fresh"] = True
    return user
