"""Texts from outside: which of them can be kept, and how any of them is shown."""

from collections.abc import Mapping
from typing import Any


def storable(text: str) -> bool:
    """Databases and pages take neither a NUL nor half a character (a lone surrogate)."""
    return not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)


def unstorable_in(value: Any) -> str | None:
    """The first text of a JSON value, keys included, that cannot be kept; None: all of them can."""
    rest = [value]
    while rest:
        found = rest.pop()
        if isinstance(found, str) and not storable(found):
            return found
        if isinstance(found, Mapping):
            rest += [*found, *found.values()]
        elif isinstance(found, list | tuple):
            rest += found
    return None


def escaped(text: str) -> str:
    """For messages: characters nobody sees, or no page takes, as `\\u202e`."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
