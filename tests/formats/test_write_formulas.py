"""Escaping a column at once, and in SQL: the same as cell by cell."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, create_engine, select
from sqlalchemy.engine import Engine

from dashboard.errors import ConfigurationError
from dashboard.formats.write_formulas import escape_cells, unescape_cells
from dashboard.formats.write_formulas_sql import escape_sql
from dashboard.lib.cells import escape_formula, unescape_formula

PARTS = ["", "'", "=", "-", "+", "@", "\t", "\n", "\r", "7", "12", ".", "e", "E", "x", "\uff1d"]
ODD = sorted({"".join(parts) for parts in product(PARTS, repeat=3)})
NUMBERS = ["-1.5", "-1.5e", "-1.5e+3", "-1.5e+-3", "-1e5e5", "-1.2.3", "-1..5", "-.5e1", "-1.e1"]
NUMBERS += [*(f"'{text}" for text in NUMBERS), "-1e+", "-1E-07", "-1ee5", "-1.5 ", "--1", "-\u0661"]
CELLS = [*ODD, *NUMBERS, "\uff0b1", "\uff0d1", "\uff20", "\ufeff=1", "\uff61", "日本", " =1", None]


def strings(cells: Sequence[str | None]) -> Any:
    return pa.array(cells, pa.string())


def expected() -> list[str | None]:
    return [None if cell is None else escape_formula(cell) for cell in CELLS]


def test_a_column_is_escaped_as_its_cells() -> None:
    assert escape_cells(strings(CELLS)).to_pylist() == expected()


def test_a_column_comes_back_as_it_was() -> None:
    assert unescape_cells(escape_cells(strings(CELLS))).to_pylist() == CELLS


def test_what_nobody_escaped_is_unescaped_as_its_cells() -> None:
    cells = [None if cell is None else unescape_formula(cell) for cell in CELLS]
    assert unescape_cells(strings(CELLS)).to_pylist() == cells


@pytest.mark.parametrize("cells", [["a", None, "", "-1", "'"], [None, None], []])
def test_a_column_without_formulas_is_not_copied(cells: list[str | None]) -> None:
    column = strings(cells)
    assert escape_cells(column) is column
    assert unescape_cells(column) is column


def test_a_part_of_a_column() -> None:
    assert escape_cells(strings(["=0", "=1", "a", "=3"]).slice(1, 2)).to_pylist() == ["'=1", "a"]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    postgres = request.param == "postgres"
    url = request.getfixturevalue("postgres_url") if postgres else "sqlite://"
    engine: Engine = create_engine(url)
    with engine.connect() as found:
        yield found
        found.rollback()
    engine.dispose()


def test_the_databases_escape_as_we_do(connection: Connection) -> None:
    number, text = Column("number", Integer), Column("text", Text)
    table = Table("cells", MetaData(), number, text, prefixes=["TEMPORARY"])
    table.create(connection)
    connection.execute(table.insert(), [{"number": n, "text": c} for n, c in enumerate(CELLS)])
    query = select(escape_sql(connection.dialect.name, text)).order_by(number)
    # As an export sends it: COPY takes no parameters.
    options = {"literal_binds": True}
    plain = str(query.compile(dialect=connection.dialect, compile_kwargs=options))
    assert list(connection.scalars(query)) == expected()
    assert [row for (row,) in connection.exec_driver_sql(plain)] == expected()


def test_another_database_is_named() -> None:
    with pytest.raises(ConfigurationError, match="mysql"):
        escape_sql("mysql", Column("text", Text))
