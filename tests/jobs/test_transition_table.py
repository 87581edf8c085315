"""One table of edges, one function that changes a status."""

from itertools import product

import pytest
from sqlalchemy import update

from dashboard.errors import WrongState
from dashboard.jobs.transitions import JOB, move, states_before
from dashboard.models.states import EDGES, FINAL, JobStatus, rest_state
from tests.jobs.conftest import on
from tests.jobs.room import Room

S = JobStatus
PAIRS = list(product(S, S))


def reachable(start: JobStatus) -> set[JobStatus]:
    found, new = {start}, {start}
    while new:
        new = {to for source, to in EDGES if source in new} - found
        found |= new
    return found


@on("sqlite")
def test_every_pair_of_states(room: Room):
    job_id = room.dispatch(["a"])
    for source, to in PAIRS:
        with room.context.app.begin() as connection:
            connection.execute(update(JOB).values(status=source))
            if (source, to) in EDGES:
                assert move(connection, job_id, to, expected=(source,)).status == to
            else:
                with pytest.raises(WrongState):
                    move(connection, job_id, to, expected=(source,))


@on("sqlite", "postgres")
def test_not_from_another_state(room: Room):
    job_id = room.dispatch(["a"])
    with room.context.app.begin() as connection:
        assert move(connection, job_id, S.PAUSED, expected=(S.PAUSING,)) is None
    assert room.job(job_id).status == S.WAITING


@pytest.mark.parametrize("start", S)
def test_every_state_reaches_a_final_one(start: JobStatus):
    assert reachable(start) & FINAL


@pytest.mark.parametrize("state", sorted(set(S) - {S.DRAFT}))
def test_every_state_can_be_reached(state: JobStatus):
    assert states_before(state)
    assert state in reachable(S.DRAFT)


def test_only_a_retry_leaves_a_final_state():
    assert {to for source, to in EDGES if source in FINAL} == {S.WAITING}


def test_every_edge_has_its_reason():
    assert all(EDGES.values())


@pytest.mark.parametrize("state", S)
def test_every_state_has_one_for_rest(state: JobStatus):
    assert rest_state(state)
