"""What is refused, how it is told, and that the good rows go in (I5)."""

import json

import pytest
from sqlalchemy import event

from dashboard.errors import FileRefused, InputRefused
from dashboard.importers.importer import Importer
from tests.importers.running import DirectJob, add, run_import, run_sql, stored
from tests.records.travel import Carrier, Stop, Trip

DATED = '"31.02.2026" is not a date. Use YYYY-MM-DD, or choose the form of this column\'s dates.'


def numbers(engine):
    return [trip.number for trip in stored(engine, Trip)]


def test_each_bad_cell_is_a_failure_and_the_good_rows_go_in(target):
    result = run_import(target, Trip, "Number,SEATS,day\n1,x,y\n2,3,2013-01-01\n,4,\n")
    assert (result.created, numbers(target)) == (1, [2])
    assert result.codes == [
        (2, "SEATS", "not_an_integer"),
        (2, "day", "not_a_date"),
        (4, "Number", "required"),
    ]


def test_a_failure_says_what_was_found_and_holds_the_row(target):
    failure = run_import(target, Trip, "number,day\n1,31.02.2026\n").failures[0]
    assert failure.message == DATED
    assert (failure.value, json.loads(failure.record)) == ("31.02.2026", ["1", "31.02.2026"])


def test_a_blank_needs_no_quotes(target):
    failure = run_import(target, Trip, "number,day\n,2013-01-01\n").failures[0]
    assert failure.message == "number is blank, but a value is needed. Fill it in."


def test_sensitive_cells_are_shown_nowhere(target):
    class Secret(Importer):
        model = Trip
        sensitive = ("code",)

    failures = run_import(target, Secret, "number,code\n1,secret\nx,ab\n3\n").failures
    assert [failure.value for failure in failures] == ["•••", "x", None]
    assert not any("secret" in str(failure) or '"ab"' in failure.record for failure in failures)


def test_rows_of_the_wrong_width(target):
    result = run_import(target, Trip, "number,note\n1,a\n2\n3,b,c\n4,d\n")
    assert result.codes == [(3, "", "wrong_cell_count"), (4, "", "wrong_cell_count")]
    assert json.loads(result.failures[1].record) == ["3", "b", "c"]
    assert numbers(target) == [1, 4]


def test_row_numbers_are_those_of_the_file(target):
    content = 'number,note\n1,"two\nlines"\n\nx,a\n5,b\ny,c\n'
    assert [row for row, _, _ in run_import(target, Trip, content).codes] == [5, 7]


def test_the_first_of_two_rows_with_one_key_wins(target):
    content = "carrier,day,number\n,2013-01-01,1\n,2013-01-01,1\n"
    add(target, Carrier(code="AA", name="A"))
    assert run_import(target, Trip, content).created == 2
    named = content.replace("\n,", "\nAA,").replace("01,1\n", "01,2\n")
    result = run_import(target, Trip, named)
    assert (result.created, result.codes) == (1, [(3, "", "duplicate_in_file")])
    assert "stands in row 2 already" in result.failures[0].message


def test_duplicates_meet_over_chunks_and_spellings(target):
    result = run_import(target, Trip, "id,number\n1,1\n2,2\n03,3\n3,4\n01,5\n", chunkRows=2)
    assert result.codes == [(5, "id", "duplicate_in_file"), (6, "id", "duplicate_in_file")]
    assert result.failures[1].message.startswith('"01" stands in row 2 already and must be unique')


@pytest.mark.parametrize("key", ["id", "number"])
def test_keys_that_are_taken(target, key):
    add(target, Carrier(code="AA", name="A"), Carrier(code="CC", name="C"))
    add(target, *(Trip(id=n, number=n, carrier="AA") for n in (2, 4)))
    run_sql(target, "UPDATE trips SET day = '2013-01-01'")
    rows = "".join(f"{n if key == 'id' else n + 10},AA,2013-01-01,{n}\n" for n in (1, 2, 3, 4))
    result = run_import(target, Trip, f"id,carrier,day,number\n{rows}")
    column = "id" if key == "id" else ""
    assert result.codes == [(3, column, "already_exists"), (5, column, "already_exists")]
    assert result.created == 2


