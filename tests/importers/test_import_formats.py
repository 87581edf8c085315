"""Files as people have them reach the table, by way of a form where they cannot be cut."""

import gzip
import io
import json
from datetime import date, time

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashboard.errors import FileRefused, InputRefused
from tests.importers.running import Folder, add, run_import, stored
from tests.records.travel import Carrier, Stop, Trip

CSV = "code,name\nAA,Ärger\nBB,Two\nAA,Three\n"
LINES = '{"code":"AA","name":"Ärger"}\n\n{"name":"Two","code":"BB"}\n{"code":"AA","name":"3"}\n'


def workbook(rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(stream := io.BytesIO())
    return stream.getvalue()


def parquet(**columns):
    pq.write_table(pa.table(columns), stream := io.BytesIO())
    return stream.getvalue()


def import_file(target, tmp_path, name, content, model=Carrier, **options):
    return run_import(target, model, content, forms=Folder(tmp_path, name), **options)


def names(engine):
    return [(carrier.code, carrier.name) for carrier in stored(engine, Carrier)]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.csv", CSV.encode(), "delimited"),
        ("a.csv.gz", gzip.compress(CSV.encode(), mtime=0), "delimited"),
        ("a.csv", CSV.encode("utf-16"), "delimited"),
        ("a.jsonl", LINES.encode(), "table"),
        ("a.xlsx", workbook(row.split(",") for row in CSV.split("\n")), "table"),
        ("a.parquet", parquet(code=["AA", "BB", "AA"], name=["Ärger", "Two", "3"]), "table"),
    ],
)
@pytest.mark.parametrize("rows", [None, 1])
def test_every_way_ends_in_the_same_records(target, tmp_path, name, content, kind, rows):
    result = import_file(target, tmp_path, name, content, chunkRows=rows)
    assert (result.created, result.codes) == (2, [(4, "code", "duplicate_in_file")])
    assert names(target) == [("AA", "Ärger"), ("BB", "Two")]
    assert (result.plan.layout["kind"], len(result.plan.chunks)) == (kind, 3 if rows else 1)


def test_what_was_found_is_kept(target, tmp_path):
    layout = import_file(
        target, tmp_path, "a.csv.gz", gzip.compress(CSV.encode(), mtime=0)
    ).plan.layout
    json.dumps(layout)
    assert (layout["found"]["compression"], layout["form"]) == ("gzip", "form")


def test_a_plain_file_is_cut_where_it_lies(target, tmp_path):
    layout = import_file(target, tmp_path, "a.csv", CSV.encode()).plan.layout
    assert ("form" in layout, layout["columns"]) == (False, ["code", "name"])


def test_columns_found_late_are_mapped(target, tmp_path):
    lines = [json.dumps({"number": n}) for n in range(30_000)] + ['{"number":30000,"note":"late"}']
    result = import_file(target, tmp_path, "a.jsonl", "\n".join(lines).encode(), Trip)
    assert (result.created, stored(target, Trip)[-1].note) == (30_001, "late")


def test_absent_cells_are_blank(target, tmp_path):
    content = b'{"number":1,"note":"a"}\n{"number":2}\n{"number":3,"note":null}\n'
    import_file(target, tmp_path, "a.jsonl", content, Trip)
    assert [trip.note for trip in stored(target, Trip)] == ["a", None, None]


def test_a_table_form_takes_corrections_and_modes(target, tmp_path):
    add(target, Carrier(code="BB", name="old"))
    corrections = {1: ["ZZ", "corrected"]}
    only = frozenset({1, 3})
    options = {"only_rows": only, "corrections": corrections, "mode": "upsert"}
    result = import_file(target, tmp_path, "a.jsonl", LINES.encode(), **options)
    assert result.counts == (1, 1, 0, 0, 0)
    assert names(target) == [("BB", "Two"), ("ZZ", "corrected")]


def test_references_in_a_table_form(target, tmp_path):
    add(target, Stop(id=5, faa="JFK"))
    content = b'{"number":1,"stop":"JFK"}\n{"number":2,"stop":"XXX"}\n'
    result = import_file(target, tmp_path, "a.jsonl", content, Trip)
    assert result.codes == [(2, "stop", "unknown_reference")]


def test_cells_of_a_workbook_keep_their_types(target, tmp_path):
    cells = [["number", "day", "at", "seats", "ratio", "open", "note"]]
    cells.append([1, date(2012, 2, 29), time(5, 30), 12, 0.25, True, "007"])
    assert import_file(target, tmp_path, "a.xlsx", workbook(cells), Trip).failures == []
    (trip,) = stored(target, Trip)
    found = (trip.day, trip.at, trip.seats, trip.ratio, trip.open, trip.note)
    assert found == (date(2012, 2, 29), time(5, 30), 12, 0.25, True, "007")


def test_numbers_of_a_workbook_stand_beside_texts(target, tmp_path):
    content = workbook([["number", "ratio"], [1, 1.125], [2, "1,5"], [3, "x"]])
    formats = {"ratio": {"decimal": ","}}
    result = import_file(target, tmp_path, "a.xlsx", content, Trip, formats=formats)
    assert [trip.ratio for trip in stored(target, Trip)] == [1.125, 1.5]
    assert result.codes == [(4, "ratio", "not_a_number")]


def test_a_point_cannot_mark_thousands_of_a_workbook(target, tmp_path):
    content = workbook([["number", "ratio"], [1, 1.125]])
    formats = {"ratio": {"thousands": "."}}
    with pytest.raises(InputRefused, match="cannot mark"):
        import_file(target, tmp_path, "a.xlsx", content, Trip, formats=formats)


def test_the_row_of_a_failure_is_the_spreadsheets(target, tmp_path):
    cells = [["number", "seats"], [1, 2], [None, None], [2, "x"]]
    result = import_file(target, tmp_path, "a.xlsx", workbook(cells), Trip)
    assert (result.created, result.codes) == (1, [(4, "seats", "not_an_integer")])


def test_what_cannot_be_read_says_so(target, tmp_path):
    with pytest.raises(FileRefused):
        import_file(target, tmp_path, "a.csv", b"\x89PNG\r\n\x1a\n" + bytes(100))


def test_a_wrong_guess_can_be_corrected(target, tmp_path):
    content = b"code|x;name\nAA|;One\n"
    with pytest.raises(FileRefused):
        import_file(target, tmp_path, "a.csv", content, delimiter=";")
    mapping = {"x;name": "name"}
    import_file(target, tmp_path, "a.csv", content, delimiter="|", mapping=mapping)
    assert names(target) == [("AA", ";One")]
