"""Constants, replaced values, formats and duplicates: what a person may choose about the cells."""

from datetime import date

import pytest

from dashboard.errors import FileRefused, InputRefused
from dashboard.importers.importer import Importer
from tests.importers.running import add, run_import, stored
from tests.records.cell_samples import naive
from tests.records.travel import Carrier, Stop, Ticket, Trip


def only(engine):
    (trip,) = stored(engine, Trip)
    return trip


# -- constants ---------------------------------------------------------------------------------


def test_a_constant_fills_a_required_field(target):
    run_import(target, Carrier, "code\nAA\n", constants={"name": "One"})
    assert [(c.code, c.name) for c in stored(target, Carrier)] == [("AA", "One")]


def test_a_constant_goes_before_a_column_of_its_name(target):
    run_import(target, Trip, "number,note\n1,file\n", constants={"note": "ours"})
    assert only(target).note == "ours"


def test_a_constant_can_name_a_record(target):
    add(target, Stop(id=5, faa="JFK"))
    run_import(target, Trip, "number\n1\n", constants={"stop": "JFK"})
    assert only(target).stop_id == 5


def test_a_column_and_a_constant_for_one_field_are_refused(target):
    with pytest.raises(InputRefused, match="has a column and a constant"):
        run_import(target, Trip, "number,x\n1,2\n", mapping={"x": "note"}, constants={"note": "y"})


def test_a_constant_that_does_not_fit_is_refused_at_once(target):
    with pytest.raises(InputRefused, match='Constant for Seats: "many" is not a whole number'):
        run_import(target, Trip, "number\n1\n", constants={"seats": "many"})


def test_a_constant_part_of_a_key_is_part_of_it(target):
    add(target, Carrier(code="AA", name="One"))
    constants = {"carrier": "AA", "day": "2013-01-01"}
    result = run_import(target, Trip, "number\n1\n2\n1\n", constants=constants)
    assert (result.created, result.codes) == (2, [(4, "", "duplicate_in_file")])


def test_constants_for_a_whole_key_are_refused(target):
    with pytest.raises(InputRefused, match=r"whole key \(code\)"):
        run_import(target, Carrier, "name\nOne\nTwo\n", constants={"code": "AA"})


# -- values ------------------------------------------------------------------------------------


def test_texts_of_the_file_are_replaced(target):
    values = {"note": {"y": "yes", "": "none"}, "seats": {"full": "12"}}
    run_import(target, Trip, "number,note,seats\n1,y,full\n2,,3\n3,z,\n", values=values)
    found = [(trip.note, trip.seats) for trip in stored(target, Trip)]
    assert found == [("yes", 12), ("none", 3), ("z", None)]


def test_duplicates_are_found_among_what_is_read(target):
    content = "code,name\nAA,One\nA1,Two\n"
    result = run_import(target, Carrier, content, values={"code": {"A1": "AA"}})
    assert result.codes == [(3, "code", "duplicate_in_file")]


def test_values_of_a_field_without_a_column_are_refused(target):
    with pytest.raises(InputRefused, match="no column fills a field 'note'"):
        run_import(target, Trip, "number\n1\n", values={"note": {"a": "b"}})


# -- formats -----------------------------------------------------------------------------------


def test_dates_are_read_as_chosen(target):
    formats = {"day": {"date": "DMY"}, "leaves": {"date": "MDY"}}
    content = "number,day,leaves\n1,31.12.2026,12/31/2026 5:07 PM\n2,2026-12-30,\n"
    assert run_import(target, Trip, content, formats=formats).failures == []
    first, second = stored(target, Trip)
    assert (first.day, first.leaves) == (date(2026, 12, 31), naive(2026, 12, 31, 17, 7))
    assert second.day == date(2026, 12, 30)


def test_numbers_are_read_as_chosen(target):
    marks = {"decimal": ",", "thousands": "."}
    formats = {"price": marks, "ratio": marks, "seats": marks}
    content = "number;price;ratio;seats\n1;1.234,5;0,25;1.200\n"
    assert run_import(target, Trip, content, formats=formats).failures == []
    trip = only(target)
    assert (float(trip.price), trip.ratio, trip.seats) == (1234.5, 0.25, 1200)


@pytest.mark.parametrize("cell", ["31.13.2026", "31.02.2026", "12/31/2026", "31.12.2026 05:00"])
def test_a_cell_in_another_form_is_told_as_it_stands(target, cell):
    result = run_import(target, Trip, f"number,day\n1,{cell}\n", formats={"day": {"date": "DMY"}})
    (failure,) = result.failures
    start = f'"{cell}" is not a date in the form day.month.year.'
    assert (failure.value, failure.message[: len(start)]) == (cell, start)


