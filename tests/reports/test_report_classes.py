"""What an engineer writes: a class that cannot work is refused when it is read."""

import ast
import inspect

import pytest

from dashboard.demo import reports as demo
from dashboard.errors import ConfigurationError
from dashboard.reports.parameters import Parameter
from dashboard.reports.report import Chart, Report, report_for
from tests.reports import sample_reports
from tests.reports.conftest import report_type


def test_a_complete_report_is_short():
    source = inspect.getsource(sample_reports.Sales)
    assert len(source.strip().splitlines()) < 15
    assert report_for(report_type("Sales")).key_columns == ("kind",)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"sql": "DELETE FROM t"}, "begin with SELECT"),
        ({"sql": "/* SELECT */ UPDATE t SET a = 1"}, "begin with SELECT"),
        ({"sql": "SELECT :wat"}, "names :wat in its sql"),
        ({"sql": {"mysql": "SELECT 1"}}, "sql for 'mysql'"),
        ({"sql": "SELECT 1", "run": lambda *_: None}, "sql and a method run"),
        ({"sql": "SELECT 1", "chart": Chart("pie", "a", "b")}, "chart of the kind 'pie'"),
        ({"sql": "SELECT 1", "row_limit": 0}, "row_limit"),
        ({"sql": "SELECT 1", "memory": 5}, "memory from 256 MB"),
        ({"sql": "SELECT 1", "parameters": {"x": Parameter("colour")}}, "no type 'colour'"),
    ],
)
def test_a_broken_class_is_refused(body, said):
    with pytest.raises(ConfigurationError, match=said):
        type("Broken", (Report,), body)


@pytest.mark.parametrize(
    "sql",
    ["-- why\nSELECT 1", "/* a */ ( select 1 )", "WITH a AS (SELECT 1) TABLE a", "VALUES (1)"],
)
def test_what_reads_is_taken(sql):
    assert type("Fine", (Report,), {"sql": sql}).sql == sql


def test_a_report_that_says_nothing_is_named():
    sample_reports.Empty = type("Empty", (Report,), {})
    with pytest.raises(ConfigurationError, match="neither sql nor a method run"):
        report_for(report_type("Empty"))
    with pytest.raises(ConfigurationError, match="no Report class"):
        report_for(report_type("Path"))


def test_colons_that_are_no_parameters():
    cls = type("Casts", (Report,), {"sql": r"SELECT '12:30' AS a, 1::text AS b, '\:x' AS c"})
    assert cls().statement("postgresql", {})[1] == {}


def test_a_text_for_each_database():
    cls = type("Two", (Report,), {"sql": {"postgresql": "SELECT 1", "sqlite": "SELECT 2"}})
    assert (cls().sql_for("postgresql"), cls().sql_for("sqlite")) == ("SELECT 1", "SELECT 2")


def test_the_demo_never_writes_values_into_sql():
    tree = ast.parse(inspect.getsource(demo))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
