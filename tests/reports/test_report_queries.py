"""What a query or a method gives, and what the database says against it; without the process."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pandas as pd
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from dashboard.errors import JobEngineError
from dashboard.reports.child_run import line_at, make
from dashboard.reports.parameters import read_parameters
from dashboard.reports.refusals import printable
from dashboard.reports.tables import table_of_frame, table_of_rows
from tests.reports import sample_reports


@pytest.fixture
def run(target_url, tmp_path):
    """Makes a sample report in this process: its facts and rows."""

    def run(name, **given):
        now = datetime(2026, 3, 15, tzinfo=UTC)
        parameters = getattr(sample_reports, name).parameters
        request = {
            "report": f"tests.reports.sample_reports:{name}",
            "url": target_url,
            "parameters": read_parameters(parameters, given, lambda _: {"tea": ""}, now),
            "now": now.isoformat(),
            "output": str(tmp_path / "result.parquet"),
            "timeout": getattr(sample_reports, name).timeout,
        }
        facts = make(request, lambda _: None)
        return facts, pq.read_table(request["output"]).to_pylist()

    return run


def refused(run, name, **given):
    with pytest.raises(JobEngineError) as caught:
        run(name, **given)
    return caught.value


def test_parameters_are_bound(run):
    assert run("Sales", kind="tea")[1] == [{"kind": "tea", "pieces": 9, "sales": 3}]
    assert [row["kind"] for row in run("Sales")[1]] == ["jam", "rum", "tea"]


def test_a_month_binds_its_parts(run):
    assert run("Months")[1] == [{"y": 2026, "m": 2, "n": 3}]
    assert run("Months", first="-2m")[1] == [{"y": 2026, "m": 1, "n": 2}]


def test_a_result_that_is_too_long_is_cut_and_says_so(run):
    facts, rows = run("Capped")
    assert (len(rows), facts["cut"], facts["of"], facts["rows"]) == (3, True, None, 3)
    facts, rows = run("CappedCode")
    assert (len(rows), facts["cut"], facts["of"]) == (1, True, 3)


def test_types_are_kept(run):
    _, [row] = run("Odd")
    assert row["word"] == "a"
    assert row["blank"] is None
    assert row["flag"] in (True, 1)
    assert row["point"] in (2.5, Decimal("2.5"))
    assert (row["clock"], row["share"]) == ("12:30", "10%")


@pytest.mark.parametrize(
    "name", ["Writes", "WritesByFunction", "WritesByCode", "WritesAfterCommit", "WritesInOneText"]
)
def test_nothing_is_written(run, target, name):
    # SQLite has neither DELETE in WITH nor setval: it refuses to read such texts at all.
    error = refused(run, name)
    no_such_thing = target.dialect.name == "sqlite" and error.code == "report_sql"
    assert no_such_thing or error.code in ("report_writes", "report_statements")
    with target.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM sales")) == 6


def test_one_statement_only(run):
    assert refused(run, "TwoStatements").code == "report_statements"


def test_an_error_of_the_database_in_its_words_and_with_the_line(run, target):
    error = refused(run, "BadSql")
    assert error.code == "report_sql"
    assert "colour" in error.message
    if target.dialect.name == "postgresql":
        assert "(line 2 of the SQL)" in error.message


@pytest.mark.parametrize(("name", "word"), [("BadSyntax", "input|sales"), ("NoTable", "nowhere")])
def test_other_errors_of_the_database(run, name, word):
    error = refused(run, name)
    assert error.code == "report_sql"
    assert re.search(word, error.message)
    assert "SELECT" not in error.message


def test_a_query_that_never_ends(run):
    assert refused(run, "NeverEndsSql").code == "report_too_slow"


def test_errors_of_the_code_name_no_address(run):
    error = refused(run, "Raises")
    assert error.code == "report_code"
    assert "KeyError" in error.message
    assert "secret" not in error.message


def test_the_code_may_refuse_in_its_own_words(run):
    error = refused(run, "Refuses")
    assert (error.code, error.message) == ("no_sales", "There are no sales in that month yet.")


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("NoFrame", "report_result", "returned list, no DataFrame"),
        ("NoSuchColumn", "report_columns", 'no column "pieces", which the report names for the'),
        ("SameNames", "report_columns", 'Column "id" of the report is there 2 times'),
    ],
)
def test_results_that_are_none(run, name, code, said):
    error = refused(run, name)
    assert error.code == code
    assert said in error.message


def frame_refused(frame):
    with pytest.raises(JobEngineError) as caught:
        table_of_frame(frame, 10)
    return caught.value.message


def test_odd_frames_become_plain_tables():
    frame = pd.DataFrame(
        {
            "kind": pd.Categorical(["a", "b", None]),
            "at": pd.to_datetime(["2026-01-01T12:00+02:00", None, None]),
            "n": pd.array([1, None, 3], dtype="Int64"),
            "x": [1.5, float("nan"), float("inf")],
            "text": pd.array(["a", None, "c"], dtype="string"),
            "day": [date(2026, 1, 1), None, None],
            5: [True, False, True],
        },
        index=[7, 3, 9],
    )
    table, of = table_of_frame(frame, 10)
    assert of == 3
    assert [str(t) for t in table.schema.types] == [
        "string", "timestamp[us, tz=UTC]", "int64", "double", "string", "date32[day]", "bool",
    ]  # fmt: skip
    rows = table.to_pylist()
    assert rows[0]["at"] == datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert (rows[1]["kind"], rows[1]["n"], rows[1]["x"]) == ("b", None, None)
    assert table.column_names[-1] == "5"


def test_a_named_index_is_columns():
    frame = pd.DataFrame({"a": ["x", "y", "x"], "b": [1, 2, 3], "v": 1.0}).groupby(["a", "b"]).sum()
    assert table_of_frame(frame, 10)[0].column_names == ["a", "b", "v"]


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pd.DataFrame({"v": [1]}, index=["lost"]), "without a name"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), 'Column "a" of the report is there 2 times'),
        (pd.DataFrame([[1]], columns=[" "]), "has no name"),
        (pd.DataFrame(), "has no column"),
        (pd.DataFrame({"v": [1, "a"]}), 'Column "v" of the report holds "a" in row 2'),
        (pd.DataFrame({"v": pd.to_timedelta([1])}), "holds duration"),
        (pd.DataFrame({"v": pd.interval_range(0, 2)}), 'Column "v" of the report'),
        (pd.DataFrame({"v": [{"a": 1}]}), "holds struct"),
        (pd.DataFrame({"v": [b"a"]}), "holds binary"),
        (pd.DataFrame({"v": [1j]}), 'Column "v" of the report'),
        (pd.DataFrame({"v": [2**70]}), 'Column "v" of the report'),
        (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])), "several levels"),
        (pd.DataFrame({"a": [1]}, index=pd.Index([1], name="a")), "a column and the index"),
    ],
)
def test_frames_that_no_file_could_hold(frame, said):
    assert said in frame_refused(frame)


def test_rows_that_mix_types_name_the_first_that_does_not_go():
    rows = [(1,)] * 20_000 + [("a",)]
    with pytest.raises(JobEngineError, match="mixes int64 and string"):
        table_of_rows(["v"], rows, 100_000)
    with pytest.raises(JobEngineError, match=r'holds "a" in row 3'):
        table_of_rows(["v"], [(1,), (2.5,), ("a",)], 100_000)


def test_numbers_of_several_types_become_the_wider_one():
    rows = [(1, None)] * 20_000 + [(2.5, Decimal("1.50"))]
    table, more = table_of_rows(["v", "w"], rows, 100_000)
    assert (table["v"][-1].as_py(), table["w"][-1].as_py(), more) == (2.5, Decimal("1.50"), False)


def test_the_line_an_error_points_to():
    statement = "SELECT %(a)s,\n '%%', %(b)s\nFROM %(a)s"
    sent = "SELECT $1,\n '%', $2\nFROM $1"
    assert line_at(statement, sent.index("FROM") + 1) == 3
    assert line_at(statement, sent.index("$2") + 1) == 2


def test_messages_are_one_line_without_addresses():
    assert printable("a\n b  postgresql://me:pw@h/d c") == "a b … c"
    assert len(printable("x" * 9999)) == 500
