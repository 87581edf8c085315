"""Records of every type whose values are hard to write, and the files they come to."""

import random
import uuid
from datetime import UTC, date, time
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, insert

from tests.records.cell_samples import naive
from tests.records.travel import Carrier, Size, Stop, Trip

TEXTS = [
    None, "", "plain", "two words", 'say "hi"', '"', "a,b", "a;b", "tab\there", "line\nend", "\r\n",
    "=1+1", "+1", "-1", "-1.5e3", "-x", "@sum", "'=1", "'", "''+", "\ttab first", " space first",
    "ünï", "日本", "\uff1d1", "\U0001f6eb",
    "null", "NULL", "\\N", "\\.", "a\\b", "true", "007",
    "1e5", "x" * 3000, "%s %d", "a:b", "-", "--", "'-1",
]  # fmt: skip
STAMPS = [
    None,
    naive(2013, 1, 1, 5),
    naive(1, 1, 1),
    naive(9999, 12, 31, 23, 59, 59, 999999),
    naive(2024, 2, 29, 12, 30, 15, 500000),
    naive(1969, 12, 31, 23, 59, 59, 1),
]
POOLS: dict[str, list[Any]] = {
    "carrier": [None, "AA", "=x"],
    "stop_id": [None, 1, 2],
    "day": [None, date(1, 1, 1), date(9999, 12, 31), date(2024, 2, 29)],
    "leaves": STAMPS,
    "sent": [None, *(stamp.replace(tzinfo=UTC) for stamp in STAMPS[1:])],
    "at": [None, time(0), time(23, 59, 59, 999999), time(5, 30), time(1, 2, 3, 40)],
    "seats": [None, -32768, 32767, 0],
    "price": [None, Decimal("-0.01"), Decimal("99999.99"), Decimal("0.00"), Decimal("12.50")],
    "ratio": [None, 0.1, -0.0, 1.0, 1e300, 5e-324, 1e15, 1e14, 123456789.125, 1e-4, 1e-5, 2 / 3],
    "open": [None, True, False],
    "size": [None, Size.SMALL, Size.LARGE],
    "mode": [None, "bus", "rail"],
    "class": [None, "first", "it's"],
    "token": [None, uuid.UUID(int=0), uuid.UUID(int=2**127 + 17)],
    "extra": [None, {}, {"a": [1, None, "é,\"'"]}, [1.5], "=text", -3],
    "code": [None, "", "AB", "=1", "-1", "ü"],
    "note": TEXTS,
}


def awkward_records(count: int, seed: int = 7) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    found = []
    for number in range(count):
        record = {name: chance.choice(pool) for name, pool in POOLS.items()}
        record["note"] = TEXTS[number % len(TEXTS)]
        # Every key but one in the middle, and negative ones.
        found.append({"id": number * 3 - 40, "number": number, "state": "new", **record})
    return found


def fill(engine: Engine, count: int = 120) -> None:
    with engine.begin() as connection:
        connection.execute(insert(Carrier), [{"code": c, "name": c} for c in ("AA", "=x")])
        connection.execute(insert(Stop), [{"id": 1, "faa": "JFK"}, {"id": 2, "faa": "=A"}])
        table = Trip.__table__
        rows = [
            {table.c[name].key: value for name, value in record.items()}
            for record in awkward_records(count)
        ]
        connection.execute(insert(table), rows)
