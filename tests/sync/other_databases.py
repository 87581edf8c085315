"""Databases a sync may read from, each with a table of things that change."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, text

from dashboard.settings import sqlalchemy_url

STAMP = {"postgresql": "timestamptz", "mysql": "datetime(6)", "sqlite": "text"}


class OtherDatabase:
    """`url` as an engineer writes it; its table `things` has id, name and changed_at."""

    def __init__(self, url: str) -> None:
        self.url = url
        known = url if "pymysql" in url else sqlalchemy_url(url)
        self.engine: Engine = create_engine(known)

    def make(self) -> None:
        self.run("DROP TABLE IF EXISTS things")
        stamp = STAMP[self.engine.dialect.name]
        self.run(f"CREATE TABLE things (id integer, name varchar(50), changed_at {stamp})")

    def run(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement))

    def add(self, things: Sequence[tuple[int, str]], name: str = "a") -> None:
        """(id, time of day on 31 January) each."""
        rows: list[dict[str, Any]] = [
            {"id": number, "name": name, "at": f"2026-01-31 {at}"} for number, at in things
        ]
        with self.engine.begin() as connection:
            connection.execute(text("INSERT INTO things VALUES (:id, :name, :at)"), rows)


@contextmanager
def other_database(url: str) -> Iterator[OtherDatabase]:
    database = OtherDatabase(url)
    database.make()
    yield database
    database.run("DROP TABLE things")
    database.engine.dispose()
