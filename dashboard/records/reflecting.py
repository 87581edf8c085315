"""A table known by its name only, as the target itself describes it."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import Connection, MetaData, Table
from sqlalchemy.exc import NoSuchTableError

from dashboard.errors import ConfigurationError

Connect = Callable[[], AbstractContextManager[Connection]]


def reflect(name: str, connect: Connect | None) -> Table:
    """The table as the target knows it; `schema.table` is understood."""
    if connect is None:
        raise ConfigurationError(f"Table {name!r} is known to the target only: no connection.")
    schema, _, bare = name.rpartition(".")
    with connect() as connection:
        try:
            return Table(bare, MetaData(), schema=schema or None, autoload_with=connection)
        except NoSuchTableError as error:
            raise ConfigurationError(f"The target has no table {name!r}.") from error
