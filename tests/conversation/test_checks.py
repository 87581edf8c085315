"""A check: the same counts and failures as the run that follows, and nothing written."""

from sqlalchemy import insert

from dashboard.jobs.checking import check_result
from dashboard.models.job import Job
from tests.conversation.stock import STOCK, Talk, counts

HEAD = "code,name,price,quantity\n"
FIRST = HEAD + "A,Axle,1.50,1\nB,Bolt,2.00,\nC,Cog,,3\n"
SECOND = HEAD + "A,Axle,1.50,1\nB,Bolt M8,2.10,7\nD,Dowel,0.10,100\nE,Eye,cheap,\n,Foot,1,1\n"


def test_a_check_tells_what_the_run_does(talk: Talk):
    talk.run(FIRST)
    checked = talk.run(SECOND, mode="upsert", check=True)
    job = talk.run(SECOND, mode="upsert")
    assert counts(checked) == counts(job) == (1, 1, 1, 0, 2)
    assert talk.failures(checked.id) == talk.failures(job.id)


def test_a_check_writes_nothing(talk: Talk):
    talk.run(FIRST)
    before = talk.records()
    talk.run(SECOND, mode="upsert", check=True)
    assert talk.records() == before


def test_a_check_burns_no_ids(talk: Talk):
    talk.run(FIRST)
    talk.run(SECOND, mode="upsert", check=True)
    talk.run(SECOND, check=True)
    talk.change(insert(STOCK).values(code="Z"))
    with talk.context.target.connect() as connection:
        assert connection.scalar(STOCK.select().where(STOCK.c.code == "Z")) == 4


def test_an_insert_is_checked_too(talk: Talk):
    talk.run(FIRST)
    checked = talk.run(SECOND, check=True)
    assert counts(checked) == (1, 0, 0, 0, 4)


def test_samples_show_old_and_new_by_field(talk: Talk):
    talk.run(FIRST)
    checked = talk.run(SECOND, mode="upsert", check=True)

    def samples(session):
        return check_result(session.connection(), session.get_one(Job, checked.id)).samples

    found = {(s.row, s.key, s.field): (s.old, s.new) for s in talk.in_session(samples)}
    assert found[3, "B", "name"] == ("Bolt", "Bolt M8")
    assert found[3, "B", "quantity"] == (None, "7")
    assert len(found) == 3


def test_a_check_has_no_undo(talk: Talk):
    checked = talk.run(FIRST, check=True)
    assert "only imports can be undone" in talk.undo_refused(checked.id)
