"""Column types shared by all tables."""

from datetime import UTC, datetime
from typing import Any, TypeAlias, cast

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, Row, Table
from sqlalchemy.types import TypeDecorator

BigKey = BigInteger().with_variant(Integer, "sqlite")
AnyRow: TypeAlias = Row[*tuple[Any, ...]]
# Not JSONB: it forgets the order of keys, and a file's columns have an order.
Json = JSON()


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python, `timestamptz` in PostgreSQL, naive UTC text in SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone cannot be stored.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = cast(datetime, value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def table_of(model: type[Any]) -> Table:
    """The table behind a mapped class, for statements that need no objects."""
    return cast(Table, model.__table__)
