"""Reading another database: cursors, ties, limits, and what is told when it cannot be read."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url

from dashboard.errors import ConfigurationError, LeaseLost
from dashboard.formats.table_form import ROW
from dashboard.settings import Settings
from dashboard.sync import sql_source_pages
from dashboard.sync.source import Ask, Cursor, Environment, Page, Secret, SourceError
from dashboard.sync.sql_source import SqlSource
from dashboard.sync.sql_source_opening import database, read_url
from tests.mariadb import PASSWORD, READER
from tests.sync.other_databases import OtherDatabase, other_database

KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres), "mariadb"]


@pytest.fixture(params=KINDS)
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OtherDatabase]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/other.db"
    else:
        found = request.getfixturevalue(f"{request.param}_url")
        url = found if isinstance(found, str) else found.render_as_string(hide_password=False)
    with other_database(url) as database:
        yield database


def pages(source: SqlSource, cursor: Cursor | None = None, **said: Any) -> list[Page]:
    return list(source.read(Ask(Settings(), cursor, **said)))


def ids(found: list[Page]) -> list[int]:
    return [int(row["id"]) for page in found for row in page.rows.to_pylist()]


def things(other: OtherDatabase, **options: Any) -> SqlSource:
    return SqlSource(other.url, table="things", **{"cursor": "changed_at", **options})


def test_a_table_is_read_whole_without_a_cursor(other: OtherDatabase) -> None:
    other.add([(1, "10:00"), (2, "09:00")])
    found = pages(things(other, cursor=None))
    assert sorted(ids(found)) == [1, 2]
    assert [page.cursor for page in found] == [None]
    assert found[0].rows.schema.names == ["id", "name", "changed_at", ROW]
    assert found[0].rows.to_pylist()[1][ROW] == 2


def test_a_later_run_reads_what_changed_since(other: OtherDatabase) -> None:
    other.add([(1, "10:00:00.000001"), (2, "09:00")])
    first = pages(things(other))
    other.add([(3, "10:00:00.000002")])
    second = pages(things(other), first[-1].cursor)
    assert (ids(first), ids(second)) == ([2, 1], [3])
    third = pages(things(other), second[-1].cursor)
    assert (ids(third), third[0].cursor) == ([], second[-1].cursor)
    assert "no new rows" in third[0].note


def test_numbers_are_cursors_too(other: OtherDatabase) -> None:
    other.add([(9, "10:00"), (10, "10:00"), (11, "10:00")])
    source = things(other, cursor="id")
    cursor = pages(source)[-1].cursor
    assert cursor == {"column": "id", "kind": "int", "value": "11"}
    other.add([(100, "10:00")])
    assert ids(pages(source, cursor)) == [100]
    assert ids(pages(things(other, cursor="id", lag=2), cursor)) == [10, 11, 100]


def test_a_lag_reads_the_last_while_again(other: OtherDatabase) -> None:
    other.add([(1, "09:00"), (2, "09:58:30"), (3, "10:00")])
    cursor = pages(things(other))[-1].cursor
    other.add([(4, "09:59")])
    assert ids(pages(things(other, lag=90), cursor)) == [4, 3]
    assert things(other, lag=90).rereads


def test_a_query_is_read_like_a_table(other: OtherDatabase) -> None:
    other.add([(1, "10:00"), (2, "11:00")])
    query = "WITH late AS (SELECT id, changed_at FROM things) SELECT * FROM late; "
    source = SqlSource(other.url, query=query, cursor="changed_at")
    first = pages(source)
    assert (ids(first), first[0].rows.schema.names[:2]) == ([1, 2], ["id", "changed_at"])
    assert ids(pages(source, first[-1].cursor)) == []


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("BATCH_ROWS", 4), ("FIRST_FETCH", 2), ("MOST_FETCHED", 2)):
        monkeypatch.setattr(sql_source_pages, name, value)


@pytest.mark.usefixtures("small_pages")
def test_no_cursor_stands_between_rows_of_one_time(other: OtherDatabase) -> None:
    other.add([(n, f"10:0{n // 3}") for n in range(15)])
    found = pages(things(other))
    assert sorted(ids(found)) == list(range(15))
    for place, page in enumerate(found):
        rest = pages(things(other), page.cursor)
        assert sorted(ids(found[: place + 1]) + ids(rest)) == list(range(15))
    numbers = [row[ROW] for page in found for row in page.rows.to_pylist()]
    assert numbers == list(range(1, 16))


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("count", [3, 4, 8, 9])
def test_many_rows_of_one_time_have_one_cursor_behind_them(
    other: OtherDatabase, count: int
) -> None:
    other.add([(n, "10:00") for n in range(count)])
    found = pages(things(other))
    assert [page.cursor is None for page in found] == [True] * (len(found) - 1) + [False]
    assert sorted(ids(found)) == list(range(count))


def test_rows_without_a_cursor_s_value_are_told(other: OtherDatabase) -> None:
    other.add([(1, "10:00")])
    other.run("UPDATE things SET changed_at = NULL")
    with pytest.raises(SourceError, match="some rows have no changed_at"):
        pages(things(other))


def test_a_cursor_that_is_gone_is_told_with_what_there_is(other: OtherDatabase) -> None:
    with pytest.raises(SourceError, match=r"no column 'altered'.*found: id, name, changed_at\.$"):
        pages(things(other, cursor="altered"))


def test_a_cursor_of_another_column_is_not_taken(other: OtherDatabase) -> None:
    other.add([(1, "10:00")])
    cursor = pages(things(other, cursor="id"))[-1].cursor
    with pytest.raises(SourceError, match="full refresh"):
        pages(things(other), cursor)


def test_a_lag_needs_something_to_count_back_from(other: OtherDatabase) -> None:
    other.add([(1, "10:00")])
    source = things(other, cursor="name", lag=5)
    with pytest.raises(SourceError, match="neither a number nor a time"):
        pages(source, pages(source)[-1].cursor)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT altered FROM things", "altered"),
        ("SELECT * FROM nowhere", "nowhere"),
        ("SELECT id, name AS id FROM things", "id"),
        ("DELETE FROM things", "refuses the source's query"),
        ("SELECT 1 AS a; DROP TABLE things", "refuses the source's query"),
    ],
)
def test_a_query_that_cannot_be_read_is_told(other: OtherDatabase, query: str, said: str) -> None:
    other.add([(1, "10:00")])
    with pytest.raises(SourceError, match=said) as refused:
        pages(SqlSource(other.url, query=query))
    assert refused.value.permanent
    assert ids(pages(things(other))) == [1]


def test_a_statement_has_its_time(other: OtherDatabase) -> None:
    other.add([(n, "10:00") for n in range(300)])
    more = "SELECT COUNT(*) AS id FROM things a, things b, things c, things d, things e"
    with pytest.raises(SourceError, match=r"longer than 0\.2 seconds") as slow:
        pages(SqlSource(other.url, query=more, statement_seconds=0.2))
    assert not slow.value.permanent


def test_a_run_that_is_stopped_stops_while_the_database_works(other: OtherDatabase) -> None:
    other.add([(n, "10:00") for n in range(300)])
    more = "SELECT COUNT(*) AS id FROM things a, things b, things c, things d, things e"
    asked = threading.Event()

    def stopped() -> None:
        if asked.is_set():
            raise LeaseLost("elsewhere")

    threading.Timer(0.2, asked.set).start()
    with pytest.raises(LeaseLost):
        pages(SqlSource(other.url, query=more), check=stopped)


def test_a_source_that_is_left_early_is_left_at_once(
    other: OtherDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    other.add([(n, "10:00") for n in range(100)])
    many = "SELECT a.id FROM things a, things b, things c"
    reading = SqlSource(other.url, query=many, statement_seconds=5).read(Ask(Settings()))
    next(reading)
    reading.close()
    assert caplog.records == []


def test_memory_is_bounded_by_bytes_not_by_rows(other: OtherDatabase) -> None:
    other.add([(n, "10:00") for n in range(60)])
    wide = f"SELECT id, '{'x' * 100_000}' AS text FROM things"
    found = pages(SqlSource(other.url, query=wide))
    assert len(found) >= 2
    assert max(page.rows.nbytes for page in found) < 4 << 20


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be reached") as gone:
        pages(SqlSource(f"sqlite:///{tmp_path}/none.db", table="things"))
    assert not gone.value.permanent
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_down_is_told() -> None:
    for scheme in ("postgresql", "mysql"):
        with pytest.raises(SourceError, match=r"127\.0\.0\.1/shop cannot be reached") as down:
            pages(SqlSource(f"{scheme}://me@127.0.0.1:1025/shop", table="things"))
        assert (down.value.code, down.value.permanent) == ("not_reachable", False)


def reader_url(mariadb_url: Any) -> str:
    user = f"{READER}_{os.getpid()}"
    return f"mysql://{user}@{mariadb_url.host}:{mariadb_url.port}/{mariadb_url.database}"


def test_the_password_is_a_secret(mariadb_url: Any) -> None:
    source = SqlSource(reader_url(mariadb_url), query="SELECT 1 AS a", password=Secret("shop"))
    assert source.secret_names == ("shop",)
    assert len(pages(source, secrets={"shop": PASSWORD})) == 1
    with pytest.raises(SourceError, match="shop of the source is not set"):
        pages(source)
    with pytest.raises(SourceError, match="cannot be reached") as wrong:
        pages(source, secrets={"shop": "hidden word"})
    assert "hidden" not in wrong.value.message


def test_the_whole_url_may_stand_in_the_environment(
    mariadb_url: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_url(reader_url(mariadb_url)).set(password=PASSWORD)
    monkeypatch.setenv("SHOP_URL", url.render_as_string(hide_password=False))
    source = SqlSource(Environment("SHOP_URL"), query="SELECT 1 AS a")
    assert len(pages(source)) == 1
    assert source.describe() == "the database in SHOP_URL, a query"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": "postgresql://me:hidden@db/shop", "table": "a"}, "holds a password"),
        ({"url": "oracle://db/shop", "table": "a"}, "use postgresql"),
        ({"url": "no url", "table": "a"}, "use postgresql"),
        ({"url": "sqlite://", "table": "a"}, "names no file"),
        ({"url": "sqlite:///a.db"}, "either a table or a query"),
        ({"url": "sqlite:///a.db", "table": "a", "query": "SELECT 1"}, "either a table"),
        ({"url": "sqlite:///a.db", "table": "a", "lag": 5}, "lag"),
        ({"url": "sqlite:///a.db", "table": "a", "password": "hidden"}, "use Secret"),
        ({"url": "sqlite:///a.db", "table": "a", "statement_seconds": 0}, "statement_seconds"),
    ],
)
def test_options_are_checked_when_the_source_is_made(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        SqlSource(**options)
    assert "hidden" not in refused.value.message


def test_what_a_source_is_in_words() -> None:
    source = SqlSource("postgresql://me@db.example/shop", table="sales.orders")
    assert source.describe() == "PostgreSQL db.example/shop, table sales.orders"
    assert source.whole
    assert not source.rereads


@pytest.mark.postgres
def test_nothing_can_be_written(postgres_url: str) -> None:
    with other_database(postgres_url) as database:
        database.run(
            "CREATE OR REPLACE FUNCTION spoil() RETURNS integer LANGUAGE sql AS"
            " $$ INSERT INTO things VALUES (1) RETURNING id $$"
        )
        with pytest.raises(SourceError, match="read-only"):
            pages(SqlSource(postgres_url, query="SELECT spoil() AS a"))
        database.run("DROP FUNCTION spoil")


def test_the_connection_itself_refuses_to_write(other: OtherDatabase) -> None:
    url = read_url(other.url)
    with database(url, 5, lambda: None) as opened, pytest.raises(SourceError, match=r"read|READ"):
        opened.run(lambda: opened.connection.exec_driver_sql("DELETE FROM things"))


def test_sqlite_is_read_while_another_writes(tmp_path: Path) -> None:
    with other_database(f"sqlite:///{tmp_path}/other.db") as database:
        database.run("PRAGMA journal_mode = WAL")
        database.add([(n, "10:00") for n in range(5)])
        writer = create_engine(f"sqlite:///{tmp_path}/other.db").connect()
        writer.exec_driver_sql("INSERT INTO things VALUES (9, 'b', '11:00')")
        assert len(ids(pages(things(database)))) == 5
        writer.close()
        writer.engine.dispose()
