"""The export job at a desk of its own: one moment, every record, the columns asked for."""

import gzip
import io
import re
import threading
import time
from datetime import timedelta

import pyarrow.parquet as pq
import pytest
from sqlalchemy import (
    Column,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    cast,
    func,
    insert,
    select,
)

from dashboard.errors import ConfigurationError, InputRefused
from dashboard.exporters import assembling, key_ranges, making_parts, reading
from dashboard.exporters.assembling import RowsMissing
from dashboard.exporters.exporter import Exporter, exporter_for
from dashboard.exporters.making_parts import SnapshotTooOld
from dashboard.exporters.transforming import TransformError
from dashboard.jobs.registry import JobType, Kind
from dashboard.jobs.whole_job import Stopped
from tests.exporters.awkward import fill
from tests.exporters.exporting import DeskOfTests, run_export
from tests.importers.running import run_sql
from tests.records.travel import Carrier, Stop, Trip


@pytest.fixture
def stops(target, monkeypatch):
    """900 of them, in two parts."""
    monkeypatch.setattr(key_ranges, "FEWEST_ROWS", 500)
    monkeypatch.setattr(key_ranges, "PARTS_WANTED", 2)
    monkeypatch.setattr(reading, "BATCH_ROWS", 100)
    with target.begin() as connection:
        rows = [{"id": n, "faa": f"S{n:03}"} for n in range(1, 901)]
        connection.execute(insert(Stop), rows[::-1])
    return target


def test_the_file_is_named_counted_and_hashed(stops, tmp_path):
    made = run_export(stops, tmp_path, Stop)
    assert re.fullmatch(r"t-export-\d{4}-\d\d-\d\d-\d{6}\.csv", made.result.name)
    assert (made.result.rows, made.result.file.bytes) == (900, len(made.data))
    assert made.lines[:2] == ["id,faa", "1,S001"]
    assert made.lines[-1] == "900,S900"
    assert sum(made.desk.published) == sum(made.desk.done.values()) == 900


def test_the_moment_is_told(stops, tmp_path):
    meta = run_export(stops, tmp_path, Stop).result.meta
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", meta["snapshot_at"])
    assert 0 < meta["snapshot_seconds"] < 60
    assert meta["parts"] == 2


def test_what_changes_meanwhile_is_not_in_it(stops, tmp_path):
    def change():
        run_sql(stops, "DELETE FROM stops WHERE id < 300", "UPDATE stops SET faa = 'X' || id")

    desk = DeskOfTests(stops, tmp_path, on_publish=change)
    made = run_export(stops, tmp_path, Stop, desk)
    assert made.lines[1:] == [f"{n},S{n:03}" for n in range(1, 901)]


@pytest.mark.parametrize("format", ["csv", "tsv", "json-lines", "xlsx", "parquet"])
def test_nothing_to_export_is_a_file_with_a_header(target, tmp_path, format):
    made = run_export(target, tmp_path, Carrier, format=format)
    assert made.result.rows == 0
    assert made.desk.done == {1: 0}
    if format == "csv":
        assert made.data == b"code,name\n"
    if format == "parquet":
        assert pq.read_table(io.BytesIO(made.data)).column_names == ["code", "name"]


def test_columns_and_filters_are_chosen(stops, tmp_path):
    filters = [{"field": "id", "op": "le", "value": 2}]
    made = run_export(stops, tmp_path, Stop, columns=["faa", "id"], filters=filters)
    assert made.lines == ["faa,id", "S001,1", "S002,2"]
    assert made.result.meta["filters"][0]["field"] == "id"


def test_a_key_to_another_table_is_written_as_files_name_it(target, tmp_path):
    fill(target, 12)
    made = run_export(target, tmp_path, Trip, columns=["id", "stop"], escapeFormulas=False)
    assert {line.split(",")[1] for line in made.lines} <= {"stop", "", "JFK", "=A"}
    assert "=A" in made.data.decode()


