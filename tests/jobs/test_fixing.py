"""Failed rows put right by a person: single cells, and one choice for a whole cause."""

import pytest

from dashboard.errors import InputRefused, WrongState
from dashboard.jobs.failure_list import Filter
from dashboard.jobs.fixing import Fix, correct_rows, fix_cause
from dashboard.jobs.transitions import JOB
from tests.jobs.conftest import on
from tests.jobs.lines_job import MOMENTS, kill
from tests.jobs.room import Room, adds_up

LINES = ["a|1", "bad b|2", "c|3", "bad d|4", "bad b|5", "bad f|6"]
COLUMNS = ["line", "note"]
CAUSE = Filter("line", "refused")
STEPS = ["process", "write", "written", "closed", "committed"]
BOTH = on("sqlite", "postgres")


def failed_job(room: Room, **options: object) -> int:
    return room.finished(LINES, columns=COLUMNS, chunkRows=3, **options)


def correct(room: Room, job_id: int, corrections: dict[int, dict[str, str]]):
    return room.do(correct_rows, job_id, "ann@example.com", corrections, None)


def fix(room: Room, job_id: int, how: Fix, cause: Filter = CAUSE):
    return room.do(fix_cause, job_id, "ann@example.com", cause, how, None)


def test_one_cell_of_two_rows(room: Room):
    job_id = failed_job(room)
    assert correct(room, job_id, {2: {"line": "B"}, 6: {"line": "F", "note": "six"}}).rows == 2
    job = room.run(job_id)
    assert (job.created, job.failed, job.round) == (4, 2, 2)
    assert room.written() == ["B|2", "F|six", "a|1", "c|3"]
    assert adds_up(job)


@pytest.mark.parametrize("hidden", [False, True])
def test_a_correction_builds_on_an_earlier_one(room: Room, hidden: bool):
    job_id = failed_job(room, hidden=hidden)
    correct(room, job_id, {2: {"note": "two"}})
    assert room.run(job_id).failed == 4
    correct(room, job_id, {2: {"line": "B"}})
    room.run(job_id)
    assert room.written() == ["B|two", "a|1", "c|3"]


@pytest.mark.parametrize("step", STEPS)
def test_killed_in_a_corrected_round(room: Room, step: str):
    job_id = failed_job(room)
    correct(room, job_id, {2: {"line": "B"}, 4: {"line": "D"}})

    def work(child: Room) -> None:
        MOMENTS[step] = lambda chunk: kill()
        child.runner.turn(job_id)

    assert room.in_child(work) < 0
    job = room.run(job_id)
    assert (job.created, job.failed, room.written()) == (4, 2, ["B|2", "D|4", "a|1", "c|3"])


def test_hidden_cells_come_from_the_file(room: Room):
    job_id = failed_job(room, hidden=True)
    correct(room, job_id, {6: {"line": "F"}})
    room.run(job_id)
    assert room.written() == ["F|6", "a|1", "c|3"]


def test_a_ragged_row_is_filled_up(room: Room):
    job_id = room.finished(["bad a"], columns=COLUMNS)
    correct(room, job_id, {1: {"line": "A"}})
    room.run(job_id)
    assert room.written() == ["A|"]


@BOTH
def test_a_row_that_is_not_failed(room: Room):
    job_id = failed_job(room)
    with pytest.raises(WrongState, match="Rows 1, 3 are not failed now, so nothing was changed"):
        correct(room, job_id, {1: {"line": "x"}, 2: {"line": "B"}, 3: {"line": "y"}})
    assert (room.job(job_id).round, room.job(job_id).status) == (1, "completed")


@BOTH
def test_a_column_the_file_does_not_have(room: Room):
    with pytest.raises(InputRefused, match='Row 2: the file has no column "lime"'):
        correct(room, failed_job(room), {2: {"lime": "x"}})


@BOTH
def test_a_second_tab_comes_too_late(room: Room):
    job_id = failed_job(room)
    correct(room, job_id, {2: {"line": "B"}})
    with pytest.raises(WrongState):
        correct(room, job_id, {2: {"line": "C"}})
    room.run(job_id)
    with pytest.raises(WrongState, match="Row 2 is not failed now"):
        correct(room, job_id, {2: {"line": "C"}, 4: {"line": "D"}})
    assert room.written() == ["B|2", "a|1", "c|3"]


def test_one_value_for_all(room: Room):
    job_id = failed_job(room)
    assert fix(room, job_id, Fix("set", "x")).rows == 4
    job = room.run(job_id)
    assert (job.created, job.failed) == (6, 0)
    assert room.written() == ["a|1", "c|3", "x|2", "x|4", "x|5", "x|6"]


@pytest.mark.parametrize("hidden", [False, True])
def test_one_value_in_the_place_of_another(room: Room, hidden: bool):
    job_id = failed_job(room, hidden=hidden)
    assert fix(room, job_id, Fix("map", "B", old="bad b")).rows == 2
    job = room.run(job_id)
    assert (job.created, job.failed) == (4, 2)
    assert room.written() == ["B|2", "B|5", "a|1", "c|3"]


@BOTH
def test_cleared(room: Room):
    job_id = failed_job(room)
    fix(room, job_id, Fix("empty"), Filter("line", "refused", "bad f"))
    room.run(job_id)
    assert sorted(room.written()) == ["a|1", "c|3", "|6"]


def test_left_out(room: Room):
    job_id = failed_job(room)
    assert fix(room, job_id, Fix("skip")).rows == 4
    job = room.run(job_id)
    assert (job.created, job.skipped, job.failed, room.written()) == (2, 4, 0, ["a|1", "c|3"])
    assert adds_up(job)


@BOTH
def test_what_a_map_lets_remember(room: Room):
    job_id = failed_job(room)
    with room.context.app.begin() as connection:
        layout = {"columns": COLUMNS, "fields": {"line": "name"}}
        connection.execute(JOB.update().where(JOB.c.id == job_id).values(layout=layout))
    fixed = fix(room, job_id, Fix("map", "B", old="bad b"))
    assert fixed.remember == ("name", "bad b", "B")


@BOTH
@pytest.mark.parametrize("cause", [Filter("", "refused"), Filter("zone", "refused")])
def test_a_cause_without_a_cell(room: Room, cause: Filter):
    with pytest.raises(InputRefused, match="no cell can be set for all of them"):
        fix(room, failed_job(room), Fix("set", "x"), cause)


@BOTH
def test_nothing_fails_so(room: Room):
    job_id = failed_job(room)
    with pytest.raises(WrongState, match="nothing to try again"):
        fix(room, job_id, Fix("map", "x", old="not there"))
    assert room.job(job_id).status == "completed"
