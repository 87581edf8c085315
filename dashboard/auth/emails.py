"""E-mail addresses as names of people: one spelling, checked when an account is made."""

import re

from dashboard.errors import InputRefused

LONGEST = 254
# Hosts of a private network (admin@localhost) are addresses here: nothing has to reach them.
SHAPE = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[\w](?:[\w.-]{0,250}[\w])?")


def plain_email(text: str) -> str:
    """The one spelling used for look-up: lower case, no blanks around, nothing unprintable."""
    return "".join(c for c in text.strip().lower() if c.isprintable())[:LONGEST]


def checked_email(text: str) -> str:
    """A plain e-mail for a new account; raises InputRefused saying what is wrong with it."""
    email = text.strip().lower()
    if len(email) > LONGEST or ".." in email or not SHAPE.fullmatch(email):
        raise InputRefused(
            f"“{email[:80]}” is not an e-mail address. Write it as name@example.org.",
            code="email_invalid",
            details={"field": "email"},
        )
    return plain_email(email)
