"""Wrong passwords slow further tries down, per e-mail and per address; right ones never count."""

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from dashboard.lib.clock import now
from dashboard.models.user import FailedSignIn

WINDOW = timedelta(minutes=15)
# One person's typing errors stay below the first. An office behind one address shares the second.
WRONG_PER_EMAIL = 20
WRONG_PER_ADDRESS = 100


def seconds_to_wait(session: Session, email: str, address: str) -> int:
    """0 when a try is allowed, else whole seconds until the next one is."""
    return max(
        wait_for(session, FailedSignIn.email == email, WRONG_PER_EMAIL),
        wait_for(session, FailedSignIn.address == address, WRONG_PER_ADDRESS),
    )


def wait_for(session: Session, whose: ColumnElement[bool], limit: int) -> int:
    """Until the oldest of the last `limit` wrong ones leaves the window."""
    moment = now()
    oldest: datetime | None = session.scalar(
        select(FailedSignIn.at)
        .where(whose, FailedSignIn.at > moment - WINDOW)
        .order_by(FailedSignIn.at.desc())
        .offset(limit - 1)
        .limit(1)
    )
    return 0 if oldest is None else max(1, ceil((oldest + WINDOW - moment).total_seconds()))


def count_wrong(session: Session, email: str, address: str) -> None:
    session.add(FailedSignIn(email=email, address=address))


def forgive(session: Session, email: str) -> None:
    """The person has proved who they are: their own typing errors are forgotten."""
    session.execute(delete(FailedSignIn).where(FailedSignIn.email == email))
