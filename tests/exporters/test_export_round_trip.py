"""What is exported, in any format, our own import takes back: the table is the same."""

import io
import json

import pyarrow.parquet as pq
import pytest
from sqlalchemy import delete, select

from dashboard.importers.importer import Importer
from tests.exporters.awkward import fill
from tests.exporters.exporting import run_export
from tests.importers.running import Folder, run_import
from tests.records.travel import Trip

TABLE = Trip.__table__


class TripImporter(Importer):
    model = Trip


def records(engine):
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(select(TABLE).order_by("id"))]


def without_blanks(found):
    """To our import a blank cell is no value, in every format; the files do tell them apart."""
    return [{name: None if v == "" else v for name, v in record.items()} for record in found]


@pytest.mark.parametrize("format", ["csv", "tsv", "xlsx", "json-lines", "parquet"])
def test_the_same_table_comes_back(target, tmp_path, format):
    fill(target, 80)
    before = records(target)
    made = run_export(target, tmp_path, Trip, format=format)
    with target.begin() as connection:
        connection.execute(delete(TABLE))
    folder = Folder(tmp_path, made.result.name)
    result = run_import(target, TripImporter, made.data, forms=folder)
    assert (result.counts, result.failures) == ((80, 0, 0, 0, 0), [])
    assert records(target) == without_blanks(before)


@pytest.mark.parametrize("format", ["csv", "json-lines", "parquet"])
def test_the_file_tells_null_from_the_empty_text(target, tmp_path, format):
    fill(target, 2)
    made = run_export(target, tmp_path, Trip, format=format, columns=["id", "note"])
    if format == "parquet":
        assert pq.read_table(io.BytesIO(made.data))["note"].to_pylist() == [None, ""]
    else:
        wanted = {"csv": ["-40,", '-37,""'], "json-lines": [None, ""]}[format]
        lines = made.lines[1:] if format == "csv" else [json.loads(x)["note"] for x in made.lines]
        assert lines == wanted