def test_a_number_in_another_form_fails_and_is_not_guessed(target):
    formats = {"ratio": {"decimal": ","}}
    result = run_import(target, Trip, "number;ratio\n1;1.5\n2;1,5\n", formats=formats)
    assert (result.created, result.codes) == (1, [(2, "ratio", "not_a_number")])


def test_a_date_that_is_not_iso_hints_at_the_choice(target):
    result = run_import(target, Trip, "number,day\n1,31.12.2026\n")
    assert result.failures[0].message.endswith("or choose the form of this column's dates.")


def test_keys_are_compared_as_read(target):
    add(target, Carrier(code="AA", name="One"))
    content = "carrier,number,day\nAA,1,31.12.2026\nAA,1,31/12/26\n"
    result = run_import(target, Trip, content, formats={"day": {"date": "DMY"}})
    assert result.codes == [(3, "", "duplicate_in_file")]


def test_a_format_for_no_column_is_refused(target):
    with pytest.raises(InputRefused, match="the file has no column 'x'"):
        run_import(target, Trip, "number\n1\n", formats={"x": {"date": "DMY"}})


# -- duplicates --------------------------------------------------------------------------------

REPEATED = "code,name\nAA,One\nBB,Two\nAA,Three\nAA,Four\n"


@pytest.mark.parametrize(
    ("choice", "names", "counts"),
    [
        ("refuse", ["One", "Two"], (2, 0, 0, 0, 2)),
        ("first", ["One", "Two"], (2, 0, 0, 2, 0)),
        ("last", ["Four", "Two"], (2, 0, 0, 2, 0)),
        ("all", ["Two"], (1, 0, 0, 0, 3)),
    ],
)
@pytest.mark.parametrize("mode", ["insert", "upsert"])
@pytest.mark.parametrize("rows", [1, 100])
def test_rows_that_share_the_key(target, mode, choice, names, counts, rows):
    options = {"mode": mode, "duplicates": choice, "chunkRows": rows}
    result = run_import(target, Carrier, REPEATED, **options)
    assert result.counts == counts
    assert [carrier.name for carrier in stored(target, Carrier)] == names


def test_all_of_them_name_another(target):
    result = run_import(target, Carrier, REPEATED, duplicates="all")
    assert [failure.message[:26] for failure in result.failures] == [
        '"AA" stands in row 4 too a', '"AA" stands in row 2 alrea', '"AA" stands in row 2 alrea'
    ]  # fmt: skip


def test_of_the_other_keys_the_first_row_that_goes_in_wins(target):
    class ByCode(Importer):
        model = Ticket
        key = "code"

    content = "code,seat\nA,1\nA,1\nB,1\n"
    result = run_import(target, ByCode, content, duplicates="last")
    assert (result.counts, result.codes) == ((1, 0, 0, 1, 1), [(4, "seat", "duplicate_in_file")])
    assert result.failures[0].message.startswith('"1" stands in row 3')


# -- headers -----------------------------------------------------------------------------------


def test_aliases_are_names_too(target):
    class Known(Importer):
        model = Carrier
        aliases = {"name": ["Airline", "Company name"]}  # noqa: RUF012

    run_import(target, Known, "CODE,company_name\nAA,One\n")
    assert stored(target, Carrier)[0].name == "One"


@pytest.mark.parametrize("header", ["code,name,name", "code,name,"])
def test_doubled_and_blank_headers_are_refused(target, header):
    with pytest.raises(FileRefused) as refused:
        run_import(target, Carrier, f"{header}\nAA,One,Two\n")
    assert refused.value.code in ("duplicate_header", "missing_header")


def test_a_doubled_header_mapped_by_hand_is_fine(target):
    mapping = {"name": None, "name_2": "name"}
    run_import(target, Carrier, "code,name,name\nAA,One,Two\n", mapping=mapping)
    assert stored(target, Carrier)[0].name == "Two"


def test_a_file_without_a_header_is_mapped_by_place(target):
    mapping = {"column_1": "code", "column_2": "name"}
    run_import(target, Carrier, "AA,One\nBB,Two\n", headerRow=0, mapping=mapping)
    assert [carrier.name for carrier in stored(target, Carrier)] == ["One", "Two"]
