"""A value written and given again is unchanged, whatever its type; another one is a change."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pytest

from tests.importers.running import stored
from tests.records.merges import counts, merge
from tests.records.travel import Trip

VALUES = {
    "number": (pa.int32(), 7, 8),
    "day": (pa.date32(), date(2012, 2, 29), date(2013, 1, 1)),
    "leaves": (pa.timestamp("us"), datetime(2013, 1, 1, 5), datetime(2013, 1, 1, 5, 0, 1)),  # noqa: DTZ001
    "sent": (
        pa.timestamp("us", "UTC"),
        datetime(2013, 1, 1, 5, tzinfo=UTC),
        datetime(2013, 1, 1, 5, 0, 0, 1, tzinfo=UTC),
    ),
    "at": (pa.time64("us"), time(5, 0, 0, 5), time(5)),
    "seats": (pa.int16(), 5, 6),
    "price": (pa.decimal128(7, 2), Decimal("1.10"), Decimal("1.11")),
    "ratio": (pa.float64(), 0.1, 0.10000000000000002),
    "open": (pa.bool_(), True, False),
    "size": (pa.string(), "LARGE", "SMALL"),
    "mode": (pa.string(), "bus", "rail"),
    "class": (pa.string(), "it's", "first"),
    "token": (
        pa.string(),
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c9",
    ),
    "extra": (pa.string(), '{"a": [1, null]}', '{"a": [1, 2]}'),
    "code": (pa.string(), "äöü", "äöu"),
    "note": (pa.string(), 'a,"b"\\N\t\n', "a"),
}


def one(name, value, **more):
    kind = VALUES[name][0]
    return {"id": [1], "state": ["x"], "number": [1], name: pa.array([value], kind), **more}


@pytest.mark.parametrize("by_row", [False, True], ids=["sets", "rows"])
@pytest.mark.parametrize("name", VALUES)
def test_of_every_type(target, name, by_row):
    _, first, second = VALUES[name]
    how = {"model": Trip, "key": ("id",), "by_row": by_row}
    told = [counts(merge(target, one(name, value), **how)) for value in (first, first, second)]
    assert told == [(1, 0, 0, 0), (0, 0, 1, 0), (0, 1, 0, 0)]
    if name != "number":
        told = [counts(merge(target, one(name, value), **how)) for value in (None, None, first)]
        assert told == [(0, 1, 0, 0), (0, 0, 1, 0), (0, 1, 0, 0)]


@pytest.mark.parametrize("name", VALUES)
def test_as_the_orm_stores_it(target, name):
    """Not only what an import wrote before."""
    how = {"model": Trip, "key": ("id",)}
    merge(target, one(name, VALUES[name][1]), **how, by_row=True)
    assert counts(merge(target, one(name, VALUES[name][1]), **how)) == (0, 0, 1, 0)
    assert len(stored(target, Trip)) == 1


def test_json_is_compared_by_what_it_says(target):
    how = {"model": Trip, "key": ("id",)}
    merge(target, one("extra", '{"a": 1}'), **how)
    assert counts(merge(target, one("extra", '{"a":1}'), **how)) == (0, 0, 1, 0)
