"""`flask jobs import`: its options become the job's, as the API names them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from config import from_environment
from dashboard.app import create_app
from dashboard.demo.models import Airline
from dashboard.extensions import Base, db
from dashboard.models.job import Job
from tests.factories import add_user, committed

SEMICOLONS = "Code;Name;Founded\nM1;One;31.12.2001\nM2;Two;01.02.2003\n"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """With the real types; commands commit for good."""
    environ = {"LOG_LEVEL": "CRITICAL", "DEMO": "0"}
    app = create_app(from_environment(environ, instance=tmp_path_factory.mktemp("imports")))
    with app.app_context():
        Base.metadata.create_all(db.engine)
    add_user(app, "admin", email="ann@example.com")
    yield app
    app.extensions["jobengine"].close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path, SEMICOLONS)


def written(folder: Path, text: str, name: str = "carriers.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


def run(app: Flask, *words: Any) -> Result:
    return app.test_cli_runner().invoke(args=[str(word) for word in words])


def import_(app: Flask, file: Path, *words: Any) -> Result:
    return run(app, "jobs", "import", "airlines", file, "--json", *words)


def body(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def options(app: Flask, result: Result) -> dict[str, Any]:
    with committed(app) as session:
        return dict(session.get_one(Job, body(result)["id"]).options)


def test_nothing_chosen_is_nothing_kept(app: Flask, file: Path) -> None:
    assert options(app, import_(app, file)) == {}


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (
            ("--mode", "upsert", "--key", "carrier,name"),
            {"mode": "upsert", "key": ["carrier", "name"]},
        ),
        (("--map", "Code=carrier", "--map", "x="), {"mapping": {"Code": "carrier", "x": None}}),
        (("--map", "a=b=name"), {"mapping": {"a=b": "name"}}),
        (("--constant", "name=A=B"), {"constants": {"name": "A=B"}}),
        (("--delimiter", ";", "--quote", ""), {"delimiter": ";", "quote": ""}),
        (("--encoding", "cp1252", "--sheet", "May"), {"encoding": "cp1252", "sheet": "May"}),
        (("--header-row", "0", "--chunk-rows", "9"), {"headerRow": 0}),
        (("--format", "tsv", "--no-undo"), {"format": "tsv", "undo": False}),
        (("--duplicates", "last"), {"duplicates": "last"}),
        (("--mode", "update", "--blanks", "leave"), {"mode": "update", "blanks": "leave"}),
        (
            ("--date", "Founded=DMY", "--decimal", "Price=,", "--thousands", "Price=."),
            {"formats": {"Founded": {"date": "DMY"}, "Price": {"decimal": ",", "thousands": "."}}},
        ),
        (("--most-failed-rows", "5"), {"mostFailedRows": 5}),
        (("--most-failed-percent", "1.5"), {"mostFailedPercent": 1.5}),
    ],
)
def test_options_by_the_names_of_the_api(
    app: Flask, file: Path, words: tuple[str, ...], kept: dict[str, Any]
) -> None:
    assert options(app, import_(app, file, *words)) == kept


@pytest.mark.parametrize(
    "words",
    [
        ("--mode", "replace"),
        ("--blanks", "leave"),
        ("--key", "carrier,carrier"),
        ("--map", "Code"),
        ("--constant", "name"),
        ("--date", "Founded=DDD"),
        ("--decimal", "=,"),
        ("--header-row", "-1"),
        ("--delimiter", "ab"),
        ("--format", "docx"),
        ("--most-failed-percent", "101"),
    ],
)
def test_wrong_usage(app: Flask, file: Path, words: tuple[str, ...]) -> None:
    result = import_(app, file, *words)
    assert (result.exit_code, result.stdout) == (64, "")


@pytest.mark.parametrize("words", [("--map", "Code=kode"), ("--table", "t"), ("--key", "kode")])
def test_a_field_the_type_does_not_have(app: Flask, file: Path, words: tuple[str, ...]) -> None:
    result = import_(app, file, *words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "kode" in result.stderr or "any-file" in result.stderr


def test_any_file_takes_its_table(app: Flask, file: Path) -> None:
    result = run(app, "jobs", "import", "any-file", file, "--table", "t1", "--inline", "--json")
    assert (result.exit_code, body(result)["created"]) == (0, 2)


def test_chosen_mapping_runs_inline(app: Flask, file: Path) -> None:
    words = ("--map", "Code=carrier", "--map", "Founded=", "--inline")
    job = body(import_(app, file, *words))
    assert (job["status"], job["created"], job["error"]) == ("completed", 2, None)


def test_a_check_writes_nothing(app: Flask, tmp_path: Path) -> None:
    file = written(tmp_path, "carrier,name\nK1,One\n,Nobody\n")
    result = import_(app, file, "--check", "--inline")
    job = body(result)
    assert (result.exit_code, job["purpose"], job["created"], job["failed"]) == (2, "check", 1, 1)
    assert records(app, "K1") == 0


def test_undo_takes_it_back_and_rerun_does_it_again(app: Flask, tmp_path: Path) -> None:
    file = written(tmp_path, "carrier,name\nU1,One\n")
    job_id = body(import_(app, file, "--inline"))["id"]
    assert records(app, "U1") == 1
    undone = body(run(app, "jobs", "undo", job_id, "--inline", "--json"))
    assert (undone["purpose"], undone["status"], records(app, "U1")) == ("undo", "completed", 0)
    again = body(run(app, "jobs", "rerun", job_id, "--inline", "--json"))
    assert (again["id"] != job_id, again["created"], records(app, "U1")) == (True, 1, 1)


def test_nobody_does_more_here_than_their_role_allows(app: Flask, file: Path) -> None:
    job_id = body(import_(app, written(file.parent, "carrier,name\nR1,One\n"), "--inline"))["id"]
    add_user(app, "manager", email="max@example.com")
    add_user(app, "staff", email="sam@example.com")
    refused = [
        import_(app, file, "--user", "max@example.com"),
        run(app, "jobs", "undo", job_id, "--user", "max@example.com"),
        run(app, "jobs", "undo", job_id, "--user", "sam@example.com"),
        run(app, "jobs", "import", "any-file", file, "--table", "t", "--user", "sam@example.com"),
    ]
    assert [(result.exit_code, result.stdout) for result in refused] == [(1, "")] * 4


@pytest.mark.parametrize("verb", ["undo", "rerun"])
def test_a_missing_job(app: Flask, verb: str) -> None:
    result = run(app, "jobs", verb, 99999)
    assert (result.exit_code, result.stdout) == (1, "")


def test_failures_as_a_workbook(app: Flask, tmp_path: Path) -> None:
    file = written(tmp_path, "carrier,name\n,Nobody\n")
    job_id = body(import_(app, file, "--inline"))["id"]
    run(app, "jobs", "failures", job_id, "-o", tmp_path / "failed.xlsx")
    sheet = CalamineWorkbook.from_path(str(tmp_path / "failed.xlsx")).get_sheet_by_index(0)
    header, row = sheet.to_python()
    assert header == ["carrier", "name", "row in file", "what is wrong"]
    assert (row[1], "carrier" in str(row[3])) == ("Nobody", True)


def records(app: Flask, carrier: str) -> int:
    with committed(app) as session:
        query = select(func.count()).select_from(Airline).where(Airline.carrier == carrier)
        return session.scalar(query) or 0
