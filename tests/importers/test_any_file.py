"""Any file into a table of its own: every cell as written, the same on both databases."""

import gzip

import pytest
from sqlalchemy import inspect

from dashboard.errors import FileRefused, InputRefused
from dashboard.importers.any_file import AnyFileImportJob, column_names
from dashboard.jobs.registry import JobType, Kind
from tests.importers.running import Folder, Result, run_job, run_sql

TYPE = JobType("any-file", Kind.IMPORT, "Any file", job="", undo_days=0)


@pytest.fixture
def take(target, tmp_path):
    """Import a file's bytes into a table, and drop it afterwards."""
    made = set()

    def run(content, name="a.csv", *, purpose="run", isolate=False, **options):
        options = {"table": "anything", **options}
        made.add(options["table"])
        job = AnyFileImportJob(TYPE, options, target.connect)
        job.purpose, job.forms = purpose, Folder(tmp_path, name)
        data = content if isinstance(content, bytes) else content.encode()
        return run_job(target, BeforeFirst(job, target), data, Result(0, 0, []), isolate)

    yield run
    for name in made & {"anything", "other"}:
        run_sql(target, f"DROP TABLE IF EXISTS {name}")


class BeforeFirst:
    """Plans and then calls `before`, as preparing does."""

    def __init__(self, job, engine):
        self.job, self.engine = job, engine

    def __getattr__(self, name):
        return getattr(self.job, name)

    def plan(self, source):
        plan = self.job.plan(source)
        with self.engine.begin() as connection:
            self.job.before(connection)
        return plan


def rows(engine, table="anything"):
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"')]


def names(engine, table="anything"):
    return [column["name"] for column in inspect(engine).get_columns(table)]


CELLS = 'a,b,c\n007,NA,"x, ""y"""\n,"",\\N\n 1 ,é\\.,"two\nlines"\n'
READ = [("007", "NA", 'x, "y"'), ("", "", "\\N"), (" 1 ", "é\\.", "two\nlines")]


@pytest.mark.parametrize("isolate", [False, True])
def test_every_cell_is_text_as_written(target, take, isolate):
    assert take(CELLS, isolate=isolate).counts == (3, 0, 0, 0, 0)
    assert (rows(target), names(target)) == (READ, ["a", "b", "c"])


def test_packed_text_gives_the_same(target, take):
    take(gzip.compress(CELLS.encode()), "a.csv.gz", chunkRows=1)
    assert rows(target) == READ


def test_plain_cells_need_no_quotes(target, take):
    take("a;b\n1;\n;2\n")
    assert rows(target) == [("1", ""), ("", "2")]


def test_a_control_character_that_marks_blanks_is_a_cell(target, take):
    take("a,b\n\x02,1\n,2\n")
    assert rows(target) == [("\x02", "1"), ("", "2")]


def test_absent_cells_are_null_and_blank_ones_are_not(target, take):
    take('{"a":"","b":1}\n{"b":null}\n{"a":"x","b":[1, {"c": 2}]}\n', "a.jsonl")
    assert rows(target) == [("", "1"), (None, None), ("x", '[1,{"c":2}]')]


def test_ragged_rows_fail_and_the_others_go_in(target, take):
    result = take("a,b\n1,2\n3\n4,5\n")
    assert (result.created, result.codes) == (2, [(3, "", "wrong_cell_count")])


def test_headers_name_the_columns(target, take):
    take("a,,a,50%,Größe\n1,2,3,4,5\n")
    assert names(target) == ["a", "column_2", "a_2", "50%", "Größe"]
    assert rows(target) == [("1", "2", "3", "4", "5")]


def test_awkward_headers_are_taken(target, take):
    take('"a ""b""",x:y,select,%s,(c),ctid\n1,2,3,4,5,6\n')
    assert names(target) == ['a "b"', "x:y", "select", "%s", "(c)", "ctid_2"]
    assert rows(target) == [tuple("123456")]


def test_long_headers_are_shortened_to_different_names():
    long = "é" * 40
    made = column_names("postgresql", [long + "1", long + "2", "b"])
    assert (len(set(made)), max(len(name.encode()) for name in made)) == (3, 62)


def test_a_header_that_fits_keeps_its_name():
    assert column_names("postgresql", ["x" * 70, "x" * 63, "ctid"])[1] == "x" * 63


def test_sqlite_knows_no_case():
    assert column_names("sqlite", ["a", "A", "A_2"]) == ["a", "A_3", "A_2"]
    assert column_names("postgresql", ["a", "A"]) == ["a", "A"]


def test_more_columns_than_a_table_takes_are_refused():
    with pytest.raises(FileRefused, match=r"1,601 columns; a table takes at most 1,600"):
        column_names("postgresql", [str(number) for number in range(1601)])


def test_as_many_columns_as_a_table_takes(target, take):
    header = ",".join(f"c{number}" for number in range(1600))
    assert take(f"{header}\n{',' * 1599}\n").created == 1
    assert len(names(target)) == 1600


def test_a_row_too_large_for_a_record_fails_alone(target, take):
    header = ",".join(f"c{number}" for number in range(1600))
    large, small = ",".join(["0123456789"] * 1600), "," * 1599
    result = take(f"{header}\n{large}\n{small}\n")
    takes_any = target.dialect.name == "sqlite"
    assert result.codes == ([] if takes_any else [(2, "", "row_too_large")])
    assert result.created == (2 if takes_any else 1)


@pytest.mark.parametrize("name", [None, "", "1a", "a b", 'a"', "a" * 64, "sqlite_x", "pg_x", 5])
def test_a_table_needs_a_plain_name(take, name):
    with pytest.raises(InputRefused) as refused:
        take("a\n1\n", table=name)
    assert refused.value.code == "table"


@pytest.mark.parametrize(
    "options", [{"mode": "upsert"}, {"mapping": {"a": None}}, {"key": ["a"]}, {"values": {"a": {}}}]
)
def test_what_means_nothing_here_is_refused(take, options):
    with pytest.raises(InputRefused):
        take("a\n1\n", **{"values": {"a": {"b": "c"}}} if "values" in options else options)


def test_a_table_that_is_there_is_refused(take):
    take("a\n1\n")
    with pytest.raises(InputRefused, match="There is a table 'anything' already"):
        take("a\n1\n")
    with pytest.raises(InputRefused, match="There is a table 'trips' already"):
        take("a\n1\n", table="trips")


def test_sqlite_does_not_tell_upper_from_lower_case(target, take):
    if target.dialect.name == "sqlite":
        with pytest.raises(InputRefused, match="There is a table 'Trips' already"):
            take("a\n1\n", table="Trips")
    else:
        assert take("a\n1\n", table="Other").created == 1
        run_sql(target, 'DROP TABLE "Other"')


def test_prepared_again_after_a_crash_it_takes_its_own_table(target, take):
    run_sql(target, 'CREATE TABLE anything ("a" TEXT, "b" TEXT)')
    assert take("a,b\n1,2\n").created == 1


def test_an_empty_table_with_other_columns_is_not_its_own(target, take):
    run_sql(target, 'CREATE TABLE anything ("a" TEXT, "c" TEXT)')
    with pytest.raises(InputRefused, match="already"):
        take("a,b\n1,2\n")


def test_a_check_makes_no_table(target, take):
    assert take("a\n1\n2\n", purpose="check").counts == (2, 0, 0, 0, 0)
    assert not inspect(target).has_table("anything")
