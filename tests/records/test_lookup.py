"""Which keys the target holds, asked the same way of every database."""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from sqlalchemy import event

from dashboard.records import lookup
from dashboard.records.checks import ReferenceChecker, edge, existing, taken_by_others
from dashboard.records.fields import Reference
from tests.importers.running import add
from tests.records.travel import Carrier, Stop, Ticket, Trip

TRIPS = Trip.__table__.c
UTC_TIME = pa.timestamp("us", "UTC")
KEYS = [
    ("number", [1, 9], pa.int32()),
    ("note", ["a'\"\\,{}", "b"], pa.string()),
    ("code", ["äöü", "äöüx"], pa.string()),
    ("day", [date(2012, 2, 29), date(2013, 1, 1)], pa.date32()),
    ("leaves", [datetime(2013, 1, 1, 5, tzinfo=UTC), datetime(2014, 1, 1, tzinfo=UTC)], None),
    ("sent", [datetime(2013, 1, 1, 5, tzinfo=UTC), datetime(2014, 1, 1, tzinfo=UTC)], UTC_TIME),
    ("price", [Decimal("1.50"), Decimal("1.51")], pa.decimal128(7, 2)),
    ("open", [True, False], pa.bool_()),
    ("token", [str(uuid.UUID(int=5)), str(uuid.UUID(int=6))], pa.string()),
]


@pytest.fixture
def one_trip(target):
    held = {name: values[0] for name, values, _ in KEYS}
    held["leaves"] = held["leaves"].replace(tzinfo=None)
    add(target, Trip(id=1, **{**held, "token": uuid.UUID(int=5)}))
    with target.connect() as connection:
        yield connection


def array(values, kind):
    return pa.array([v.replace(tzinfo=None) for v in values] if kind is None else values, kind)


@pytest.mark.parametrize(("name", "values", "kind"), KEYS)
def test_a_held_key_is_found_by_its_place(one_trip, name, values, kind):
    keys = array(values[::-1], kind)
    assert lookup.find(one_trip, [TRIPS[name]], [keys], TRIPS.id) == [(1, 1)]


@pytest.mark.parametrize("name", ["number", "note", "day", "open"])
def test_any_other_database_is_asked_by_lists(one_trip, name):
    _, values, kind = next(key for key in KEYS if key[0] == name)
    keys = [array(values[::-1], kind)]
    assert lookup.find_anywhere(one_trip, [TRIPS[name]], keys, [TRIPS.id]) == [(1, (1,))]


def test_a_key_of_several_columns_needs_them_all(one_trip):
    keys = [pa.array([1, 1, 9]), pa.array([date(2012, 2, 29), date(2013, 1, 1), None])]
    assert existing(one_trip, [TRIPS.number, TRIPS.day], keys).tolist() == [0]


def test_nothing_is_asked_for_no_keys(one_trip):
    empty = pa.array([], pa.int32())
    assert lookup.find(one_trip, [TRIPS.number], [empty], TRIPS.id) == []
    assert existing(one_trip, [TRIPS.number], [pa.array([None], pa.int32())]).tolist() == []


def test_a_free_range_costs_one_probe(one_trip):
    asked = []
    event.listen(one_trip, "before_cursor_execute", lambda *call: asked.append(call[2]))
    keys = [pa.array(range(100, 20_000))]
    assert existing(one_trip, [TRIPS.number], keys).tolist() == []
    asked = [statement for statement in asked if "SELECT" in statement]
    assert [statement.count("LIMIT") for statement in asked] == [1]


@pytest.mark.parametrize(("largest", "key"), [(False, [1, "b"]), (True, [2, "c"])])
def test_edges_are_those_of_whole_keys(largest, key):
    columns = [pa.array([2, 1, 1, 2]), pa.array(["c", "z", "b", "a"])]
    assert [value[0].as_py() for value in edge(columns, largest)] == key


def test_an_id_is_asked_for_anew_a_code_is_remembered(target):
    add(target, Carrier(code="AA", name="A"), Stop(id=7, faa="JFK"))
    checker, asked = ReferenceChecker(), []
    code = Reference(Carrier.__table__, "code", "code")
    stop = Reference(Stop.__table__, "id", "faa")
    with target.connect() as connection:
        event.listen(connection, "before_cursor_execute", lambda *call: asked.append(call[2]))
        for _ in range(2):
            checker.resolve(connection, code, pa.array(["AA", None]))
            ids, unknown = checker.resolve(connection, stop, pa.array(["JFK", None, "LGA"]))
    assert (ids.to_pylist(), unknown.tolist()) == ([7, None, None], [False, False, True])
    assert [sum(name in sql for sql in asked) for name in ("carriers", "stops")] == [1, 2]


def two_tickets(target):
    add(target, Ticket(code="a", seat=1), Ticket(code="b", seat=2))
    return Ticket.__table__.c


@pytest.mark.parametrize("anywhere", [False, True])
def test_a_key_that_another_record_holds(target, monkeypatch, anywhere):
    columns = two_tickets(target)
    if anywhere:
        for name in ("find_postgres", "find_sqlite"):
            monkeypatch.setattr(lookup, name, lookup.find_anywhere)
    seats = pa.array([1, 1, 2, None, 3, 2], pa.int32())
    codes = pa.array(["a", "b", "z", "a", "a", None])
    with target.connect() as connection:
        asked = (connection, [columns.seat], [seats], [columns.code], [codes])
        assert taken_by_others(*asked).tolist() == [1, 2]


def test_several_values_of_a_record(target):
    columns = two_tickets(target)
    with target.connect() as connection:
        keys = [pa.array(["z", "b"])]
        wanted = [columns.seat, columns.code]
        assert lookup.find_all(connection, [columns.code], keys, wanted) == [(1, (2, "b"))]
