"""E-mail addresses as names of people: one spelling, checked when an account is made."""

import re

from dashboard.errors import InputRefused
from dashboard.lib.texts import escaped

LONGEST = 254
# Hosts of a private network (admin@localhost) are addresses here: nothing has to reach them.
SHAPE = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[\w](?:[\w.-]{0,250}[\w])?")


def plain_email(text: str) -> str:
    """The one spelling used for look-up: lower case, no blanks around, nothing unprintable."""
    return "".join(c for c in text.strip().lower() if c.isprintable())[:LONGEST]


def checked_email(text: str) -> str:
    """A plain e-mail for a new account or a mail; raises InputRefused saying what is wrong with it.

    Nothing but case and blanks around is altered: what is left out would make it another's address.
    """
    email = text.strip().lower()
    plain = len(email) <= LONGEST and email.isprintable() and ".." not in email
    if not plain or not SHAPE.fullmatch(email):
        raise InputRefused(
            f"“{escaped(email[:80])}” is not an e-mail address. Write it as name@example.org.",
            code="email_invalid",
            details={"field": "email"},
        )
    return email
