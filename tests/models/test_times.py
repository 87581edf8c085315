"""Times: aware UTC in Python whatever the database keeps."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Engine, MetaData, Table, create_engine, insert, select
from sqlalchemy.exc import StatementError

from config import sqlalchemy_url
from dashboard.models.columns import UtcDateTime

TIMES = Table("times", MetaData(), Column("at", UtcDateTime))
NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("pg", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    postgres = request.param == "pg"
    url = sqlalchemy_url(request.getfixturevalue("postgres_url")) if postgres else "sqlite://"
    engine = create_engine(url)
    TIMES.create(engine)
    yield engine
    TIMES.drop(engine)
    engine.dispose()


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5, minutes=30))])
def test_comes_back_in_utc(engine: Engine, zone: timezone):
    with engine.begin() as connection:
        connection.execute(insert(TIMES).values(at=NOON.astimezone(zone)))
        found = connection.scalar(select(TIMES.c.at).where(TIMES.c.at == NOON))
    assert (found, found.tzinfo) == (NOON, UTC)


def test_none_stays_none(engine: Engine):
    with engine.begin() as connection:
        connection.execute(insert(TIMES).values(at=None))
        assert connection.scalar(select(TIMES.c.at)) is None


def test_a_time_without_a_zone_is_refused(engine: Engine):
    with pytest.raises(StatementError, match="zone"), engine.begin() as connection:
        connection.execute(insert(TIMES).values(at=NOON.replace(tzinfo=None)))
