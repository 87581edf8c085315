"""However large a part is, little of it is in memory: it flows, and a hook gets it bit by bit."""

import io
import threading
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, func, insert

from dashboard.errors import InputRefused
from dashboard.exporters import copying_postgres, flowing, key_ranges, reading, transforming
from dashboard.exporters.exporter import Exporter
from dashboard.exporters.flowing import Flow
from dashboard.exporters.reading import Steps
from dashboard.exporters.transforming import TransformError, gathered
from dashboard.jobs.whole_job import Stopped
from tests.exporters.exporting import DeskOfTests, run_export
from tests.importers.running import run_sql

KEYLESS = Table("keyless_rows", MetaData(), Column("n", Integer), Column("note", Text))
FORMATS = ["csv", "json-lines", "xlsx", "parquet"]


@pytest.fixture
def keyless(travel_engine, monkeypatch):
    yield from filled_with_rows(travel_engine, monkeypatch)


@pytest.fixture
def keyless_postgres(postgres, monkeypatch):
    yield from filled_with_rows(postgres, monkeypatch)


def filled_with_rows(engine, monkeypatch):
    """900 rows that PostgreSQL cannot cut; they come in tables of at most 100."""
    monkeypatch.setattr(key_ranges, "FEWEST_ROWS", 500)
    monkeypatch.setattr(reading, "BATCH_ROWS", 100)
    monkeypatch.setattr(copying_postgres, "BLOCK_BYTES", 1_000)
    KEYLESS.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(KEYLESS), [{"n": n, "note": f"note {n}"} for n in range(900)])
    yield engine
    KEYLESS.metadata.drop_all(engine)
    assert engine.pool.checkedout() == 0


class Noting(Exporter):
    """Its hook notes how many records it got."""

    table = KEYLESS
    got: tuple[int, ...] = ()

    def transform(self, frame):
        type(self).got = (*self.got, len(frame))
        return frame.assign(twice=frame["n"] * 2)


@pytest.fixture
def noting(monkeypatch):
    monkeypatch.setattr(transforming, "BATCH_ROWS", 200)
    return type("NotingHere", (Noting,), {})


def table_of(rows):
    return pa.table({"n": pa.array(range(rows), pa.int64())})


def filled(flow, tables):
    thread = threading.Thread(target=flow.fill, args=(tables,))
    thread.start()
    return thread


def test_a_flow_hands_on_in_order_and_never_holds_much(monkeypatch):
    monkeypatch.setattr(flowing, "FLOW_BYTES", 1_000)
    flow, held, numbers = Flow(lambda: None), [], []
    tables = [table_of(50).append_column("k", [[k] * 50]) for k in range(40)]
    thread = filled(flow, tables)
    for table in flow:
        held.append(flow._bytes)
        numbers.append(table["k"][0].as_py())
    thread.join()
    assert numbers == list(range(40))
    assert 0 < max(held) < 2_000


@pytest.mark.parametrize("side", ["fill", "take"])
def test_both_sides_of_a_flow_can_be_stopped(monkeypatch, side):
    def look():
        raise Stopped

    monkeypatch.setattr(flowing, "FLOW_BYTES", 1)
    flow = Flow(look)
    waits = flow.fill if side == "fill" else lambda _: next(iter(flow))
    with pytest.raises(Stopped):
        waits([table_of(5)] * 9)


@pytest.mark.parametrize("format", ["xlsx", "parquet"])
def test_a_part_larger_than_memory_should_hold(keyless, tmp_path, monkeypatch, format):
    most = []
    monkeypatch.setattr(flowing, "FLOW_BYTES", 2_000)
    following = Flow._next
    monkeypatch.setattr(Flow, "_next", lambda f: most.append(f._bytes) or following(f))
    made = run_export(keyless, tmp_path, KEYLESS, format=format)
    assert made.result.rows == 900
    assert max(most) < 6_000
    if format == "parquet":
        assert sorted(pq.read_table(io.BytesIO(made.data))["n"].to_pylist()) == list(range(900))


@pytest.mark.parametrize("format", FORMATS)
def test_a_hook_gets_some_records_at_a_time_and_each_once(keyless, tmp_path, noting, format):
    made = run_export(keyless, tmp_path, noting, format=format)
    assert made.result.rows == sum(noting.got) == 900
    assert len(noting.got) >= 4
    assert max(noting.got) < 300
    if format == "csv":
        rows = sorted(made.lines[1:], key=lambda line: int(line.split(",")[0]))
        assert rows == [f"{n},note {n},{2 * n}" for n in range(900)]


