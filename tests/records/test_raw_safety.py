"""What we call raw safe means the same to PostgreSQL: the same odd cells through both."""

import json
import random
from collections.abc import Iterable
from decimal import Decimal

import pyarrow as pa
import pytest
from sqlalchemy import Engine

from dashboard.records.casting import cast_column
from dashboard.records.fields import Field
from tests.records.cell_samples import (
    AWARE,
    BAD,
    BIG,
    CLOCK,
    DAY,
    DOC,
    FLAG,
    FLOAT,
    FREE,
    GOOD,
    INT,
    NAIVE,
    PRICE,
    REAL,
    SHORT,
    SMALL,
    TOKEN,
)

pytestmark = pytest.mark.postgres

COLUMN_TYPES = [
    (SMALL, "smallint"),
    (INT, "integer"),
    (BIG, "bigint"),
    (FLOAT, "double precision"),
    (REAL, "real"),
    (PRICE, "numeric(5, 2)"),
    (FREE, "numeric"),
    (DAY, "date"),
    (CLOCK, "time"),
    (NAIVE, "timestamp"),
    (AWARE, "timestamptz"),
    (FLAG, "boolean"),
    (SHORT, "varchar(3)"),
    (TOKEN, "uuid"),
    (DOC, "json"),
]
ALPHABET = "0123456789+-.:eEZT/ _xnaifty\u0663"


def accepted(kind: Field, cells: Iterable[str]) -> list[str]:
    """Those of the cells that would go raw, each judged by itself."""
    judged = ((cell, cast_column(kind, pa.array([cell], pa.string()))) for cell in cells)
    return [cell for cell, found in judged if not found.bad and found.raw_safe and cell]


def copied(engine: Engine, column_type: str, cells: list[str]) -> list[object]:
    """What PostgreSQL reads, in a session whose settings would trip a careless reader."""
    with engine.connect() as connection:
        for setting in ("DateStyle = 'German'", "TimeZone = 'Asia/Tokyo'"):
            connection.exec_driver_sql(f"SET LOCAL {setting}")
        connection.exec_driver_sql(f"CREATE TEMP TABLE raw (n serial, v {column_type})")
        cursor = connection.connection.driver_connection.cursor()
        with cursor.copy("COPY raw (v) FROM STDIN (FORMAT csv)") as stream:
            for cell in cells:
                quoted = '"' + cell.replace('"', '""') + '"'
                stream.write(f"{quoted}\n")
        connection.exec_driver_sql("SET LOCAL DateStyle = 'ISO'")
        return list(connection.exec_driver_sql("SELECT v FROM raw ORDER BY n").scalars())


def ours(kind: Field, cells: list[str]) -> list[object]:
    return cast_column(kind, pa.array(cells, pa.string())).values.to_pylist()


def comparable(kind: Field, values: list[object]) -> list[object]:
    if kind is FREE:
        return [Decimal(str(value)) for value in values]
    if kind is TOKEN:
        return [str(value).replace("-", "").lower() for value in values]
    return [json.loads(v) if isinstance(v, str) and kind is DOC else v for v in values]


def mutations(kind: Field) -> set[str]:
    """Good and bad cells with a character changed, added or taken away."""
    chance, found = random.Random(7), set()
    cells = [cell for k, cell, _ in (*GOOD, *BAD) if k is kind and len(cell) < 60]
    for cell in cells * 60:
        place, letter = chance.randrange(len(cell) + 1), chance.choice(ALPHABET)
        found.add(cell[:place] + letter + cell[place + chance.randrange(2) :])
        found.add(cell[:place] + cell[place + 1 :])
    return found


@pytest.mark.parametrize(("kind", "column_type"), COLUMN_TYPES)
def test_postgres_reads_what_we_read(postgres, kind, column_type):
    cells = accepted(kind, [cell for k, cell, _ in (*GOOD, *BAD) if k is kind])
    read = copied(postgres, column_type, cells)
    assert comparable(kind, read) == comparable(kind, ours(kind, cells))


@pytest.mark.parametrize(("kind", "column_type"), COLUMN_TYPES)
def test_postgres_reads_every_mutation_we_accept(postgres, kind, column_type):
    cells = sorted(accepted(kind, mutations(kind)))
    read = copied(postgres, column_type, cells)
    assert comparable(kind, read) == comparable(kind, ours(kind, cells))
