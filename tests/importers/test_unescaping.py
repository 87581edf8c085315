"""Our exports come back unharmed: the apostrophe before formulas goes, and no other."""

import pyarrow as pa
import pytest

from dashboard.formats.write_options import FORMATS, WriteOptions
from dashboard.formats.write_parts import write_batches
from tests.importers.running import Folder, run_import, stored
from tests.records.travel import Carrier, Trip

NAMES = ["=1+1", "'=1", "''-x", "+49", "-1", "-x", "@a", "\uff1dx", "'tis", "'007", "plain"]
CODES = [chr(ord("A") + number) for number in range(len(NAMES))]


def taken_back(target, tmp_path, data, name, **options):
    run_import(target, Carrier, data, forms=Folder(tmp_path, name), **options)
    return [carrier.name for carrier in stored(target, Carrier)]


def exported(options):
    table = pa.table({"code": CODES, "name": NAMES})
    return b"".join(write_batches(options, table.schema, [table]))


@pytest.mark.parametrize("format", FORMATS)
def test_an_export_is_taken_back(target, tmp_path, format):
    options = WriteOptions(format)
    assert taken_back(target, tmp_path, exported(options), f"a{options.suffix}") == NAMES


@pytest.mark.parametrize("format", ["csv", "tsv", "xlsx"])
def test_what_was_not_escaped_is_kept_by_the_switch(target, tmp_path, format):
    options = WriteOptions(format, escape_formulas=False)
    name, data = f"a{options.suffix}", exported(options)
    assert taken_back(target, tmp_path, data, name, unescapeFormulas=False) == NAMES


def test_only_escaped_cells_of_a_file_from_elsewhere_change(target):
    run_import(target, Carrier, "code,name\nAA,'=1\nBB,'quoted'\nCC,'-5\n")
    assert [carrier.name for carrier in stored(target, Carrier)] == ["=1", "'quoted'", "'-5"]


@pytest.mark.parametrize("isolate", [False, True])
def test_one_escaped_cell_among_many_plain_ones(target, isolate):
    rows = "".join(f"A{number},name {number}\n" for number in range(9))
    run_import(target, Carrier, f"code,name\n{rows}ZZ,'@x\n", isolate=isolate)
    found = {carrier.code: carrier.name for carrier in stored(target, Carrier)}
    assert (len(found), found["ZZ"], found["A7"]) == (10, "@x", "name 7")


def test_two_ways_to_write_one_key_meet(target):
    result = run_import(target, Carrier, "code,name\n'=A,One\n=A,Two\n")
    assert result.codes == [(3, "code", "duplicate_in_file")]


@pytest.mark.parametrize("cell", ["'=x", "=x"])
def test_a_replacement_names_the_cell_either_way(target, cell):
    values = {"name": {cell: "better"}}
    run_import(target, Carrier, "code,name\nAA,'=x\n", values=values)
    assert stored(target, Carrier)[0].name == "better"


def test_a_constant_is_as_it_was_typed(target):
    run_import(target, Carrier, "code\nAA\n", constants={"name": "'=x"})
    assert stored(target, Carrier)[0].name == "'=x"


def test_numbers_are_left_alone(target):
    result = run_import(target, Trip, "number,note\n'-5,a\n-5,'+a\n")
    assert result.codes == [(2, "number", "not_an_integer")]
    assert [(trip.number, trip.note) for trip in stored(target, Trip)] == [(-5, "+a")]
