"""What somebody sent, in the messages and forms that answer it: recognisable, never at length."""

from typing import Any

from dashboard.lib.texts import escaped
from dashboard.records.refusals import quote

LONGEST_SHOWN = 60


def brief(text: str) -> str:
    """The text, or its beginning and "…": a long one fits nowhere and would fill the page."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def shown(value: Any) -> str:
    """Quoted and not too long, whatever it is."""
    text = brief(value if isinstance(value, str) else repr(value))
    return quote(brief(escaped(text)))
