"""Values arrive as the ORM itself would have stored them, on every way in, on both databases."""

import uuid
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from dashboard.importers.importer import Importer
from tests.importers.running import add, run_import, stored
from tests.records.cell_samples import naive
from tests.records.travel import Carrier, Size, Stop, Trip

HEADER = (
    "id,carrier,stop,number,day,leaves,sent,at,seats,price,ratio,open,size,mode,class,token,extra,"
    "code,note,state"
)
ROW = (
    "1,AA,JFK,7,2012-02-29,2013-01-01T05:00:00Z,2013-01-01 05:00:00Z,05:30,12,1.5,.25,yes,LARGE,"
    'bus,first,6BA7B8109DAD11D180B400C04FD430C8,"{""a"": [1, null]}",äöü,"a ""b"", c\\n",old'
)
BLANKS = "2,,,8" + "," * 15 + ",new"
VALUES = {
    "carrier": "AA",
    "number": 7,
    "day": date(2012, 2, 29),
    "leaves": naive(2013, 1, 1, 5),
    "at": time(5, 30),
    "seats": 12,
    "price": Decimal("1.5"),
    "ratio": 0.25,
    "open": True,
    "size": Size.LARGE,
    "mode": "bus",
    "travel_class": "first",
    "token": uuid.UUID("6BA7B8109DAD11D180B400C04FD430C8"),
    "extra": {"a": [1, None]},
    "code": "äöü",
    "note": 'a "b", c\\n',
    "state": "old",
}


class Unchanged(Importer):
    """A hook that changes nothing still sends the records the other way."""

    model = Trip

    def transform(self, frame):
        return frame


@pytest.fixture
def known(target):
    add(target, Carrier(code="AA", name="American"), Stop(id=5, faa="JFK"))
    return target


@pytest.mark.parametrize("isolate", [False, True])
@pytest.mark.parametrize("importer", [Trip, Unchanged])
def test_every_type_arrives(known, importer, isolate):
    result = run_import(known, importer, f"{HEADER}\n{ROW}\n{BLANKS}\n", isolate=isolate)
    assert (result.created, result.failures) == (2, [])
    full, bare = stored(known, Trip)
    assert {name: getattr(full, name) for name in VALUES} == VALUES
    assert full.stop_id == 5
    assert {getattr(bare, name) for name in VALUES if name not in ("number", "state")} == {None}


def test_an_aware_time_is_the_same_moment(known):
    run_import(known, Trip, "number,sent\n1,2013-01-01T05:00:00+02:00\n2,2013-01-01\n")
    moments = [trip.sent.replace(tzinfo=trip.sent.tzinfo or UTC) for trip in stored(known, Trip)]
    assert moments == [datetime(2013, 1, 1, 3, tzinfo=UTC), datetime(2013, 1, 1, tzinfo=UTC)]


def test_the_file_and_the_orm_store_the_same(known):
    run_import(known, Trip, f"{HEADER}\n90000{ROW}\n")
    with Session(known) as session, session.begin():
        values = {**VALUES, "number": 9, "stop_id": 5, "sent": datetime(2013, 1, 1, 5, tzinfo=UTC)}
        session.add(Trip(**values))
    columns = [c.name for c in Trip.__table__.columns if c.name not in ("id", "number")]
    with known.connect() as connection:
        listed = ", ".join(f'cast("{name}" AS text)' for name in columns)
        first, second = connection.exec_driver_sql(f"SELECT {listed} FROM trips")
    assert tuple(first) == tuple(second)


CARRIERS = [
    ("code,name\nAA,One\nBB,Two\n", ["One", "Two"]),
    ("code,name\r\nAA,One\r\nBB,Two\r\n", ["One", "Two"]),
    ("code,name\nAA,One\n\nBB,Two", ["One", "Two"]),
    ('code;name\nAA;"One\nline"\nBB;"Two ""2"""\n', ["One\nline", 'Two "2"']),
    ("code\tname\nAA\tOne\nBB\tback\\slash\n", ["One", "back\\slash"]),
    ("code,name\nAA,One\nBB,\\.\n", ["One", "\\."]),
    ("code,name\nAA,\\N\nBB,\\t\n", ["\\N", "\\t"]),
    ('code,name\nAA,"tab\there"\nBB,"\r\n"\n', ["tab\there", "\r\n"]),
    ("code|name\nAA| One \nBB|NULL\n", [" One ", "NULL"]),
    ("name,code\nOne,AA\nTwo,BB\n", ["One", "Two"]),
    ("code,name,extra\nAA,One,x\nBB,Two,y\n", ["One", "Two"]),
    ("\ufeffCode, N_A-M E\nAA,One\nBB,Two\n", ["One", "Two"]),
]


@pytest.mark.parametrize("isolate", [False, True])
@pytest.mark.parametrize(("content", "names"), CARRIERS)
def test_texts_arrive_as_written(target, content, names, isolate):
    result = run_import(target, Carrier, content, isolate=isolate)
    assert (result.created, result.failures) == (2, [])
    assert [(c.code, c.name) for c in stored(target, Carrier)] == list(
        zip(("AA", "BB"), names, strict=True)
    )


def test_a_lone_end_of_data_mark_is_text(target):
    """COPY would stop at such a line, and say nothing."""
    run_import(target, Trip, "number,note\n1,a\n2,\\.\n3,c\n")
    assert [trip.note for trip in stored(target, Trip)] == ["a", "\\.", "c"]


def test_quoted_nothing_is_nothing(target):
    run_import(target, Trip, 'number,note,code\n1,"",\n2,b,""\n')
    assert [(t.note, t.code) for t in stored(target, Trip)] == [(None, None), ("b", None)]


@pytest.mark.parametrize("quote", ['"', "'", ""])
@pytest.mark.parametrize("delimiter", ["x", ".", "\\", "\t", "~", " "])
def test_any_character_may_separate(target, delimiter, quote):
    content = delimiter.join(("number", "code")) + "\n" + delimiter.join(("1", "ab")) + "\n"
    run_import(target, Trip, content, delimiter=delimiter, quote=quote)
    assert [(trip.number, trip.code) for trip in stored(target, Trip)] == [(1, "ab")]


def test_quotes_can_be_ordinary_text(target):
    run_import(target, Carrier, 'code,name\nAA,5" disk\n', quote="")
    assert stored(target, Carrier)[0].name == '5" disk'


def test_a_column_left_out_takes_its_default(target):
    run_import(target, Trip, "number\n1\n2\n")
    assert [(trip.number, trip.state) for trip in stored(target, Trip)] == [(1, "new"), (2, "new")]


def test_a_hook_may_store_an_empty_text(target):
    class Emptied(Importer):
        model = Trip

        def transform(self, frame):
            return frame.assign(note=frame["note"].fillna(""))

    run_import(target, Emptied, "number,note,code\n1,,\n2,b,c\n")
    assert [(trip.note, trip.code) for trip in stored(target, Trip)] == [("", None), ("b", "c")]


def test_texts_that_mean_blank(target):
    class Published(Importer):
        model = Trip
        null_values = ("NA",)

    run_import(target, Published, "number,seats,note\n1,NA,NA\n2,3,NAB\n")
    assert [(t.seats, t.note) for t in stored(target, Trip)] == [(None, None), (3, "NAB")]
