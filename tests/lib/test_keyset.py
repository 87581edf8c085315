"""Paging by keyset: every row once, both ways, whatever the address says."""

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select

from dashboard.lib.keyset import Cursor, Keyset

ITEMS = Table("items", MetaData(), Column("size", Integer), Column("id", Integer))
SIZES = [5, 3, 5, 1, 5, 3, 2]


@pytest.fixture(scope="module")
def connection():
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        ITEMS.create(connection)
        connection.execute(insert(ITEMS), [{"size": s, "id": i} for i, s in enumerate(SIZES)])
        yield connection
    engine.dispose()


def order(descending=True):
    columns = (ITEMS.c.size, ITEMS.c.id)
    return Keyset(columns, lambda row: (row.size, row.id), descending=descending, size=3)


def page(connection, keyset, text=None):
    cursor = Cursor.decode(text, (int, int))
    rows = connection.execute(keyset.select(select(ITEMS), cursor)).all()
    return keyset.page(rows, cursor)


@pytest.mark.parametrize("descending", [True, False])
def test_every_row_comes_once_in_order(connection, descending):
    keyset, found, place = order(descending), [], None
    while True:
        shown = page(connection, keyset, place)
        found += [tuple(row) for row in shown.rows]
        place = shown.next
        if place is None:
            break
    pairs = [(size, number) for number, size in enumerate(SIZES)]
    assert found == sorted(pairs, reverse=descending)


def test_going_back_shows_the_page_one_came_from(connection):
    first = page(connection, order())
    second = page(connection, order(), first.next)
    assert page(connection, order(), second.previous).rows == first.rows


def test_the_first_page_has_no_page_before_it(connection):
    first = page(connection, order())
    back = page(connection, order(), page(connection, order(), first.next).previous)
    assert (first.previous, back.previous) == (None, None)


def test_the_last_page_has_no_page_after_it(connection):
    second = page(connection, order(), page(connection, order()).next)
    assert page(connection, order(), second.next).next is None


@pytest.mark.parametrize(
    "text",
    ["", "x", "W10", "bnVsbA", "WzAsMSwyLDNd", "WzAsIjEiLDJd", "WzAsdHJ1ZSwyXQ", "é", "e30"],
)
def test_a_made_up_place_is_no_place(text):
    assert Cursor.decode(text, (int, int)) is None


def test_a_place_no_database_can_hold_is_no_place():
    assert Cursor.decode(Cursor((2**63, 1)).encode(), (int, int)) is None


def test_a_place_reads_back():
    cursor = Cursor((-3, 12), backwards=True)
    assert Cursor.decode(cursor.encode(), (int, int)) == cursor
