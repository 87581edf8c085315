"""What only one database can be asked: races, locks, settings, raw bytes, odd names."""

import threading
import time

import pytest
from sqlalchemy import Column, Identity, Integer, MetaData, Table, Text, insert, select, update

from dashboard.errors import RecordsRefused
from dashboard.records.images import IMAGES, ensure_images, images_of
from dashboard.records.loading import writer_for
from dashboard.records.merging import Merge
from tests.importers.running import add
from tests.records.merges import batch_of, codes, counts, merge, tickets, write
from tests.records.travel import Ticket, TravelBase

TICKETS = Ticket.__table__


@pytest.fixture
def held(postgres):
    TravelBase.metadata.create_all(postgres)
    add(postgres, Ticket(code="a", seat=1), Ticket(code="b", seat=2))
    yield postgres
    with postgres.begin() as connection:
        connection.execute(TICKETS.delete())


def insert_of(code, **more):
    return insert(TICKETS).values(code=code, state="theirs", changed=0, **more)


def in_background(work):
    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.postgres
def test_a_record_added_meanwhile_is_updated_on_the_second_try(held):
    """The first try sees no record, waits for theirs at the unique index, and is refused."""
    batch = batch_of(Ticket, {"code": ["n"], "seat": [9]})
    writer, tried = writer_for("postgresql", batch, Merge("upsert", ("code",))), []

    def first_try():
        try:
            write(held, writer)
        except RecordsRefused as error:
            tried.append(error.details["code"])

    with held.connect() as other, other.begin():
        other.execute(insert_of("n", seat=5))
        thread = in_background(first_try)
        until_waiting(other)
    thread.join()
    assert tried == ["already_exists"]
    assert counts(merge(held, {"code": ["n"], "seat": [9]})) == (0, 1, 0, 0)


@pytest.mark.postgres
@pytest.mark.parametrize(("theirs", "told"), [(7, (0, 0, 1, 0)), (8, (0, 1, 0, 0))])
def test_a_record_edited_meanwhile_is_looked_at_again(held, theirs, told):
    found = []
    with held.connect() as other, other.begin():
        other.execute(update(TICKETS).where(TICKETS.c.code == "a").values(seat=theirs))
        thread = in_background(lambda: found.append(merge(held, {"code": ["a"], "seat": [7]})))
        until_waiting(other)
    thread.join()
    assert [counts(written) for written in found] == [told]
    assert tickets(held)["a"] == 7


@pytest.mark.postgres
def test_a_record_deleted_meanwhile_is_added_again(held):
    found = []
    with held.connect() as other, other.begin():
        other.execute(TICKETS.delete().where(TICKETS.c.code == "a"))
        thread = in_background(lambda: found.append(merge(held, {"code": ["a"], "seat": [7]})))
        until_waiting(other)
    thread.join()
    assert [counts(written) for written in found] == [(1, 0, 0, 0)]


def until_waiting(connection):
    asked = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    until = time.monotonic() + 30
    while not connection.exec_driver_sql(asked).scalar():
        assert time.monotonic() < until
        connection.exec_driver_sql("SELECT pg_stat_clear_snapshot()")


@pytest.mark.postgres
@pytest.mark.parametrize("isolate", [False, True])
def test_merges_of_the_same_records_wait_and_never_deadlock(held, isolate):
    many, found = [f"m{n}" for n in range(400)], []
    merge(held, {"code": many, "price": [0] * 400})

    def work(price, order):
        for n in range(4):
            given = {"code": many[::order], "price": [price + n] * 400}
            found.append(merge(held, given, batch={"isolate": isolate}).updated)

    threads = [in_background(lambda p=p, o=o: work(p, o)) for p, o in ((10, 1), (20, -1))]
    for thread in threads:
        thread.join()
    assert found == [400] * 8


@pytest.mark.postgres
def test_the_sessions_settings_come_back(held):
    batch = batch_of(Ticket, {"code": ["a"], "seat": [7]})
    writer = writer_for("postgresql", batch, Merge("upsert", ("code",)))
    asked = "SELECT current_setting('timezone'), current_setting('enable_hashjoin')"
    with held.connect() as connection, connection.begin():
        connection.exec_driver_sql("SET LOCAL timezone = 'Asia/Tokyo'")
        writer.write(connection)
        assert connection.exec_driver_sql(asked).one() == ("Asia/Tokyo", "on")


RAW = [
    (b"z,9\na,7\n", ",", "", False),
    (b'"z";9\r\n"a";7\r\n', ";", '"', False),
    (b'z,"9"\n"a",7\n', ",", '"', True),
]


@pytest.mark.postgres
@pytest.mark.parametrize(("raw", "delimiter", "quote", "compare"), RAW)
def test_the_files_own_bytes_know_their_rows(held, raw, delimiter, quote, compare):
    given = {"code": ["z", "a"], "seat": [9, 7]}
    how = {"raw": raw, "delimiter": delimiter, "quote": quote, "defaults": frozenset()}
    written = merge(held, given, mode="update", batch=how, compare=compare)
    assert (counts(written), codes(written)) == ((0, 1, 0, 1), [(2, "code", "not_found")])
    assert tickets(held) == {"a": 1 if compare else 7, "b": 2}


ODD = Table(
    "odd: 100 %s",
    MetaData(),
    Column("id %", Integer, Identity(always=True), primary_key=True),
    Column('a "b", (c) %', Text, unique=True, nullable=False),
    Column("place", Text),
    Column("d:e", Integer),
)


class Odd:
    __table__ = ODD


@pytest.fixture
def odd(target):
    ODD.create(target)
    ensure_images(target)
    yield target
    ODD.drop(target)
    with target.begin() as connection:
        connection.execute(IMAGES.delete())


def test_odd_names_and_always_generated_ids(odd):
    name, job = 'a "b", (c) %', ("u", 1)
    for place, told in ((["x", "y"], (2, 0, 0, 0)), (["x", "z"], (0, 1, 1, 0))):
        given = {"id %": [5, 6], name: ["k", "l"], "place": place, "d:e": [1, 2]}
        how = {"model": Odd, "key": ("id %",), "images": job}
        assert counts(merge(odd, given, compare=True, **how)) == told
        assert counts(merge(odd, given, **how)) == told
    with odd.connect() as connection:
        assert connection.execute(select(ODD.c.place)).scalars().all() == ["x", "z"]
        assert images_of(connection, *job)[0].before == {"place": "y"}


def test_plain_inserts_know_odd_names_too(odd):
    given = {'a "b", (c) %': ["k"], "place": ["x"], "d:e": [1]}
    write(odd, writer_for(odd.dialect.name, batch_of(Odd, given)))
    with odd.connect() as connection:
        assert connection.execute(select(ODD.c.place)).scalars().all() == ["x"]


def test_a_hundred_columns_are_kept(target):
    names = [f"c{n}" for n in range(120)]
    wide = Table(
        "wide",
        MetaData(),
        Column("id", Integer, primary_key=True),
        *(Column(n, Text) for n in names),
    )
    model = type("Wide", (), {"__table__": wide})
    wide.create(target)
    ensure_images(target)
    how = {"model": model, "key": ("id",), "images": ("w", 1)}
    for value in "ab":
        merge(target, {"id": [1], **{name: [value] for name in names}}, **how)
    with target.begin() as connection:
        assert images_of(connection, "w", 1)[0].before == dict.fromkeys(names, "a")
        connection.execute(IMAGES.delete())
    wide.drop(target)
