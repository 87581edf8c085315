"""Taking an import back: what it made goes, what others made of it stays."""

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, Text, delete, select, update

from dashboard.errors import RecordsRefused
from dashboard.records.images import IMAGES, ensure_images, forget_images, images_of
from dashboard.records.reversing import ReversalWriter
from tests.importers.running import add, run_sql, stored
from tests.records.merges import batch_of, codes, merge, tickets, write
from tests.records.test_unchanged import VALUES, one
from tests.records.travel import Carrier, Ticket, Trip

JOB = ("7f1c1d2e-0000-4000-8000-000000000001", 3)


@pytest.fixture(params=[False, True], ids=["sets", "rows"])
def by_row(request):
    return request.param


@pytest.fixture
def held(target):
    ensure_images(target)
    add(target, Ticket(code="a", seat=1, note="x"), Ticket(code="b", seat=2, price=5))
    yield target
    with target.begin() as connection:
        connection.execute(delete(IMAGES))


def reverse(engine, columns, model=Ticket, key=("code",), created=True, **more):
    """As the runner does: once, and isolating when something was refused."""
    for isolate in (False, True):
        batch = batch_of(model, columns, defaults=frozenset())
        made = batch if created else None
        dialect = "other" if more.get("by_row") else engine.dialect.name
        writer = ReversalWriter(
            dialect,
            model.__table__,
            batch.refusals,
            created=made,
            key=key,
            isolate=isolate,
            images=more.get("images"),
            only_rows=more.get("only_rows"),
        )
        try:
            return write(engine, writer)
        except RecordsRefused:
            assert not isolate
    raise AssertionError


def outcome(written):
    """(taken back, gone, refused)"""
    return (written.updated, written.skipped, len(written.refused))


def change(engine, code, **values):
    with engine.begin() as connection:
        connection.execute(update(Ticket.__table__).where(Ticket.code == code).values(**values))


NEW = {"code": ["p", "q", "r"], "seat": [7, 8, None], "price": [1, None, 3]}


def test_inserted_records_go(held, by_row):
    merge(held, NEW)
    assert outcome(reverse(held, NEW, by_row=by_row)) == (3, 0, 0)
    assert tickets(held) == {"a": 1, "b": 2}


def test_edited_ones_stay_and_gone_ones_are_counted(held, by_row):
    merge(held, NEW)
    change(held, "p", seat=70)
    run_sql(held, "DELETE FROM tickets WHERE code = 'q'")
    told = reverse(held, NEW, by_row=by_row)
    assert (outcome(told), codes(told)) == ((1, 1, 1), [(2, "", "edited_since")])
    assert tickets(held) == {"a": 1, "b": 2, "p": 70}


def test_a_value_filled_in_since_is_an_edit(held, by_row):
    merge(held, NEW)
    change(held, "r", seat=9)
    assert codes(reverse(held, NEW, by_row=by_row)) == [(4, "", "edited_since")]


def test_what_others_name_stays(held, by_row):
    given = {"code": ["AA", "BB", *(f"{n:02x}" for n in range(150))]}
    given["name"] = list(given["code"])
    merge(held, given, model=Carrier)
    add(held, Trip(carrier="BB", number=1))
    told = reverse(held, given, model=Carrier, by_row=by_row)
    assert (outcome(told), codes(told)) == ((151, 0, 1), [(3, "", "still_referenced")])
    assert [carrier.code for carrier in stored(held, Carrier)] == ["BB"]


def test_without_a_key_all_values_count(held):
    given = {"number": [1, 1, 1, 2], "note": ["x", "x", "y", None], "state": ["s"] * 4}
    add(held, *(Trip(number=1, note="x", state="s") for _ in range(3)))
    add(held, Trip(number=2, note=None, state="s"), Trip(number=1, note="z", state="s"))
    told = reverse(held, given, model=Trip, key=())
    assert (outcome(told), codes(told)) == ((3, 0, 1), [(4, "", "edited_since")])
    assert [(trip.number, trip.note) for trip in stored(held, Trip)] == [(1, "x"), (1, "z")]


@pytest.mark.parametrize("name", VALUES)
def test_values_of_every_type_are_met(held, name):
    given = {**one(name, VALUES[name][1]), "id": [1]}
    merge(held, given, model=Trip, key=("id",))
    without = {column: values for column, values in given.items() if column != "id"}
    assert outcome(reverse(held, without, model=Trip, key=())) == (1, 0, 0)


# -- updated records -------------------------------------------------------------------------


def changed(engine, columns, **more):
    return merge(engine, columns, images=JOB, **more)


def restore(engine, columns, **more):
    return reverse(engine, columns, created=False, images=JOB, **more)


CHANGES = {"code": ["a", "b"], "seat": [7, 2], "note": [None, "y"]}


def test_images_hold_what_changed_only(held, by_row):
    changed(held, CHANGES, by_row=by_row)
    with held.connect() as connection:
        first, second = images_of(connection, *JOB)
    assert (first.row, first.key) == (2, {"code": "a"})
    assert set(first.before) == set(first.after) == {"seat", "note", "changed"}
    assert set(second.after) == {"note", "changed"}


