"""Update and upsert: which record a row means, what happens to it, what a check says of it."""

import pytest

from dashboard.errors import FileRefused, InputRefused
from dashboard.importers.importer import Importer
from tests.importers.running import DirectJob, add, run_import, stored
from tests.records.travel import Carrier, Stop, Ticket, Trip


class ByCode(Importer):
    model = Ticket
    key = "code"


@pytest.fixture
def tickets(target):
    add(target, Ticket(id=1, code="A", seat=1, price=10, note="x"), Ticket(id=2, code="B", seat=2))
    return target


def notes(engine):
    return {ticket.code: ticket.note for ticket in stored(engine, Ticket)}


def test_upsert_adds_changes_and_leaves_alone(tickets):
    result = run_import(tickets, ByCode, "code,note\nA,x\nB,new\nC,c\n", mode="upsert")
    assert (result.counts, notes(tickets)) == ((1, 1, 1, 0, 0), {"A": "x", "B": "new", "C": "c"})


def test_update_refuses_what_is_not_there(tickets):
    result = run_import(tickets, ByCode, "code,note\nA,new\nC,c\n", mode="update")
    assert (result.counts, result.codes) == ((0, 1, 0, 0, 1), [(3, "code", "not_found")])


def test_update_needs_a_column_for_the_key_only(target):
    add(target, Carrier(code="AA", name="One"))
    with pytest.raises(FileRefused, match="no column for name"):
        run_import(target, Carrier, "code\nAA\n", mode="upsert")
    assert run_import(target, Carrier, "code\nAA\n", mode="update").counts == (0, 0, 1, 0, 0)


def test_the_key_can_be_chosen(tickets):
    result = run_import(tickets, ByCode, "code,seat\nZ,2\n", mode="upsert", key=["seat"])
    assert (result.counts, sorted(notes(tickets))) == ((0, 1, 0, 0, 0), ["A", "Z"])


def test_a_key_that_is_not_unique_is_refused_by_name(tickets):
    with pytest.raises(InputRefused, match=r"Key 'note' is not unique.*: code; id; seat\."):
        run_import(tickets, ByCode, "code,note\nA,x\n", mode="upsert", key=["note"])


def test_the_importers_own_key_needs_no_constraint(tickets):
    class ByNote(Importer):
        model = Ticket
        key = "note"

    result = run_import(tickets, ByNote, "note,price\nx,77\n", mode="update")
    assert (result.counts, stored(tickets, Ticket)[0].price) == ((0, 1, 0, 0, 0), 77)


def test_the_key_needs_a_column(tickets):
    with pytest.raises(FileRefused, match="no column for seat"):
        run_import(tickets, ByCode, "code,note\nA,x\n", mode="upsert", key=["seat"])


def test_a_blank_key_is_required(tickets):
    result = run_import(tickets, ByCode, "seat,code\n,A\n", mode="upsert", key=["seat"])
    assert result.codes == [(2, "seat", "required")]


def test_blank_cells_clear_or_leave(tickets):
    run_import(tickets, ByCode, "code,note,seat\nA,,1\n", mode="upsert", blanks="leave")
    assert notes(tickets)["A"] == "x"
    run_import(tickets, ByCode, "code,note,seat\nA,,1\n", mode="upsert")
    assert notes(tickets)["A"] is None


def test_a_blank_that_leaves_is_wrong_in_a_new_record_only(target):
    add(target, Carrier(code="AA", name="One"))
    content = "code,name\nAA,\nBB,\n"
    result = run_import(target, Carrier, content, mode="upsert", blanks="leave")
    assert (result.unchanged, result.codes) == (1, [(3, "name", "required")])


def test_a_blank_that_clears_a_needed_field_is_refused(target):
    add(target, Carrier(code="AA", name="One"))
    result = run_import(target, Carrier, "code,name\nAA,\n", mode="upsert")
    assert result.codes == [(2, "name", "required")]


def test_blanks_leave_means_nothing_to_an_insert(target):
    with pytest.raises(InputRefused, match="nothing to leave"):
        run_import(target, Carrier, "code,name\nAA,One\n", blanks="leave")


def test_another_records_unique_cell_is_refused(tickets):
    result = run_import(tickets, ByCode, "code,seat\nA,2\nC,1\nB,3\n", mode="upsert")
    assert result.codes == [(2, "seat", "already_exists"), (3, "seat", "already_exists")]
    assert result.updated == 1


def test_a_reference_in_the_key_is_looked_up(target):
    add(target, Stop(id=5, faa="JFK"), Trip(number=1, stop_id=5))

    class ByStop(Importer):
        model = Trip
        key = ("stop", "number")

    result = run_import(target, ByStop, "stop,number,note\nJFK,1,hi\nXXX,2,no\n", mode="upsert")
    assert result.codes == [(3, "stop", "unknown_reference")]
    assert (result.updated, stored(target, Trip)[0].note) == (1, "hi")


def test_hooks_see_rows_whose_blank_leaves_what_is_there(target):
    class Hooked(Importer):
        model = Carrier

        def transform(self, frame):
            return frame

    add(target, Carrier(code="AA", name="One"))
    content = "code,name\nAA,\n"
    result = run_import(target, Hooked, content, mode="update", blanks="leave")
    assert result.counts == (0, 0, 1, 0, 0)


@pytest.mark.parametrize("mode", ["insert", "upsert"])
def test_a_check_writes_nothing(tickets, mode):
    before = notes(tickets)
    content = "code,note\nC,c\nD,d\nx,\n"
    result = run_import(tickets, ByCode, content, mode=mode, purpose="check")
    assert (result.counts, notes(tickets)) == ((3, 0, 0, 0, 0), before)


def test_a_check_tells_old_and_new(tickets):
    result = run_import(tickets, ByCode, "code,note\nA,y\n", mode="upsert", purpose="check")
    (sample,) = result.notes[0]["samples"]
    assert (sample["row"], sample["changes"]) == (2, {"note": ["x", "y"]})


def test_a_check_calls_no_hook_that_may_write(target):
    calls = []

    class Hooked(Importer):
        model = Carrier

        def before(self, connection):
            calls.append("before")

        after = before

    job = DirectJob(Hooked(), target)
    job.purpose = "check"
    with target.connect() as connection:
        job.before(connection), job.after(connection)
        assert not calls
        job.purpose = "run"
        job.before(connection), job.after(connection)
    assert calls == ["before", "before"]


def test_unknown_words_are_refused(target):
    for options in ({"mode": "merge"}, {"blanks": "keep"}, {"duplicates": "both"}):
        with pytest.raises(InputRefused, match="is not available"):
            run_import(target, Carrier, "code,name\nAA,One\n", **options)
