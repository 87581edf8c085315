"""How many rows there are, and what is said when counting takes too long."""

import time

import pytest
from sqlalchemy import Column, Integer, MetaData, Select, Table, insert, literal, select

from dashboard.exporters import filters_counting
from dashboard.exporters.exporter import Exporter
from dashboard.exporters.filters import where
from dashboard.exporters.filters_counting import Found, count
from tests.records.travel import Trip

SLOW = 4_000


class Trips(Exporter):
    model = Trip


class EveryPair(Exporter):
    """Each record beside all pairs of others: enough to be at it for a while."""

    model = Trip

    def query(self, select: Select) -> Select:
        other = Trip.__table__.alias()
        third = Trip.__table__.alias()
        total = Trip.number + other.c.number + third.c.number
        both = select.join(other, literal(True)).join(third, literal(True))
        return both.add_columns(total.label("total"))


def fill(target, rows):
    with target.begin() as connection:
        records = [{"id": n, "number": n, "note": "odd" if n % 2 else None} for n in range(rows)]
        connection.execute(insert(Trip.__table__), [{**r, "state": "new"} for r in records])


def found(target, exporter, *filters):
    table = exporter().describe(target.connect)
    return count(target, table, where(table, list(filters)))


def test_rows_of_all(target):
    fill(target, 30)
    odd = {"field": "note", "op": "eq", "value": "odd"}
    assert found(target, Trips, odd) == Found(15, 30)
    assert found(target, Trips) == Found(30, 30)


def test_a_table_that_is_not_there(travel_engine):
    missing = Table("gone", MetaData(), Column("id", Integer, primary_key=True))
    table = type("Gone", (Exporter,), {"table": missing})().describe()
    assert count(travel_engine, table, []) == Found(None, None, broken=True)


def test_an_empty_table(target):
    assert found(target, Trips) == Found(0, 0)


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(filters_counting, "COUNT_SECONDS", 0.05)


def test_what_takes_too_long_says_what_was_found_in_the_time(target, hurried):
    fill(target, SLOW)
    started = time.monotonic()
    assert found(target, EveryPair) == Found(None, None, more_than=10_000)
    assert time.monotonic() - started < 3


def test_what_finds_nothing_in_time_says_so(target, hurried, monkeypatch):
    monkeypatch.setattr(filters_counting, "LOOK_SECONDS", 0.05)
    fill(target, SLOW)
    nothing = {"field": "total", "op": "eq", "value": -1}
    assert found(target, EveryPair, nothing) == Found(None, None)


def test_the_connection_is_as_before(target, hurried):
    fill(target, SLOW)
    found(target, EveryPair)
    with target.connect() as connection:
        slow = select(Trip.id).order_by(Trip.id)
        assert len(connection.execute(slow).all()) == SLOW
