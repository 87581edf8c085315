"""Wrong passwords close the door for a while, for their e-mail and for their address."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from dashboard.auth.throttle import (
    WINDOW,
    WRONG_PER_ADDRESS,
    WRONG_PER_EMAIL,
    count_wrong,
    forgive,
    seconds_to_wait,
)
from dashboard.lib.clock import now
from dashboard.models.user import FailedSignIn

ADA, HERE, THERE = "ada@example.org", "192.0.2.1", "192.0.2.2"


def wrong(session: Session, times: int, *, email: str = ADA, address: str = HERE) -> None:
    for _ in range(times):
        count_wrong(session, email, address)
    session.flush()


def aged(session: Session, times: int, age: timedelta) -> None:
    moment = now() - age
    session.add_all(FailedSignIn(email=ADA, address=HERE, at=moment) for _ in range(times))
    session.flush()


def test_the_limits_are_below_the_thirty_that_must_be_stopped() -> None:
    assert WRONG_PER_EMAIL < 30 < WRONG_PER_ADDRESS


def test_below_the_limit_nobody_waits(session: Session) -> None:
    wrong(session, WRONG_PER_EMAIL - 1)
    assert seconds_to_wait(session, ADA, HERE) == 0


def test_at_the_limit_the_email_waits_from_every_address(session: Session) -> None:
    wrong(session, WRONG_PER_EMAIL)
    assert 0 < seconds_to_wait(session, ADA, THERE) <= WINDOW.total_seconds()


def test_others_at_the_same_address_do_not_wait(session: Session) -> None:
    wrong(session, WRONG_PER_EMAIL)
    assert seconds_to_wait(session, "bob@example.org", HERE) == 0


def test_guessing_over_many_emails_closes_the_address(session: Session) -> None:
    for number in range(WRONG_PER_ADDRESS):
        count_wrong(session, f"u{number}@example.org", HERE)
    session.flush()
    assert seconds_to_wait(session, "bob@example.org", HERE) > 0
    assert seconds_to_wait(session, "bob@example.org", THERE) == 0


@pytest.mark.parametrize(("minutes", "waits"), [(14, True), (16, False)])
def test_the_wait_ends_with_the_window(session: Session, minutes: int, waits: bool) -> None:
    aged(session, WRONG_PER_EMAIL, timedelta(minutes=minutes))
    assert (seconds_to_wait(session, ADA, HERE) > 0) is waits


def test_the_wait_is_until_the_oldest_one_leaves(session: Session) -> None:
    aged(session, 1, timedelta(minutes=10))
    wrong(session, WRONG_PER_EMAIL - 1)
    assert 299 <= seconds_to_wait(session, ADA, HERE) <= 301


def test_a_right_password_forgives(session: Session) -> None:
    wrong(session, WRONG_PER_EMAIL)
    forgive(session, ADA)
    assert seconds_to_wait(session, ADA, HERE) == 0
