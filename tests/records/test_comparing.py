"""A check tells what a merge would do, and does nothing."""

import pyarrow as pa
import pytest
from sqlalchemy import text

from dashboard.records.check_constraints import written_checks
from dashboard.records.refusals import HIDDEN
from tests.importers.running import add, run_sql
from tests.records.merges import codes, counts, merge, tickets
from tests.records.travel import Carrier, Ticket, Trip


@pytest.fixture
def held(target):
    add(target, Ticket(code="a", seat=1, note="x"), Ticket(code="b", seat=2, price=5))
    return target


def check(engine, columns, mode="upsert", **more):
    before = tickets(engine)
    written = merge(engine, columns, mode=mode, compare=True, **more)
    assert tickets(engine) == before
    return written


@pytest.mark.parametrize("by_row", [False, True])
def test_counts_are_those_of_the_run(held, by_row):
    given = {"code": ["a", "b", "c", "a"], "seat": [7, 2, 3, 9], "price": [1, 5, 1, 1]}
    told = check(held, given, by_row=by_row)
    assert counts(told) == (1, 1, 1, 1) == counts(merge(held, given, by_row=by_row))
    assert "created" not in told.notes


def test_an_update_would_refuse(held):
    assert codes(check(held, {"code": ["z"], "seat": [1]}, mode="update")) == [
        (2, "code", "not_found")
    ]


@pytest.mark.parametrize("mode", ["upsert", "insert"])
def test_rules_of_the_table_are_seen(held, mode):
    told = check(held, {"code": ["c", "d"], "price": [1, 1000]}, mode)
    assert (counts(told), codes(told)) == ((1, 0, 0, 1), [(3, "", "refused_by_database")])
    assert "seat_known" in told.refused[0].message


def test_a_rule_over_what_the_file_leaves_out(held):
    told = check(held, {"code": ["b", "c"], "seat": [13, 4]})
    assert codes(told) == [(2, "", "refused_by_database")]


def test_a_missing_value_is_seen(held):
    told = check(held, {"code": ["a", "c"], "holder": [None, None]})
    assert codes(told) == [(2, "holder", "required"), (3, "holder", "required")]


def test_keys_of_other_records_are_seen(held):
    told = check(held, {"code": ["a", "b", "c"], "seat": [2, 2, 2]})
    assert codes(told) == [(2, "seat", "already_exists"), (4, "seat", "already_exists")]
    assert counts(told) == (0, 0, 1, 2)


def test_a_key_half_of_the_file_half_of_the_record(target):
    add(target, Carrier(code="AA", name="A"))
    held = {"carrier": "AA", "state": "x"}
    add(target, Trip(id=1, number=1, day=None, **held))
    day = {"day": pa.array([1], pa.date32())}
    merge(target, {"id": [1], **day}, model=Trip, key=("id",), mode="update")
    add(target, Trip(id=2, number=1, **held))
    told = merge(target, {"id": [2], **day}, model=Trip, key=("id",), mode="update", compare=True)
    assert codes(told) == [(2, "", "already_exists")]


@pytest.mark.parametrize("by_row", [False, True])
def test_samples_show_old_and_new(held, by_row):
    given = {"code": ["a", "b"], "seat": [7, 2], "note": ["y", "z"]}
    named = {"shown": {"seat": "Seat"}, "hidden": frozenset({"note"})}
    told = check(held, given, by_row=by_row, **named)
    assert told.notes["samples"] == [
        {"row": 2, "key": {"code": "a"}, "changes": {"Seat": ["1", "7"], "note": [HIDDEN, HIDDEN]}},
        {"row": 3, "key": {"code": "b"}, "changes": {"note": [None, HIDDEN]}},
    ]


def test_at_most_five_samples(held):
    add(held, *(Ticket(code=f"c{n}") for n in range(9)))
    told = check(held, {"code": [f"c{n}" for n in range(9)], "price": [1] * 9})
    assert (len(told.notes["samples"]), told.updated) == (5, 9)


def test_sqlite_is_not_locked(held):
    if held.dialect.name == "sqlite":
        with held.connect() as other, other.begin():
            assert merge(held, {"code": ["a"], "seat": [5]}, compare=True).updated == 1


def test_no_ids_are_burnt_and_nothing_written(held):
    if held.dialect.name == "postgresql":
        asked = text(
            "SELECT (SELECT last_value FROM tickets_id_seq), pg_relation_size('tickets'),"
            " array_agg((xmin, xmax, ctid)::text) FROM tickets"
        )
        with held.connect() as connection:
            before = connection.execute(asked).one()
        check(held, {"code": ["a", "q"], "seat": [5, 6]})
        with held.connect() as connection:
            assert connection.execute(asked).one() == before


def test_rules_that_cannot_be_computed_refuse_their_row(held):
    if held.dialect.name == "postgresql":
        run_sql(held, "ALTER TABLE tickets ADD CONSTRAINT odd CHECK (10 / price > 0)")
        told = check(held, {"code": ["p", "q"], "price": [0, 5]})
        run_sql(held, "ALTER TABLE tickets DROP CONSTRAINT odd")
        assert (counts(told), codes(told)) == ((1, 0, 0, 1), [(2, "", "refused_by_database")])


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("CREATE TABLE t (a int CHECK (a > 0), b int CHECK(b < (5)))", ["a > 0", "b < (5)"]),
        ("CREATE TABLE t (a CHECK (a <> ')') -- CHECK (x)\n, \"CHECK (y)\" int)", ["a <> ')'"]),
        ("CREATE TABLE t (a text DEFAULT 'CHECK (z)' /* CHECK (q) */)", []),
    ],
)
def test_checks_are_read_as_they_were_written(written, found):
    assert [rule.expression for rule in written_checks(written)] == found


def test_a_check_has_its_name():
    written = 'CREATE TABLE t (a int, CONSTRAINT "odd one" CHECK (a % 2 = 1))'
    assert [*written_checks(written)] == [("odd one", "a % 2 = 1")]
