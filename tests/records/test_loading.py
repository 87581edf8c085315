"""The writers: what they promise beyond carrying values (tests/importers has those)."""

import os
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dashboard.errors import RecordsRefused
from dashboard.records.batch import Batch
from dashboard.records.loading import RowWriter, writer_for
from dashboard.records.loading_sqlite import STAGE_PREFIX, remove_stages
from dashboard.records.refusals import Refusals
from tests.importers.running import run_sql, stored
from tests.records.travel import Size, Trip


def batch(*, isolate: bool = False, **columns: pa.Array) -> Batch:
    count = len(next(iter(columns.values())))
    texts = pa.table({name: values.cast(pa.string()) for name, values in columns.items()})
    refusals = Refusals(texts, np.arange(2, count + 2), {})
    return Batch(Trip.__table__, columns, np.arange(count), refusals, isolate)


def send(engine, writer):
    with engine.connect() as connection:
        writer.open(connection)
        try:
            with connection.begin():
                return writer.write(connection).refused
        finally:
            writer.close(connection)


def numbers(*values: int) -> pa.Array:
    return pa.array(values, pa.int32())


def stages() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"{STAGE_PREFIX}*"))


DROPPING = {
    "sqlite": [
        "CREATE TRIGGER dropping BEFORE INSERT ON trips WHEN NEW.number = 2"
        " BEGIN SELECT RAISE(IGNORE); END"
    ],
    "postgresql": [
        "CREATE FUNCTION drop_two() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN IF NEW.number = 2 THEN RETURN NULL; END IF; RETURN NEW; END'",
        "CREATE TRIGGER dropping BEFORE INSERT ON trips FOR EACH ROW EXECUTE FUNCTION drop_two()",
    ],
}


@pytest.fixture
def dropping(target):
    """A target that leaves out a record without a word."""
    run_sql(target, *DROPPING[target.dialect.name])
    yield target
    if target.dialect.name == "sqlite":
        run_sql(target, "DROP TRIGGER dropping")
    else:
        run_sql(target, "DROP FUNCTION drop_two CASCADE")


def test_a_record_left_out_silently_is_noticed(dropping):
    writer = writer_for(dropping.dialect.name, batch(number=numbers(1, 2), state=pa.array("ab")))
    with pytest.raises(RecordsRefused, match="took 1 records of 2"):
        send(dropping, writer)
    assert stored(dropping, Trip) == []


def test_and_found_by_isolating(dropping):
    held = batch(isolate=True, number=numbers(1, 2, 3), state=pa.array("abc"))
    failures = send(dropping, writer_for(dropping.dialect.name, held))
    assert [(failure.row, failure.code) for failure in failures] == [(3, "refused_by_database")]
    assert [trip.number for trip in stored(dropping, Trip)] == [1, 3]


@pytest.mark.parametrize("isolate", [False, True])
def test_any_other_database_gets_plain_inserts(target, isolate):
    columns = {
        "number": numbers(1, 2),
        "day": pa.array([date(2012, 2, 29), None]),
        "price": pa.array([Decimal("1.50"), None], pa.decimal128(7, 2)),
        "size": pa.array(["LARGE", None]),
        "extra": pa.array(['{"a": 1}', None]),
        "token": pa.array(["6ba7b810-9dad-11d1-80b4-00c04fd430c8", None]),
        "state": pa.array(["x", "y"]),
    }
    assert send(target, RowWriter(batch(isolate=isolate, **columns))) == []
    first = stored(target, Trip)[0]
    assert (first.day, first.size, first.extra) == (date(2012, 2, 29), Size.LARGE, {"a": 1})
    assert (first.price, first.token.version) == (Decimal("1.50"), 1)


def test_a_refusal_tells_the_rule_and_not_the_sql(target):
    held = batch(number=numbers(1), seats=pa.array([13], pa.int16()), state=pa.array(["x"]))
    with pytest.raises(RecordsRefused, match=r"rule of the table \(no_thirteen\)") as refused:
        send(target, writer_for(target.dialect.name, held))
    assert "INSERT" not in refused.value.message


@pytest.mark.parametrize("seats", [5, 13])
def test_no_stage_file_stays(target, seats, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    held = batch(number=numbers(1), seats=pa.array([seats], pa.int16()), state=pa.array(["x"]))
    writer = writer_for(target.dialect.name, held)
    assert len(stages()) == (target.dialect.name == "sqlite")
    try:
        send(target, writer)
    except RecordsRefused:
        assert seats == 13
    assert stages() == []


def test_what_a_killed_worker_left_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old, new = (tmp_path / f"{STAGE_PREFIX}{name}.sqlite" for name in ("old", "new"))
    for path in (old, new):
        path.touch()
    os.utime(old, (0, 0))
    assert (remove_stages(), stages()) == (1, [new])
