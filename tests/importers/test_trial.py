"""`try_importer`: what a project's own tests use."""

from sqlalchemy import Column, Integer, MetaData, Table, Text

from dashboard.importers.importer import Importer
from dashboard.importers.trial import try_importer

TABLES = MetaData()
Table(
    "members",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)
ANN = {"id": 1, "name": "Ann"}


class MemberImporter(Importer):
    table = "members"


def test_good_rows_are_there_afterwards():
    trial = try_importer(MemberImporter, "id,name\n1,Ann\n", TABLES)
    assert (trial.created, trial.records) == (1, [ANN])


def test_bad_rows_are_told():
    trial = try_importer(MemberImporter, "id,name\n1,\n", TABLES)
    assert [(f.row, f.column, f.code) for f in trial.failures] == [(2, "name", "required")]


def test_records_can_be_there_before():
    trial = try_importer(MemberImporter, "id,name\n1,Bo\n", TABLES, records={"members": [ANN]})
    assert [f.code for f in trial.failures] == ["already_exists"]


def test_options_are_those_of_a_job():
    content = "id,name\n1,Bo\n2,Cy\n"
    how = {"records": {"members": [ANN]}, "mode": "upsert"}
    trial = try_importer(MemberImporter, content, TABLES, **how)
    assert (trial.created, trial.updated) == (1, 1)
