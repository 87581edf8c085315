"""A later round: rows with a person's new cells, rows left out, and what planning had said."""

import pytest

from tests.importers.running import run_import, stored
from tests.records.travel import Carrier, Trip


def names(engine):
    return [(carrier.code, carrier.name) for carrier in stored(engine, Carrier)]


def again(engine, content, corrections, **options):
    """The round that tries the corrected rows."""
    rows = frozenset(corrections)
    return run_import(engine, Carrier, content, only_rows=rows, corrections=corrections, **options)


def test_new_cells_take_the_place_of_the_files(target):
    result = again(target, "code,name\nAA,One\nBBB,Two\nCC,Three\n", {3: ["BB", "Two!"]})
    assert (result.counts, names(target)) == ((1, 0, 0, 0, 0), [("BB", "Two!")])


def test_a_row_may_be_left_out(target):
    result = again(target, "code,name\nAA,One\nBB,Two\n", {2: None, 3: ["BB", "Two"]})
    assert (result.counts, names(target)) == ((1, 0, 0, 1, 0), [("BB", "Two")])


def test_a_ragged_row_becomes_a_row(target):
    result = again(target, "code,name\nAA,One\nBB\nCC,Three\n", {3: ["BB", "Two"]})
    assert (result.counts, names(target)) == ((1, 0, 0, 0, 0), [("BB", "Two")])


def test_what_is_wrong_again_shows_the_new_cell(target):
    result = again(target, "code,name\nAAA,One\n", {2: ["AAAA", "One"]})
    assert [(f.row, f.column, f.value) for f in result.failures] == [(2, "code", "AAAA")]


def test_a_correction_of_the_wrong_length_is_no_row(target):
    result = again(target, "code,name\nAA,One\n", {2: ["AA"]})
    assert result.codes == [(2, "", "wrong_cell_count")]


@pytest.mark.parametrize("rows", [1, 100])
def test_rows_stay_in_the_order_of_the_file(target, rows):
    content = "number,note\nx,a\n2\nx,c\n4,d\n"
    corrections = {2: ["1", "a"], 3: ["2", "b"], 4: ["3", "c"]}
    only = frozenset({2, 3, 4, 5})
    options = {"only_rows": only, "corrections": corrections, "chunkRows": rows}
    assert run_import(target, Trip, content, **options).created == 4
    assert [trip.note for trip in stored(target, Trip)] == ["a", "b", "c", "d"]


def test_a_duplicate_with_another_key_goes_in(target):
    result = again(target, "code,name\nAA,One\nAA,Two\n", {3: ["BB", "Two"]})
    assert (result.created, names(target)) == (1, [("BB", "Two")])


def test_a_duplicate_with_the_same_key_stays_one(target):
    result = again(target, "code,name\nAA,One\nAA,Two\n", {3: ["AA", "Two!"]})
    assert result.codes == [(3, "code", "duplicate_in_file")]


def test_a_key_written_otherwise_is_the_same_key(target):
    content = "id,number\n1,1\n1,2\n"
    options = {"only_rows": frozenset({3}), "corrections": {3: ["01", "2"]}}
    assert run_import(target, Trip, content, **options).codes == [(3, "id", "duplicate_in_file")]


@pytest.mark.parametrize("first", [None, ["BB", "One"]])
def test_a_duplicate_goes_in_when_the_first_row_makes_way(target, first):
    result = again(target, "code,name\nAA,\nAA,Two\n", {2: first, 3: ["AA", "Two"]})
    assert (result.failures, ("AA", "Two") in names(target)) == ([], True)


@pytest.mark.parametrize("mode", ["insert", "upsert"])
def test_of_two_corrected_rows_with_one_key_the_first_goes_in(target, mode):
    content = "code,name\nAAA,One\nBBB,Two\n"
    result = again(target, content, {3: ["ZZ", "Two"], 2: ["ZZ", "One"]}, mode=mode)
    assert (result.codes, names(target)) == (
        [(3, "code", "duplicate_in_file")],
        [("ZZ", "One")],
    )


def test_a_corrected_key_that_is_in_the_table_is_refused(target):
    content = "code,name\nAA,One\nBBB,Two\n"
    run_import(target, Carrier, content)
    assert again(target, content, {3: ["AA", "Two"]}).codes == [(3, "code", "already_exists")]


def test_corrections_of_other_rounds_are_none_of_this_one(target):
    content, corrections = "code,name\nAAA,One\nBBB,Two\n", {2: ["AA", "One"], 3: ["BB", "Two"]}
    only = frozenset({3})
    run_import(target, Carrier, content, only_rows=only, corrections=corrections)
    assert names(target) == [("BB", "Two")]
