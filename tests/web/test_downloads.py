"""The failed rows of a job as a file: what is streamed, and that it is complete."""

import csv
import json
from io import StringIO
from types import SimpleNamespace

import pytest

from dashboard.jobs import failed_rows as file
from dashboard.lib.cells import write_csv_rows
from tests.factories import sign_in
from tests.web.job_parts import COLUMNS, add_failures, add_running_job


@pytest.fixture
def owner(client):
    return sign_in(client)


def failed_rows(client, job_id, query=""):
    response = client.get(f"/jobs/{job_id}/failures.csv{query}")
    return list(csv.reader(StringIO(response.text)))


def test_failed_rows_are_as_the_file_gave_them_with_number_and_reason(app, client, owner):
    job_id = add_running_job(app, owner, [{}])
    add_failures(app, job_id, [(4, "code", "odd", "x,\n1")])
    header, row = failed_rows(client, job_id)
    assert header == [*COLUMNS, "row in file", "what is wrong"]
    assert row == ["x,\n1", "name 4", "4", 'code: "x,\n1" is wrong. Use another.']


@pytest.mark.parametrize(
    ("record", "cells"),
    [(["x"], ["x", ""]), (["x", "y", "z"], ["x", "y"]), (["=1+1"], ["'=1+1", ""])],
)
def test_ragged_rows_keep_our_columns_in_place_and_formulas_do_not_run(record, cells):
    failure = SimpleNamespace(record=json.dumps(record), column="", message="Wrong.")
    rows = b"".join(write_csv_rows([file.file_row(list(COLUMNS), 4, [failure])])).decode()
    assert next(csv.reader(StringIO(rows)))[:3] == [*cells, "4"]


def test_a_row_with_two_bad_cells_is_one_row(app, client, owner):
    job_id = add_running_job(app, owner, [{}])
    add_failures(app, job_id, [(4, "code", "odd", "x"), (4, "name", "odd", "x")])
    assert [row[2] for row in failed_rows(client, job_id)[1:]] == ["4"]


@pytest.mark.parametrize("batch", [1, 2, 3, 4, 50])
def test_batches_lose_and_repeat_no_row(app, client, owner, monkeypatch, batch):
    monkeypatch.setattr(file, "BATCH", batch)
    job_id = add_running_job(app, owner, [{}])
    cells = [(row, column, "odd", "x") for row in (2, 3, 5, 8) for column in COLUMNS]
    add_failures(app, job_id, cells)
    assert [row[2] for row in failed_rows(client, job_id)[1:]] == ["2", "3", "5", "8"]


def test_only_the_rows_of_one_cause(app, client, owner):
    job_id = add_running_job(app, owner, [{}])
    add_failures(app, job_id, [(4, "code", "odd", "x"), (5, "code", "blank", "")])
    assert [row[2] for row in failed_rows(client, job_id, "?column=code&code=odd")[1:]] == ["4"]


def test_our_columns_never_take_a_name_of_the_file():
    assert file.own_columns(["row in file"]) == ["row in file*", "what is wrong*"]