def test_a_taken_text_key(target):
    add(target, Carrier(code="BB", name="B"))
    result = run_import(target, Carrier, "code,name\nAA,A\nBB,Bee\nCC,B\n")
    assert result.codes == [(3, "code", "already_exists"), (4, "name", "already_exists")]
    assert not result.isolated


def test_unknown_references(target):
    add(target, Carrier(code="AA", name="A"), Stop(faa="JFK"))
    content = "number,carrier,stop\n1,AA,JFK\n2,ZZ,JFK\n3,,\n4,AA,jfk\n"
    result = run_import(target, Trip, content)
    assert result.codes == [(3, "carrier", "unknown_reference"), (5, "stop", "unknown_reference")]
    assert result.failures[0].message.startswith('"ZZ" is not known in carriers.')
    assert numbers(target) == [1, 3]


def test_a_known_code_is_asked_for_once_a_job(target):
    add(target, Carrier(code="AA", name="A"))
    asked = []
    event.listen(target, "before_cursor_execute", lambda *a: asked.append("carriers" in a[2]))
    run_import(target, Trip, "number,carrier\n1,AA\n2,AA\n3,AA\n", chunkRows=1)
    assert sum(asked) == 1


@pytest.mark.parametrize(("start", "count"), [(0, 3), (250, 600)])
def test_what_only_the_database_refuses_stays_out_alone(target, start, count):
    rows = "".join(f"{n},{13 if n in (start + 1, start + 2) else 5}\n" for n in range(count))
    result = run_import(target, Trip, f"number,seats\n{rows}")
    assert result.isolated
    assert result.codes == [
        (start + 3, "", "refused_by_database"),
        (start + 4, "", "refused_by_database"),
    ]
    assert (result.created, len(numbers(target))) == (count - 2, count - 2)


def test_the_database_is_quoted_without_sql(target):
    message = run_import(target, Trip, "number,seats\n1,13\n").failures[0].message
    assert message == "The row breaks a rule of the table (no_thirteen). Correct the row."


def test_a_key_taken_meanwhile_is_found_by_isolating(target):
    class Raced(Importer):
        model = Carrier

    def rival(connection, cursor, statement, *_):
        if "LIMIT" in statement and not stored(target, Carrier):
            add(target, Carrier(code="BB", name="other"))

    event.listen(target, "after_cursor_execute", rival)
    try:
        result = run_import(target, Raced, "code,name\nAA,A\nBB,B\nCC,C\n", chunkRows=3)
    finally:
        event.remove(target, "after_cursor_execute", rival)
    assert (result.created, [code for _, _, code in result.codes]) == (2, ["already_exists"])


def test_a_later_round_takes_only_the_rows_asked_for(target):
    content = "number,note\n1,a\n2,b\nx,c\n4\n"
    result = run_import(target, Trip, content, only_rows=frozenset({3, 4}))
    assert (result.created, result.codes) == (1, [(4, "number", "not_an_integer")])
    assert numbers(target) == [2]


def test_a_missing_column_is_named_with_those_found(target):
    with pytest.raises(FileRefused, match=r"no column for number. Columns found: note, day.") as e:
        run_import(target, Trip, "note,day\na,b\n")
    assert e.value.code == "missing_column"


def test_columns_are_mapped_by_hand(target):
    mapping = {"no": "number", "code": None, "note": "code"}
    run_import(target, Trip, "no,code,note\n1,toolong,ab\n", mapping=mapping)
    assert [(trip.number, trip.code, trip.note) for trip in stored(target, Trip)] == [
        (1, "ab", None)
    ]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"nope": "number"}, "The file has no column 'nope'"),
        ({"a": "nope"}, "There is no field 'nope'"),
        ({"a": "number", "b": "number"}, "mapped twice"),
    ],
)
def test_a_wrong_mapping_is_refused(target, mapping, message):
    with pytest.raises(InputRefused, match=message):
        run_import(target, Trip, "a,b\n1,2\n", mapping=mapping)


def test_new_records_follow_the_imported_keys(target):
    """COPY leaves PostgreSQL's sequence behind; `after` brings it up."""
    run_import(target, Trip, "id,number\n7,1\n")

    class Trips(Importer):
        model = Trip

    with target.begin() as connection:
        DirectJob(Trips(), target).after(connection)
    add(target, Trip(number=2))
    assert stored(target, Trip)[-1].id > 7
