"""A table known by its name alone is imported like a model, in every mode."""

import pytest

from dashboard.errors import ConfigurationError
from dashboard.importers.chunk_job import GenericImportChunkJob
from dashboard.jobs.registry import JobType, Kind
from tests.importers.running import Result, add, run_job, stored
from tests.records.travel import Carrier, Stop, Ticket, Trip


def import_into(engine, table, content, *, purpose="run", **options):
    job_type = JobType("t", Kind.IMPORT, "T", job="", table=table)
    job = GenericImportChunkJob(job_type, options, engine.connect)
    job.purpose, job.uuid = purpose, "00000000-0000-4000-8000-000000000001"
    return run_job(engine, job, content.encode(), Result(0, 0, []))


@pytest.fixture
def tickets(target):
    add(target, Ticket(id=1, code="A", price=1), Ticket(id=2, code="B", price=2))
    return target


@pytest.mark.parametrize(
    ("mode", "counts", "prices"),
    [
        ("insert", (0, 0, 0, 0, 3), {"A": 1, "B": 2}),
        ("update", (0, 1, 1, 0, 1), {"A": 1, "B": 3}),
        ("upsert", (1, 1, 1, 0, 0), {"A": 1, "B": 3, "C": 4}),
    ],
)
def test_every_mode(tickets, mode, counts, prices):
    key = ["code"] if mode != "insert" else None
    content = "code,price,state,changed\nA,1,new,0\nB,3,new,0\nC,4,new,0\n"
    if mode == "insert":
        content = content.replace("C,4", ",4")
    assert import_into(tickets, "tickets", content, mode=mode, key=key).counts == counts
    assert {ticket.code: ticket.price for ticket in stored(tickets, Ticket)} == prices


@pytest.mark.parametrize("mode", ["insert", "update", "upsert"])
def test_a_check_of_every_mode(tickets, mode):
    content = "id,code,price,state,changed\n3,C,4,new,0\n"
    counts = import_into(tickets, "tickets", content, mode=mode, purpose="check").counts
    assert counts == ((0, 0, 0, 0, 1) if mode == "update" else (1, 0, 0, 0, 0))
    assert len(stored(tickets, Ticket)) == 2


def test_the_primary_key_is_the_key(tickets):
    result = import_into(tickets, "tickets", "id,price\n2,7\n", mode="update")
    assert (result.counts, stored(tickets, Ticket)[1].price) == ((0, 1, 0, 0, 0), 7)


def test_rules_of_the_table_are_the_rules_of_the_file(target):
    add(target, Carrier(code="AA", name="One"), Stop(id=5, faa="JFK"))
    content = "carrier,stop,number,seats,class\nAA,JFK,1,x,first\nZZ,JFK,2,1,third\nAA,JFK,3,1,\n"
    result = import_into(target, "trips", content + ",,,,\n", constants={"state": "new"})
    assert result.created == 1
    assert [(row, column) for row, column, _ in result.codes] == [
        (2, "seats"), (3, "class"), (3, "carrier"), (5, "number")
    ]  # fmt: skip
    assert stored(target, Trip)[0].stop_id == 5


def test_a_table_that_is_not_there_is_named(target):
    with pytest.raises(ConfigurationError, match="no table 'nothing'"):
        import_into(target, "nothing", "a\n1\n")
