"""A report in its child process: its result, and everything that may not go on."""

import time

import psutil
import pyarrow.parquet as pq
import pytest

from dashboard.jobs.whole_job import Stopped
from dashboard.reports import child
from dashboard.reports.job import GenericReportJob
from dashboard.reports.refusals import ReportRefused, TargetAway
from tests.reports.conftest import on, report_type


def run(desk, name, **params):
    job = GenericReportJob(report_type(name), {"params": params}, None)
    return job.run(desk)


def rows_of(desk, result):
    with desk.store.open(result.file.key) as stream:
        return pq.read_table(stream).to_pylist()


def refused(desk, name, **params):
    """Nothing is left in the store then."""
    with pytest.raises(ReportRefused) as caught:
        run(desk, name, **params)
    assert list(desk.store.keys("reports")) == []
    return caught.value


@on("sqlite")
def test_sql_becomes_a_stored_file_with_its_facts(desk):
    result = run(desk, "Sales", kind=None, least=2)
    assert [row["pieces"] for row in rows_of(desk, result)] == [8, 4, 8]
    assert result.rows == 3
    assert result.name.startswith("sales-report-2")
    facts = result.meta["report"]
    words = {"label": "Pieces sold", "unit": "pcs", "digits": 0, "grouped": True}
    assert facts["columns"][1] == {"name": "pieces", "type": "int64", **words}
    assert (facts["cut"], facts["of"], facts["key"]) == (False, 3, ["kind"])
    assert facts["chart"] == {"kind": "bar", "x": "kind", "y": ["pieces"]}
    assert facts["parameters"][1] == {"name": "least", "label": "At least", "value": "2"}


@on("sqlite")
def test_code_becomes_a_stored_file(desk):
    result = run(desk, "ByCode", least=3)
    assert [tuple(row.values()) for row in rows_of(desk, result)] == [
        ("jam", 8), ("rum", 4), ("tea", 6),
    ]  # fmt: skip


@on("sqlite")
def test_what_a_report_prints_is_no_answer(desk):
    assert run(desk, "Prints").rows == 1


@on("sqlite")
def test_a_cut_stands_in_the_name_of_the_file(desk):
    result = run(desk, "Capped")
    assert (result.rows, result.meta["report"]["cut"]) == (3, True)
    assert result.name.endswith("-first-3-rows.parquet")


@on("postgres")
def test_nothing_is_written_by_a_process_either(desk):
    assert refused(desk, "WritesAfterCommit").code == "report_writes"


@on("sqlite")
def test_code_that_never_ends(desk, monkeypatch, tmp_path):
    monkeypatch.setattr(child, "GRACE_SECONDS", 0.1)
    error = refused(desk, "NeverEndsCode", mark=str(tmp_path / "pid"))
    assert error.code == "report_too_slow"
    assert "its limit of 0.3 s" in error.message
    assert not is_alive(tmp_path / "pid")


@on("sqlite")
def test_code_that_eats_memory(desk):
    error = refused(desk, "EatsMemory")
    assert error.code == "report_memory"
    assert "512 MB" in error.message


@on("sqlite")
def test_a_process_that_dies(desk):
    assert refused(desk, "Dies").code == "report_died"


@on("sqlite")
def test_a_stop_kills_the_process_and_what_it_started(desk, tmp_path):
    mark, began = tmp_path / "pid", []

    def stop():
        if mark.exists():
            began.append(time.monotonic())
            raise Stopped

    desk.check = stop
    with pytest.raises(Stopped):
        run(desk, "LongCode", mark=str(mark))
    assert time.monotonic() - began[0] < 2
    assert not is_alive(mark)


@on("sqlite")
def test_a_database_that_is_away_is_tried_again(desk):
    url = "postgresql+psycopg://nobody@127.0.0.1:9/none"
    desk.settings = type(desk.settings)(target_database_url=url)
    with pytest.raises(TargetAway):
        run(desk, "Sales", kind=None, least=0)


def is_alive(mark):
    """A killed grandchild may stay as a zombie until init takes it."""
    try:
        return psutil.Process(int(mark.read_text())).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
