"""Values of three kinds of databases as texts, exactly."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, create_engine, make_url, text

from dashboard.settings import Settings
from dashboard.sync.source import Ask
from dashboard.sync.sql_source import SqlSource

ASK = Ask(Settings())
POSTGRES = {
    "true": "true",
    "NULL::boolean": None,
    "7::smallint": "7",
    "9223372036854775807": "9223372036854775807",
    "0.1::float8 + 0.2": "0.30000000000000004",
    "'NaN'::float8": "NaN",
    "'-Infinity'::float8": "-Infinity",
    "1.50::numeric(10,2)": "1.50",
    "12345678901234567890.123456789012345678": "12345678901234567890.123456789012345678",
    "''": "",
    "E'a\\tb\\nü\\\\'": "a\tb\nü\\",
    "date '2026-01-31'": "2026-01-31",
    "date '10000-01-01'": "10000-01-01",
    "time '05:30:00.5'": "05:30:00.5",
    "timestamp '2026-01-31 05:30:00'": "2026-01-31T05:30:00",
    "timestamp 'infinity'": "infinity",
    "timestamptz '2026-01-31 05:30:00.123456+02'": "2026-01-31T03:30:00.123456Z",
    "interval '1 month 2 hours'": "P1MT2H",
    '\'{"a": 1.10, "b": 1}\'::json': '{"a": 1.10, "b": 1}',
    "'{\"a\": 1.10}'::jsonb": '{"a": 1.10}',
    "array[1,2]": "[1,2]",
    "array[1.50]": "[1.50]",
    "array['a','b\"']": '["a","b\\""]',
    "'\\x00ff'::bytea": "\\x00ff",
    "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "'10:30'::text": "10:30",
    "'%s :name'": "%s :name",
}
MARIADB = {
    "true": "1",
    "18446744073709551615": "18446744073709551615",
    "CAST(1.50 AS DECIMAL(10,2))": "1.50",
    "0.1e0 + 0.2e0": "0.30000000000000004",
    "'ü€😀'": "ü€😀",
    "DATE '2026-01-31'": "2026-01-31",
    "CAST('2026-01-31 05:30:00.123456' AS DATETIME(6))": "2026-01-31T05:30:00.123456",
    "CAST('-838:59:59' AS TIME)": "-838:59:59",
    "x'00ff'": "\\x00ff",
    "NULL": None,
    "'%s :name'": "%s :name",
}
SQLITE = {
    "1": "1",
    "1.0": "1.0",
    "9223372036854775807": "9223372036854775807",
    "0.1 + 0.2": "0.30000000000000004",
    "'ü'": "ü",
    "''": "",
    "x'00ff'": "\\x00ff",
    "NULL": None,
    "'2026-01-31 05:30:00'": "2026-01-31 05:30:00",
    "'%s :name ::x'": "%s :name ::x",
}


def cells(source: SqlSource) -> list[dict[str, Any]]:
    return [row for page in source.read(ASK) for row in page.rows.to_pylist()]


def values(url: Any, expressions: Mapping[str, str | None]) -> dict[str, str | None]:
    """What one query brings for all of them."""
    chosen = ", ".join(f"{expression} AS v{n}" for n, expression in enumerate(expressions))
    row = cells(SqlSource(str(url), query=f"SELECT {chosen} -- one line;"))[0]
    return {expression: row[f"v{n}"] for n, expression in enumerate(expressions)}


@pytest.mark.postgres
def test_values_of_postgresql(postgres_url: str) -> None:
    assert values(postgres_url, POSTGRES) == POSTGRES


def test_values_of_mariadb(mariadb_url: URL) -> None:
    assert values(mariadb_url, MARIADB) == MARIADB


def test_values_of_sqlite(tmp_path: Path) -> None:
    (tmp_path / "other.db").touch()
    assert values(f"sqlite:///{tmp_path}/other.db", SQLITE) == SQLITE


@pytest.fixture
def stamps(mariadb_url: URL) -> Iterator[SqlSource]:
    engine = create_engine(mariadb_url)
    with engine.begin() as made:
        made.execute(text("SET time_zone = '+02:00', sql_mode = ''"))
        made.execute(text("CREATE TABLE stamps (at TIMESTAMP(3) NULL, day DATE, flag BIT(1))"))
        made.execute(text("INSERT INTO stamps VALUES ('2026-01-31 05:30:00', '0000-00-00', b'1')"))
    yield SqlSource(str(mariadb_url), table="stamps")
    with engine.begin() as made:
        made.execute(text("DROP TABLE stamps"))
    engine.dispose()


def test_instants_of_mariadb_are_utc_and_days_that_are_none_come_along(stamps: SqlSource) -> None:
    seen = cells(stamps)[0]
    assert (seen["at"], seen["day"]) == ("2026-01-31T03:30:00.000Z", "0000-00-00")
    assert seen["flag"] == "\\x01"


def test_urls_are_read_in_the_spellings_people_use(tmp_path: Path) -> None:
    path = tmp_path / "with space?.db"
    path.touch()
    assert cells(SqlSource(f"file:{path}", query="SELECT 1 AS a"))[0]["a"] == "1"
    assert make_url("postgres://h/d").drivername == "postgres"