def test_labels_head_the_columns_by_choice(target, tmp_path):
    exporter = type("Labelled", (Exporter,), {"model": Carrier, "labels": True})
    assert run_export(target, tmp_path, exporter).lines == ["Code,Name"]
    assert run_export(target, tmp_path, exporter, labels=False).lines == ["code,name"]


def test_sensitive_fields_are_never_exported(target, tmp_path):
    named = JobType("t-export", Kind.EXPORT, "T", job="", model="tests.records.travel:Carrier")
    exporter = exporter_for(named)
    assert [field.name for field in exporter.describe().fields] == ["code", "name"]
    exporter = type("Secret", (Exporter,), {"model": Carrier, "sensitive": ("name",)})
    with pytest.raises(InputRefused, match="name"):
        run_export(target, tmp_path, exporter, columns=["name"])
    assert run_export(target, tmp_path, exporter).lines == ["code"]


def test_the_types_own_sensitive_fields_too():
    named = JobType(
        "t-export", Kind.EXPORT, "T", job="", model="tests.records.travel:Carrier",
        sensitive=("code",),
    )  # fmt: skip
    assert [field.name for field in exporter_for(named).describe().fields] == ["name"]


def test_a_table_known_by_name_only(stops, tmp_path):
    named = JobType("t-export", Kind.EXPORT, "T", job="", table="stops")
    table = exporter_for(named).describe(stops.connect)
    assert [field.name for field in table.fields] == ["id", "faa"]
    missing = JobType("t-export", Kind.EXPORT, "T", job="", table="nowhere")
    with pytest.raises(ConfigurationError, match="nowhere"):
        exporter_for(missing).describe(stops.connect)


def test_a_table_without_a_key(target, tmp_path):
    table = Table("keyless", MetaData(), Column("a", Text), Column("b", Integer))
    table.metadata.create_all(target)
    with target.begin() as connection:
        connection.execute(insert(table), [{"a": "x", "b": 1}] * 3)
    made = run_export(target, tmp_path, table)
    table.metadata.drop_all(target)
    assert made.lines == ["a,b", "x,1", "x,1", "x,1"]


class EvenStops(Exporter):
    """Half of them, with a computed column."""

    model = Stop

    def query(self, select):
        return select.where(Stop.id % 2 == 0).add_columns(
            func.lower(Stop.faa, type_=Text).label("small")
        )


def test_a_query_restricts_and_computes(stops, tmp_path):
    filters = [{"field": "small", "op": "in", "value": ["s002", "s003", "s004"]}]
    made = run_export(stops, tmp_path, EvenStops, filters=filters)
    assert made.lines == ["id,faa,small", "2,S002,s002", "4,S004,s004"]


