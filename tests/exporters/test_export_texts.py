"""The database's own text and the one made of Arrow columns are the same file, to the byte."""

import pytest

from dashboard.errors import InputRefused
from dashboard.exporters import copying_sqlite, key_ranges, reading
from dashboard.exporters.copying_postgres import PostgresSnapshot
from dashboard.exporters.copying_sqlite import SqliteSnapshot
from dashboard.extensions import make_engine
from tests.exporters.awkward import fill
from tests.exporters.exporting import run_export
from tests.importers.running import run_sql
from tests.records.travel import TravelBase, Trip

CHOICES = [
    {},
    {"delimiter": ";"},
    {"delimiter": "|", "escapeFormulas": False},
    {"format": "tsv"},
    {"header": False, "encoding": "utf-8-sig"},
    {"compression": "gzip"},
    {"columns": ["note", "id"]},
]


@pytest.fixture
def only_arrow(monkeypatch):
    """As if no database could write text."""

    def forbid():
        for snapshot in (PostgresSnapshot, SqliteSnapshot):
            monkeypatch.setattr(snapshot, "writes_text", lambda *_: False)

    return forbid


@pytest.mark.parametrize("options", CHOICES)
def test_both_ways_to_the_same_bytes(target, tmp_path, only_arrow, options):
    fill(target)
    straight = run_export(target, tmp_path, Trip, **options)
    only_arrow()
    typed = run_export(target, tmp_path, Trip, **options)
    assert straight.data == typed.data
    assert straight.result.rows == typed.result.rows == 120


def test_every_type_is_written_by_the_database(target, tmp_path, monkeypatch):
    """Or the test above would compare a way with itself."""
    fill(target)
    monkeypatch.setattr("dashboard.exporters.assembling.part_writer", NoWriter)
    assert run_export(target, tmp_path, Trip).result.rows == 120


class NoWriter:
    """Has a head and a tail, but writes no part."""

    def __init__(self, *_):
        pass

    def head(self):
        return b""

    tail = head


@pytest.fixture
def lite(tmp_path, monkeypatch):
    """A SQLite target of 120 records in three parts, of which the second is not as it should be."""
    monkeypatch.setattr(key_ranges, "FEWEST_ROWS", 40)
    monkeypatch.setattr(reading, "BATCH_ROWS", 20)
    monkeypatch.setattr(copying_sqlite, "FETCH_ROWS", 20)
    engine = make_engine(f"sqlite:///{tmp_path / 'lite.db'}")
    TravelBase.metadata.create_all(engine)
    fill(engine)
    yield engine
    engine.dispose()


def test_a_text_sqlite_cannot_write_is_written_by_us(lite, tmp_path, only_arrow):
    run_sql(lite, "UPDATE trips SET note = 'a,' || char(0) || '=b' WHERE id = 140")
    straight = run_export(lite, tmp_path, Trip)
    only_arrow()
    assert straight.data == run_export(lite, tmp_path, Trip).data
    assert b'"a,\0=b"' in straight.data
    assert list(straight.desk.done) == [1, 2, 3]


@pytest.mark.parametrize(
    ("column", "value"), [("seats", "'=cmd'"), ("leaves", "'soon'"), ("day", "'x,y'")]
)
def test_a_value_that_is_not_of_its_columns_type_is_refused(lite, tmp_path, column, value):
    run_sql(lite, "PRAGMA ignore_check_constraints = 1")
    run_sql(lite, f"UPDATE trips SET {column} = {value} WHERE id = 140")
    with pytest.raises(InputRefused, match="not of its column's type"):
        run_export(lite, tmp_path, Trip)
