"""The database's clock for leases: hosts differ, and now() stands still in a transaction."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal

from dashboard.lib.clock import now
from dashboard.models.columns import UtcDateTime


def database_now(connection: Connection, ahead: timedelta = timedelta(0)) -> ColumnElement[Any]:
    """The moment `ahead` from now: PostgreSQL's own clock; the machine's for SQLite."""
    if connection.dialect.name == "postgresql":
        return func.clock_timestamp() + literal(ahead)
    return literal(now() + ahead, UtcDateTime)
