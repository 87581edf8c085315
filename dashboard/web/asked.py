"""What the query of an address asks for, as every database takes it."""

from collections.abc import Mapping

from dashboard.lib.texts import storable


def words(args: Mapping[str, str], name: str, longest: int) -> str:
    """Without the characters that no text in a database has; cut when long."""
    return "".join(filter(storable, args.get(name, "")[:longest])).strip()