def test_a_query_of_groups_is_read_in_one_go(stops, tmp_path):
    class Grouped(Exporter):
        model = Stop

        def query(self, _):
            tens = (Stop.id // 500).label("tens")
            return select(tens, func.count().label("stops")).group_by(tens).order_by(tens)

    made = run_export(stops, tmp_path, Grouped)
    assert made.lines == ["tens,stops", "0,499", "1,401"]


class Doubled(Exporter):
    """With a column more; the frames' rows are noted."""

    model = Stop

    def transform(self, frame):
        return frame.assign(twice=frame["id"] * 2)[["twice", "faa"]]


def test_a_transform_makes_the_columns(stops, tmp_path):
    made = run_export(stops, tmp_path, Doubled)
    assert made.lines[:2] == ["twice,faa", "2,S001"]
    assert made.lines[-1] == "1800,S900"
    assert made.result.rows == 900


def test_a_transform_may_leave_rows_out(stops, tmp_path):
    class Few(Exporter):
        model = Stop

        def transform(self, frame):
            return frame[frame["faa"].str.endswith("00")]

    made = run_export(stops, tmp_path, Few, format="json-lines")
    assert made.result.rows == len(made.lines) == sum(made.desk.done.values()) == 9


def test_a_transform_with_other_columns_later_is_refused(stops, tmp_path):
    class Fickle(Exporter):
        model = Stop

        def transform(self, frame):
            return frame if frame["id"].min() == 1 else frame.rename(columns={"faa": "code"})

    with pytest.raises(TransformError, match="id, code of one part and id, faa of the first"):
        run_export(stops, tmp_path, Fickle)


def test_a_transform_must_return_a_frame(stops, tmp_path):
    exporter = type("None_", (Exporter,), {"model": Stop, "transform": lambda self, frame: None})
    with pytest.raises(TransformError, match="return the DataFrame"):
        run_export(stops, tmp_path, exporter)


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_stopped_in_the_middle_nothing_is_left_but_parts(stops, tmp_path, format):
    desk = DeskOfTests(stops, tmp_path, stop_at=1)
    with pytest.raises(Stopped):
        run_export(stops, tmp_path, Stop, desk, format=format)
    assert not list(desk.store.keys("exports"))
    assert threading.active_count() < 10


class Slow(Exporter):
    """Each record takes ten seconds, or already the counting does."""

    model = Carrier

    def query(self, select):
        return select.add_columns(cast(func.pg_sleep(10), Text).label("slept"))


class SlowToCount(Slow):
    def query(self, select):
        return select.where(cast(func.pg_sleep(10), Text) == "")


@pytest.mark.postgres
@pytest.mark.parametrize("exporter", [Slow, SlowToCount])
def test_a_query_that_takes_long_is_given_up(postgres, tmp_path, exporter):
    Carrier.metadata.create_all(postgres)
    run_sql(postgres, "INSERT INTO carriers VALUES ('AA', 'A') ON CONFLICT DO NOTHING")
    end = time.monotonic() + 0.3
    desk = DeskOfTests(postgres, tmp_path, stop_when=lambda: time.monotonic() > end)
    with pytest.raises(Stopped):
        run_export(postgres, tmp_path, exporter, desk)
    run_sql(postgres, "DELETE FROM carriers")
    assert time.monotonic() < end + 5


def test_records_that_are_missing_fail_loudly(stops, tmp_path, monkeypatch):
    short = assembling.KeyRange.of
    monkeypatch.setattr(assembling.KeyRange, "of", lambda *a: short(*a).where(Stop.id != 7))
    behind = assembling.Assembling._behind
    monkeypatch.setattr(assembling.Assembling, "_behind", lambda *a: behind(*a).where(Stop.id != 7))
    with pytest.raises(RowsMissing, match="records, but"):
        run_export(stops, tmp_path, Stop)


def test_a_moment_too_long_ago(stops, tmp_path, monkeypatch):
    monkeypatch.setattr(making_parts, "OLDEST", timedelta(0))
    with pytest.raises(SnapshotTooOld, match="longest allowed"):
        run_export(stops, tmp_path, Stop)


def test_a_filter_on_no_field(stops, tmp_path):
    with pytest.raises(InputRefused, match="there is no field"):
        run_export(stops, tmp_path, Stop, filters=[{"field": "nothing", "op": "eq", "value": 1}])


def test_packed(stops, tmp_path):
    made = run_export(stops, tmp_path, Stop, compression="gzip")
    assert made.result.name.endswith(".csv.gz")
    assert gzip.decompress(made.data).startswith(b"id,faa\n1,S001\n")


def test_a_character_the_encoding_has_not(stops, tmp_path):
    run_sql(stops, "UPDATE stops SET faa = '日' WHERE id = 700")
    with pytest.raises(InputRefused, match='Row 701, column "faa"'):
        run_export(stops, tmp_path, Stop, encoding="windows-1252")


def test_a_column_of_bytes_is_left_out(target):
    table = Table("b", MetaData(), Column("a", Integer), Column("raw", LargeBinary, nullable=False))
    exporter = type("Bytes", (Exporter,), {"table": table})()
    assert [field.name for field in exporter.describe().fields] == ["a"]