def test_updated_records_come_back(held, by_row):
    before = [(t.code, t.seat, t.note, t.changed) for t in stored(held, Ticket)]
    changed(held, CHANGES, by_row=by_row)
    assert outcome(restore(held, CHANGES, by_row=by_row)) == (2, 0, 0)
    assert [(t.code, t.seat, t.note, t.changed) for t in stored(held, Ticket)] == before


def test_only_what_still_stands_comes_back(held, by_row):
    changed(held, CHANGES, by_row=by_row)
    change(held, "a", seat=70, changed=1)
    run_sql(held, "DELETE FROM tickets WHERE code = 'b'")
    told = restore(held, CHANGES, by_row=by_row)
    assert (outcome(told), codes(told)) == ((0, 1, 1), [(2, "", "edited_since")])


def test_an_edit_of_another_column_is_kept(held):
    changed(held, CHANGES)
    change(held, "a", price=44, changed=1)
    assert outcome(restore(held, CHANGES)) == (2, 0, 0)
    assert [(t.seat, t.price) for t in stored(held, Ticket)] == [(1, 44), (2, 5)]


def test_a_value_taken_since_is_refused_alone(held):
    changed(held, CHANGES)
    add(held, Ticket(code="z", seat=1))
    told = restore(held, CHANGES)
    assert (outcome(told), codes(told)) == ((1, 0, 1), [(2, "", "already_exists")])


def test_some_rows_only(held):
    changed(held, CHANGES)
    assert outcome(restore(held, CHANGES, only_rows={3})) == (1, 0, 0)
    assert [t.note for t in stored(held, Ticket)] == [None, None]


def test_refused_rows_leave_no_image(held, by_row):
    given = {"code": ["a", "b"], "price": [1, 2000]}
    changed(held, given, by_row=by_row)
    with held.connect() as connection:
        assert [image.row for image in images_of(connection, *JOB)] == [2]


def test_images_are_forgotten(held):
    changed(held, CHANGES)
    with held.begin() as connection:
        assert forget_images(connection, JOB[0]) == 2
        assert images_of(connection, *JOB) == []


@pytest.mark.parametrize("blank", [False, True])
@pytest.mark.parametrize("name", VALUES)
def test_every_type_comes_back_as_it_was(held, name, blank, by_row):
    _, first, second = VALUES[name]
    how = {"model": Trip, "key": ("id",), "by_row": by_row}
    merge(held, one(name, None if blank and name != "number" else first), **how)
    before = raw_rows(held)
    changed(held, one(name, second), **how)
    assert raw_rows(held) != before
    assert outcome(restore(held, one(name, second), **how)) == (1, 0, 0)
    assert raw_rows(held) == before


def raw_rows(engine):
    with engine.connect() as connection:
        return connection.exec_driver_sql("SELECT * FROM trips").all()


def test_both_at_once_and_what_was_never_touched(held):
    given = {"code": ["a", "n"], "seat": [7, 9]}
    changed(held, given)
    batch = batch_of(Ticket, {"code": ["n"], "seat": [9]}, defaults=frozenset())
    batch.positions = np.array([1])
    refusals = batch_of(Ticket, given).refusals
    writer = ReversalWriter(
        held.dialect.name,
        Ticket.__table__,
        refusals,
        created=batch,
        key=("code",),
        images=JOB,
        untouched=4,
    )
    batch.refusals = refusals
    written = write(held, writer)
    assert (outcome(written), written.unchanged) == ((2, 0, 0), 4)
    assert tickets(held) == {"a": 1, "b": 2}


def test_a_column_with_an_odd_name_comes_back(held):
    given = {**one("class", "first"), "id": [1]}
    merge(held, given, model=Trip, key=("id",))
    given["class"] = pa.array(["it's"])
    changed(held, given, model=Trip, key=("id",))
    assert outcome(restore(held, given, model=Trip, key=("id",))) == (1, 0, 0)
    assert stored(held, Trip)[0].travel_class == "first"


FAMILY = MetaData()
PARENT = Table(
    "parents",
    FAMILY,
    Column("id", Integer, primary_key=True),
    Column("name", Text, unique=True),
)
CHILD = Table(
    "children",
    FAMILY,
    Column("id", Integer, primary_key=True),
    Column("parent", ForeignKey("parents.id", ondelete="CASCADE")),
)


class Parent:
    __table__ = PARENT


@pytest.mark.parametrize("key", [(), ("name",)])
def test_what_would_go_along_keeps_its_record(held, key):
    FAMILY.create_all(held)
    given = {"name": ["x", "y", "z"]}
    merge(held, given, model=Parent, key=("name",))
    with held.begin() as connection:
        mine = select(PARENT.c.id).where(PARENT.c.name == "y").scalar_subquery()
        connection.execute(CHILD.insert().values(parent=mine))
    told = reverse(held, given, model=Parent, key=key)
    with held.connect() as connection:
        left = [*connection.scalars(select(PARENT.c.name).join(CHILD))]
    FAMILY.drop_all(held)
    assert (outcome(told), codes(told)) == ((2, 0, 1), [(3, "", "still_referenced")])
    assert left == ["y"]
