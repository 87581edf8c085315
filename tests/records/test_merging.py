"""Update and upsert, alike on SQLite, PostgreSQL and through SQLAlchemy alone."""

import pytest

from dashboard.errors import RecordsRefused
from dashboard.records import row_sets
from tests.importers.running import add, stored
from tests.records.merges import codes, counts, merge, tickets
from tests.records.travel import Ticket


@pytest.fixture(params=[False, True], ids=["sets", "rows"])
def by_row(request):
    return request.param


@pytest.fixture
def held(target):
    add(target, Ticket(code="a", seat=1, note="x"), Ticket(code="b", seat=2, price=5))
    return target


def test_an_upsert_changes_adds_and_leaves(held, by_row):
    written = merge(held, {"code": ["a", "b", "c"], "seat": [7, 2, 3]}, by_row=by_row)
    assert counts(written) == (1, 1, 1, 0)
    assert tickets(held) == {"a": 7, "b": 2, "c": 3}
    assert row_sets.decode(written.notes["created"]).tolist() == [4]


def test_columns_the_file_leaves_out_stay(held, by_row):
    merge(held, {"code": ["a"], "seat": [7]}, by_row=by_row)
    assert [(t.note, t.price) for t in stored(held, Ticket)] == [("x", None), (None, 5)]


def test_an_update_refuses_what_is_not_there(held, by_row):
    written = merge(held, {"code": ["c", "a"], "seat": [3, 7]}, mode="update", by_row=by_row)
    assert (counts(written), codes(written)) == ((0, 1, 0, 1), [(2, "code", "not_found")])
    assert "is not in the table" in written.refused[0].message
    assert tickets(held) == {"a": 7, "b": 2}


@pytest.mark.parametrize(("leave", "note"), [(True, "x"), (False, None)])
def test_a_blank_clears_or_leaves(held, by_row, leave, note):
    given = {"code": ["a"], "note": [None], "seat": [5]}
    merge(held, given, leave_blank=leave, by_row=by_row)
    first = stored(held, Ticket)[0]
    assert (first.note, first.seat) == (note, 5)


def test_only_blanks_to_leave_change_nothing(held, by_row):
    written = merge(held, {"code": ["a"], "note": [None]}, leave_blank=True, by_row=by_row)
    assert counts(written) == (0, 0, 1, 0)


def test_defaults_are_for_new_records_only(held, by_row):
    add(held, Ticket(code="c", state="old", changed=4))
    given = {"code": ["c", "d"], "price": [1, 1], "state": ["new", "new"], "changed": [0, 0]}
    filled = {"defaults": frozenset({"state", "changed"})}
    merge(held, given, batch=filled, by_row=by_row)
    found = {t.code: (t.state, t.changed, t.holder) for t in stored(held, Ticket)}
    assert found["c"] == ("old", 1, "nobody")
    assert found["d"] == ("new", 0, "nobody")


def test_onupdate_touches_changed_records_only(held, by_row):
    merge(held, {"code": ["a", "b"], "seat": [7, 2]}, by_row=by_row)
    assert [ticket.changed for ticket in stored(held, Ticket)] == [1, 0]


def test_a_blank_or_repeated_key_is_refused(held, by_row):
    written = merge(held, {"code": ["a", None, "a"], "seat": [7, 8, 9]}, by_row=by_row)
    assert codes(written) == [(3, "code", "required"), (4, "code", "duplicate_in_file")]
    assert (counts(written), tickets(held)) == ((0, 1, 0, 2), {"a": 7, "b": 2})


def test_a_key_of_several_columns_repeated(held, by_row):
    given = {"code": ["a", "a"], "seat": [1, 1], "price": [3, 4]}
    written = merge(held, given, key=("code", "seat"), by_row=by_row)
    assert codes(written) == [(3, "", "duplicate_in_file")]
    assert counts(written) == (0, 1, 0, 1)


def test_a_new_record_needs_what_an_old_one_may_leave(held, by_row):
    given = {"code": ["a", "z"], "holder": [None, None], "seat": [5, 6]}
    written = merge(held, given, leave_blank=True, by_row=by_row)
    assert codes(written) == [(3, "holder", "required")]
    assert stored(held, Ticket)[0].holder == "nobody"


@pytest.mark.parametrize("key", ["code", "seat"])
def test_refused_rows_are_found_and_the_others_written(held, key, by_row):
    given = {"code": ["a", "b", "c", "d"], "seat": [1, 2, 3, 4], "price": [1, 2000, 3, 2000]}
    written = merge(held, given, key=(key,), by_row=by_row)
    assert codes(written) == [(3, "", "refused_by_database"), (5, "", "refused_by_database")]
    assert counts(written) == (1, 1, 0, 2)
    assert tickets(held) == {"a": 1, "b": 2, "c": 3}


def test_another_records_unique_key(held, by_row):
    written = merge(held, {"code": ["a", "c"], "seat": [2, 2]}, by_row=by_row)
    assert [code for _, _, code in codes(written)] == ["already_exists"] * 2
    assert tickets(held) == {"a": 1, "b": 2}


def test_only_a_key_changes_nothing(held, by_row):
    assert counts(merge(held, {"code": ["a", "c"]}, by_row=by_row)) == (1, 0, 1, 0)


def test_thousands_in_isolation(held, by_row):
    many = [f"k{n}" for n in range(700)]
    given = {"code": many, "price": [1000 if n in (3, 600) else n for n in range(700)]}
    written = merge(held, given, by_row=by_row)
    assert [row for row, _, _ in codes(written)] == [5, 602]
    assert written.created == 698 == len(row_sets.decode(written.notes["created"]))


def test_a_file_not_in_order_of_its_keys(held, by_row):
    given = {"code": ["d", "b", "a"], "seat": [9, 8, 7], "price": [1000, 1, 1]}
    written = merge(held, given, by_row=by_row)
    assert codes(written) == [(2, "", "refused_by_database")]
    assert tickets(held) == {"a": 7, "b": 8}


def test_a_refusal_is_told_before_isolating(held, monkeypatch):
    with pytest.raises(RecordsRefused, match="rule of the table"):
        merge(held, {"code": ["a"], "price": [1000]}, batch={"isolate": False})