def test_a_hook_gets_fewer_of_wide_records(keyless, tmp_path, noting, monkeypatch):
    monkeypatch.setattr(transforming, "BATCH_BYTES", 500)
    run_export(keyless, tmp_path, noting)
    assert max(noting.got) <= 100


def test_gathered_is_one_empty_table_of_no_records():
    schema = pa.schema([("n", pa.int64())])
    assert [table.num_rows for table in gathered([], schema)] == [0]
    assert [table.num_rows for table in gathered([schema.empty_table()], schema)] == [0]


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_a_hook_that_fails_in_the_middle_of_a_part(keyless, tmp_path, noting, format):
    def transform(self, frame):
        made = Noting.transform(self, frame)
        return made if len(self.got) < 2 else None

    noting.transform = transform
    with pytest.raises(TransformError, match="return the DataFrame"):
        run_export(keyless, tmp_path, noting, format=format)


@pytest.mark.parametrize("format", ["csv", "parquet"])
@pytest.mark.parametrize("hook", [False, True])
def test_stopped_in_the_middle_of_a_part(keyless, tmp_path, noting, monkeypatch, format, hook):
    monkeypatch.setattr(flowing, "FLOW_BYTES", 1)
    looks = iter(range(6))
    desk = DeskOfTests(keyless, tmp_path, stop_when=lambda: next(looks, None) is None)
    with pytest.raises(Stopped):
        run_export(keyless, tmp_path, noting if hook else KEYLESS, desk, format=format)
    assert not list(desk.store.keys("exports"))
    assert not [t for t in threading.enumerate() if t.name.startswith("export")]


def test_what_no_workbook_holds_while_the_reader_waits(keyless, tmp_path, monkeypatch):
    monkeypatch.setattr(flowing, "FLOW_BYTES", 1)
    long = "x" * 40_000
    run_sql(keyless, f"UPDATE keyless_rows SET note = '{long}' WHERE n < 100")
    with pytest.raises(InputRefused, match="40,000"):
        run_export(keyless, tmp_path, KEYLESS, format="xlsx")


NAPS = """CREATE OR REPLACE FUNCTION napping(n int) RETURNS int STABLE LANGUAGE plpgsql AS
'BEGIN PERFORM pg_sleep(CASE n WHEN 899 THEN 10 ELSE 0 END); RETURN n; END'"""


def with_naps(self, select):
    return select.add_columns(func.napping(KEYLESS.c.n, type_=Integer).label("nap"))


@pytest.mark.postgres
@pytest.mark.parametrize(("hook", "batch"), [(False, 0), (True, 200), (True, 10_000)])
def test_a_last_record_that_takes_long_is_given_up(
    keyless_postgres, tmp_path, noting, monkeypatch, hook, batch
):
    monkeypatch.setattr(transforming, "BATCH_ROWS", batch)
    run_sql(keyless_postgres, NAPS)
    plain = type("Plain", (Exporter,), {"table": KEYLESS})
    slow = type("Slow", (noting if hook else plain,), {"query": with_naps})
    end = time.monotonic() + 0.4
    desk = DeskOfTests(keyless_postgres, tmp_path, stop_when=lambda: time.monotonic() > end)
    with pytest.raises(Stopped):
        run_export(keyless_postgres, tmp_path, slow, desk, format="parquet")
    assert time.monotonic() < end + 5
    assert len(slow.__dict__.get("got", ())) == (3 if batch == 200 else 0)


def test_few_wide_rows_are_fetched_at_a_time():
    steps, fetched = Steps(500), []
    for _ in range(12):
        fetched.append(steps.next())
        steps.took(fetched[-1], fetched[-1] * 100_000)
    assert fetched[:3] == [50, 41, 41]
    assert sum(fetched[:-1]) <= 500 <= sum(fetched)


def test_steps_end_where_parts_do():
    steps, end, ends = Steps(500), 0, set()
    for size in [10, 10, 900_000, 3, 70_000, 70_000, 8, 8, 8] * 9:
        rows = steps.next()
        end += rows
        ends.add(end)
        steps.took(rows, rows * size)
    assert set(range(500, end, 500)) <= ends
