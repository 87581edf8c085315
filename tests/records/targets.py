"""A target database of the tests' own, SQLite and PostgreSQL alike, emptied after each test."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, delete

from dashboard.extensions import make_engine
from tests.records.travel import TravelBase

ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session", params=ENGINES)
def travel_engine(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path_factory.mktemp('target') / 'target.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    engine = make_engine(url)
    TravelBase.metadata.create_all(engine)
    yield engine
    TravelBase.metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture
def target(travel_engine: Engine) -> Iterator[Engine]:
    yield travel_engine
    with travel_engine.begin() as connection:
        for table in reversed(TravelBase.metadata.sorted_tables):
            connection.execute(delete(table))


@pytest.fixture(scope="session")
def postgres(postgres_url: str) -> Iterator[Engine]:
    """For what only PostgreSQL can be asked."""
    engine = make_engine(postgres_url)
    yield engine
    engine.dispose()
