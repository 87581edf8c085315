"""Ranges of any key: together every record, in the key's order, none twice."""

import random
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
    insert,
)

from dashboard.exporters import key_ranges as module
from dashboard.exporters.copying_postgres import PostgresSnapshot
from dashboard.exporters.exporter import Exporter
from dashboard.exporters.key_ranges import key_ranges

pytestmark = pytest.mark.postgres
MOMENT = datetime(2024, 1, 1, tzinfo=UTC)
KEYS: dict[str, tuple[list[Any], Any]] = {
    "even": ([Integer], lambda n, c: (n * 2 - 300,)),
    "dense at one end": ([BigInteger], lambda n, c: (n if n < 290 else n * 10**12,)),
    "widest": ([BigInteger], lambda n, c: (-(2**63) + n if n % 2 else 2**63 - 1 - n,)),
    "text": ([Text], lambda n, c: (c.choice("aAbBäÄß -_'%\\") * (n % 3) + str(n),)),
    "uuid": ([Uuid], lambda n, c: (uuid.UUID(int=c.getrandbits(128)),)),
    "date": ([Date], lambda n, c: (date(2, 1, 1) + timedelta(days=n * 97),)),
    "moment": ([DateTime(timezone=True)], lambda n, c: (MOMENT + timedelta(microseconds=n * 7),)),
    "two columns": ([Integer, Text], lambda n, c: (n // 100 - 1, f"{n % 100:x}")),
    "three columns": ([Text, Date, Integer], lambda n, c: ("äa"[n % 2], date(2024, 1, 1), n)),
}


@pytest.fixture(params=KEYS)
def keyed(request, postgres, monkeypatch):
    """An exporter of 300 records in no order, to be cut into parts of some ten."""
    monkeypatch.setattr(module, "FEWEST_ROWS", 10)
    monkeypatch.setattr(module, "BUCKETS", 100)
    kinds, key = KEYS[request.param]
    columns = [Column(f"k{n}", kind, primary_key=True) for n, kind in enumerate(kinds)]
    table = Table("keyed", MetaData(), *columns, Column("n", Integer))
    yield from made(postgres, table, [key(n, random.Random(n)) for n in range(300)])


def made(engine, table, keys):
    table.metadata.create_all(engine)
    rows = [dict(zip(table.c.keys(), (*key, n), strict=True)) for n, key in enumerate(keys)]
    random.Random(1).shuffle(rows)
    with engine.begin() as connection:
        connection.execute(insert(table), rows)
    yield type("Keyed", (Exporter,), {"table": table})
    table.metadata.drop_all(engine)


def parts_of(engine, exporter):
    """The ranges, the records each one reads, and all records in order."""
    described = exporter().describe(engine.connect)
    snapshot = PostgresSnapshot(engine)
    try:
        ranges = key_ranges(snapshot.planner, described)
        query = described.select(*described.key)
        read = [snapshot.planner.fetch(part.of(described, query)) for part in ranges]
        whole = snapshot.planner.fetch(query.order_by(*described.key))
    finally:
        snapshot.close()
    return ranges, read, whole


def test_every_record_once_and_in_order(keyed, postgres):
    ranges, read, whole = parts_of(postgres, keyed)
    assert [row for rows in read for row in rows] == whole
    assert [part.rows for part in ranges] == [len(rows) for rows in read]
    assert len(ranges) > 10
    assert max(part.rows for part in ranges) <= 40


@given(
    values=st.lists(
        st.integers(-(2**31), 2**31 - 1) | st.integers(-5, 5), min_size=1, max_size=120, unique=True
    )
)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whole_numbers_however_they_lie(postgres, monkeypatch, values):
    monkeypatch.setattr(module, "FEWEST_ROWS", 5)
    monkeypatch.setattr(module, "BUCKETS", 8)
    table = Table("numbered", MetaData(), Column("k", Integer, primary_key=True), Column("n", Text))
    for exporter in made(postgres, table, [(value,) for value in values]):
        ranges, read, whole = parts_of(postgres, exporter)
        assert [row for rows in read for row in rows] == whole
        assert [part.rows for part in ranges] == [len(rows) for rows in read]


def test_equal_keys_stay_in_one_part(postgres, monkeypatch):
    monkeypatch.setattr(module, "FEWEST_ROWS", 10)
    table = Table("equals", MetaData(), Column("k", Text, nullable=False), Column("n", Integer))
    for exporter in made(postgres, table, [(str(n // 70),) for n in range(300)]):
        exporter.key = "k"
        ranges, read, whole = parts_of(postgres, exporter)
        assert [row for rows in read for row in rows] == whole
        assert [part.rows for part in ranges] == [70, 70, 70, 70, 20]


@pytest.mark.parametrize("kind", [Float, Numeric, Text])
def test_one_part_where_a_key_has_no_sure_order(postgres, monkeypatch, kind):
    """Numbers with a fraction, and keys that are null somewhere."""
    monkeypatch.setattr(module, "FEWEST_ROWS", 10)
    table = Table("unsure", MetaData(), Column("k", kind), Column("n", Integer))
    keys = [(None if n == 5 else str(n) if kind is Text else n / 3,) for n in range(50)]
    for exporter in made(postgres, table, keys):
        exporter.key = "k"
        ranges, read, _ = parts_of(postgres, exporter)
        assert [(part.rows, len(rows)) for part, rows in zip(ranges, read, strict=True)] == [
            (50, 50)
        ]


def test_nothing_to_cut(postgres):
    table = Table("none", MetaData(), Column("k", Integer, primary_key=True), Column("n", Integer))
    table.metadata.create_all(postgres)
    exporter = type("Keyed", (Exporter,), {"table": table})
    ranges, read, _ = parts_of(postgres, exporter)
    table.metadata.drop_all(postgres)
    assert ([part.rows for part in ranges], read) == ([0], [[]])
