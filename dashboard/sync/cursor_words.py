"""A cursor as people read it: what it says is the source's own business, so nothing is guessed."""

from collections.abc import Mapping
from typing import Any

LONGEST = 120


def cursor_words(cursor: Mapping[str, Any] | None) -> str:
    """`updated_at 2026-11-22 10:00`; "the start" before anything was taken."""
    if not cursor:
        return "the start"
    if "column" in cursor and "value" in cursor:
        said = f"{cursor['column']} {cursor['value']}"
    else:
        said = ", ".join(f"{name} {value}" for name, value in cursor.items() if value is not None)
    return said if len(said) <= LONGEST else f"{said[:LONGEST]}…"
