"""Download the failed rows, correct them, upload them into the same job: it becomes clean."""

import csv
import gzip
import io

import pytest

from dashboard.errors import FileRefused, WrongState
from dashboard.formats.writing import write_rows
from dashboard.jobs.failed_rows import failed_rows
from dashboard.jobs.reupload import reupload_failed_rows
from dashboard.lib.cells import write_csv_rows
from tests.jobs.conftest import on
from tests.jobs.lines_job import MOMENTS, kill
from tests.jobs.room import Room, adds_up

LINES = ["a|1", "bad b|2", "c|3", "bad d|=4", "bad b|5", "bad f|6"]
COLUMNS = ["line", "note"]
BOTH = on("sqlite", "postgres")


def failed_job(room: Room, **options: object) -> int:
    return room.finished(LINES, columns=COLUMNS, chunkRows=3, **options)


def downloaded(room: Room, job_id: int) -> list[list[str]]:
    """As a spreadsheet program opens the failed-rows file."""
    data = b"".join(write_csv_rows(failed_rows(room.context.app, room.job(job_id)))).decode()
    return list(csv.reader(io.StringIO(data)))


def upload(room: Room, job_id: int, rows: list[list[str]], delimiter: str = ","):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    stored = room.upload(out.getvalue().encode())
    return room.do(reupload_failed_rows, job_id, "ann@example.com", stored, None)


def mended(rows: list[list[str]]) -> list[list[str]]:
    return [rows[0], *([row[0].removeprefix("bad ").upper(), *row[1:]] for row in rows[1:])]


@pytest.mark.parametrize("hidden", [False, True])
def test_round_trip(room: Room, hidden: bool):
    job_id = failed_job(room, hidden=hidden)
    rows = downloaded(room, job_id)
    if hidden:
        assert rows[1][:2] == ["•••", "•••"]
        rows = [rows[0], *(["X", *row[1:]] for row in rows[1:])]
    told = upload(room, job_id, mended(rows))
    assert (told.corrected, told.unchanged, told.missing) == (4, 0, 0)
    job = room.run(job_id)
    assert (job.status, job.created, job.failed) == ("completed", 6, 0)
    names = "XXXX" if hidden else "BDBF"
    fixed = [f"{name}|{note}" for name, note in zip(names, ("2", "=4", "5", "6"), strict=True)]
    assert room.written() == sorted(["a|1", "c|3", *fixed])


@pytest.mark.parametrize("step", ["process", "write", "written", "committed"])
def test_killed_half_way(room: Room, step: str):
    job_id = failed_job(room)
    upload(room, job_id, mended(downloaded(room, job_id)))

    def work(child: Room) -> None:
        MOMENTS[step] = lambda chunk: kill()
        child.runner.turn(job_id)

    assert room.in_child(work) < 0
    job = room.run(job_id)
    assert (job.created, job.failed) == (6, 0)
    assert adds_up(job)
    assert room.written() == ["B|2", "B|5", "D|=4", "F|6", "a|1", "c|3"]


@BOTH
def test_rows_and_columns_in_another_order_and_with_semicolons(room: Room):
    job_id = failed_job(room)
    head, *rows = mended(downloaded(room, job_id))
    turned = [head[::-1], *(row[::-1] for row in reversed(rows))]
    assert upload(room, job_id, turned, delimiter=";").corrected == 4
    assert room.run(job_id).created == 6


@BOTH
def test_as_a_workbook(room: Room):
    job_id = failed_job(room)
    head, *rows = mended(list(failed_rows(room.context.app, room.job(job_id))))
    stored = room.upload(b"".join(write_rows("xlsx", head, iter(rows))), "failed.xlsx")
    assert room.do(reupload_failed_rows, job_id, "ann", stored, None).corrected == 4
    assert room.run(job_id).created == 6
    assert room.written() == ["B|2", "B|5", "D|=4", "F|6", "a|1", "c|3"]


@BOTH
def test_packed(room: Room):
    job_id = failed_job(room)
    rows = mended(list(failed_rows(room.context.app, room.job(job_id))))
    stored = room.upload(gzip.compress(b"".join(write_csv_rows(rows))), "failed.csv.gz")
    assert room.do(reupload_failed_rows, job_id, "ann", stored, None).corrected == 4


@BOTH
def test_rows_deleted_from_the_file_stay_failed(room: Room):
    job_id = failed_job(room)
    told = upload(room, job_id, mended(downloaded(room, job_id))[:3])
    assert (told.corrected, told.missing) == (2, 2)
    assert room.run(job_id).failed == 2
    assert room.failures(job_id) == [(5, "bad b"), (6, "bad f")]


@BOTH
def test_rows_left_as_they_are_are_tried_again(room: Room):
    job_id = failed_job(room)
    rows = downloaded(room, job_id)
    told = upload(room, job_id, [*mended(rows)[:2], *rows[2:]])
    assert (told.corrected, told.unchanged) == (1, 3)
    assert room.run(job_id).failed == 3


@BOTH
def test_the_column_of_reasons_may_be_gone(room: Room):
    job_id = failed_job(room)
    assert upload(room, job_id, [r[:-1] for r in mended(downloaded(room, job_id))]).corrected == 4


@BOTH
def test_twice(room: Room):
    job_id = failed_job(room)
    rows = mended(downloaded(room, job_id))
    upload(room, job_id, rows)
    room.run(job_id)
    with pytest.raises(WrongState, match="nothing to try again"):
        upload(room, job_id, rows)
    assert len(room.written()) == 6


@BOTH
@pytest.mark.parametrize(("row", "match"), [
    (["x", "1", "1", ""], "Row 1 is not failed now, so nothing was changed"),
    (["x", "1", "99", ""], "Row 99 is not failed now"),
    (["x", "1", "2", ""], "Row 2 stands twice in your file"),
    (["x", "1", "two", ""], 'Row 6 of your file: "two" is no row number'),
    (["x", "1"], "Row 6 of your file has 2 cells"),
])  # fmt: skip
def test_all_rows_or_none(room: Room, row: list[str], match: str):
    job_id = failed_job(room)
    before = room.outcome(job_id)
    with pytest.raises(FileRefused, match=match):
        upload(room, job_id, [*mended(downloaded(room, job_id)), row])
    assert (room.outcome(job_id), room.job(job_id).round) == (before, 1)


@BOTH
@pytest.mark.parametrize(("head", "match"), [
    (["line", "note", "what is wrong"], 'no column "row in file"'),
    (["line", "row in file", "what is wrong"], 'no column "note", which the failed rows have'),
    (["line", "note", "row in file", "x"], 'no column "x". Delete it'),
])  # fmt: skip
def test_other_columns(room: Room, head: list[str], match: str):
    with pytest.raises(FileRefused, match=match):
        upload(room, failed_job(room), [head, ["2"] * len(head)])
