"""Undo: what an import inserted is deleted, what it changed is restored, all else is told."""

from decimal import Decimal

import pytest
from sqlalchemy import insert, update

from tests.conversation.stock import ORDERS, STOCK, Talk, counts

HEAD = "code,name,price,quantity\n"
FIRST = HEAD + "A,Axle,1.50,1\nB,Bolt,2.00,\nC,Cog,,3\n"
SECOND = HEAD + "A,Axle,1.50,1\nB,Bolt M8,2.10,7\nD,Dowel,0.10,100\n"


def test_an_insert_is_taken_back(talk: Talk):
    job = talk.run(FIRST)
    assert counts(talk.undo(job.id)) == (0, 3, 0, 0, 0)
    assert talk.records() == []


def test_an_upsert_is_taken_back_to_what_was_before(talk: Talk):
    talk.run(FIRST)
    before = talk.records()
    job = talk.run(SECOND, mode="upsert")
    assert counts(job) == (1, 1, 1, 0, 0)
    assert counts(talk.undo(job.id)) == (0, 2, 1, 0, 0)
    assert talk.records() == before


def test_an_update_is_taken_back(talk: Talk):
    talk.run(FIRST)
    before = talk.records()
    job = talk.run(HEAD + "A,,,9\nC,Cog wheel,0.5,\n", mode="update")
    talk.undo(job.id)
    assert talk.records() == before


def test_records_edited_since_are_kept_and_listed(talk: Talk):
    job = talk.run(FIRST)
    talk.change(update(STOCK).where(STOCK.c.code == "B").values(quantity=8))
    reversal = talk.undo(job.id)
    assert counts(reversal) == (0, 2, 0, 0, 1)
    assert talk.failures(reversal.id) == [(3, "", "edited_since")]
    assert talk.records() == [("B", "Bolt", Decimal("2.00"), 8)]


def test_changed_records_edited_since_are_kept_and_listed(talk: Talk):
    talk.run(FIRST)
    job = talk.run(SECOND, mode="upsert")
    talk.change(update(STOCK).where(STOCK.c.code == "B").values(quantity=8))
    reversal = talk.undo(job.id)
    assert talk.failures(reversal.id) == [(3, "", "edited_since")]
    assert ("B", "Bolt M8", Decimal("2.10"), 8) in talk.records()


def test_records_that_others_name_are_kept_and_listed(talk: Talk):
    job = talk.run(FIRST)
    talk.change(insert(ORDERS).values(id=1, code="A"))
    reversal = talk.undo(job.id)
    assert talk.failures(reversal.id) == [(2, "", "still_referenced")]
    assert [code for code, *_ in talk.records()] == ["A"]


def test_records_gone_already_count_as_skipped(talk: Talk):
    job = talk.run(FIRST)
    talk.change(STOCK.delete().where(STOCK.c.code == "C"))
    assert counts(talk.undo(job.id)) == (0, 2, 0, 1, 0)


def test_rows_that_had_failed_are_not_touched(talk: Talk):
    talk.change(insert(STOCK).values(code="B", name="Bolt", price=Decimal("2.00")))
    job = talk.run(FIRST)
    assert counts(job) == (2, 0, 0, 0, 1)
    talk.undo(job.id)
    assert [code for code, *_ in talk.records()] == ["B"]


def test_an_undo_is_done_once(talk: Talk):
    job = talk.run(FIRST)
    reversal = talk.undo(job.id)
    assert f"was undone by job {reversal.id}" in talk.undo_refused(job.id)


def test_a_type_without_undo_says_so(talk: Talk):
    job = talk.run(FIRST, type="stock-kept-short")
    assert "did not keep what an undo needs" in talk.undo_refused(job.id)


@pytest.mark.parametrize("chunk_rows", [1, 2])
def test_chunk_after_chunk(talk: Talk, chunk_rows: int):
    talk.run(FIRST)
    before = talk.records()
    job = talk.run(SECOND, mode="upsert", chunkRows=chunk_rows)
    talk.undo(job.id)
    assert talk.records() == before
