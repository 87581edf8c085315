"""A database that is neither PostgreSQL nor SQLite: one transaction, read by a cursor."""

import io
from decimal import Decimal

import pyarrow.parquet as pq
import pytest
from sqlalchemy import (
    Column,
    DateTime,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    create_engine,
    insert,
    make_url,
    text,
)

from dashboard.extensions import make_engine
from tests.exporters.exporting import DeskOfTests, run_export
from tests.records.cell_samples import naive

THINGS = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", Text),
    Column("price", Numeric(7, 2)),
    Column("seen", DateTime),
)


@pytest.fixture
def owner(mariadb_admin, mariadb_url):
    """May write."""
    engine = create_engine(mariadb_admin.set(database=make_url(mariadb_url).database))
    THINGS.metadata.create_all(engine)
    yield engine
    THINGS.metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture
def things(owner, mariadb_url):
    engine = make_engine(mariadb_url)
    rows = [
        {"id": 2, "name": "=a,\"b\"", "price": Decimal("1.50"), "seen": naive(2024, 2, 29, 5)},
        {"id": 1, "name": None, "price": None, "seen": None},
    ]  # fmt: skip
    with owner.begin() as connection:
        connection.execute(insert(THINGS), rows)
    yield engine
    engine.dispose()


def test_the_records_in_the_order_of_the_key(things, tmp_path):
    made = run_export(things, tmp_path, THINGS)
    assert made.data.decode() == (
        'id,name,price,seen\n1,,,\n2,"\'=a,""b""",1.50,2024-02-29 05:00:00\n'
    )


def test_types_are_kept(things, tmp_path):
    made = run_export(things, tmp_path, THINGS, format="parquet")
    assert pq.read_table(io.BytesIO(made.data))["price"].to_pylist() == [None, Decimal("1.50")]


def test_one_moment(things, owner, tmp_path):
    def change():
        with owner.begin() as connection:
            connection.execute(text("DELETE FROM things"))

    desk = DeskOfTests(things, tmp_path, on_publish=change)
    assert run_export(things, tmp_path, THINGS, desk).result.rows == 2
