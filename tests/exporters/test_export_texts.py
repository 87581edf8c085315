"""The database's own text and the one made of Arrow columns are the same file, to the byte."""

import pytest

from dashboard.exporters.copying_postgres import PostgresSnapshot
from dashboard.exporters.copying_sqlite import SqliteSnapshot
from tests.exporters.awkward import fill
from tests.exporters.exporting import run_export
from tests.records.travel import Trip

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
