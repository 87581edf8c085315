"""`flask jobs export`: its options become the job's, and -o brings the finished file."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import Result
from flask import Flask

from config import from_environment
from dashboard.app import create_app
from dashboard.cli import exports, file_output
from dashboard.demo.models import Airline
from dashboard.exporters.presets import save_preset
from dashboard.extensions import Base, db
from dashboard.models.job import Job
from dashboard.models.stored_file import StoredFile
from tests.factories import add_user, committed

CARRIERS = [("AA", "American"), ("B6", "JetBlue"), ("UA", "=United")]
TYPES = {
    "export": {"airlines-export": {"model": "dashboard.demo.models:Airline"}},
    "import": {"airlines": {"model": "dashboard.demo.models:Airline"}},
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """With a table of three; commands commit for good."""
    environ = {"LOG_LEVEL": "CRITICAL", "DEMO": "0"}
    instance = tmp_path_factory.mktemp("exports")
    app = create_app(from_environment(environ, instance=instance, job_types=TYPES))
    with app.app_context():
        Base.metadata.create_all(db.engine)
    with committed(app) as session:
        session.add_all(Airline(carrier=carrier, name=name) for carrier, name in CARRIERS)
    user = add_user(app, "admin", email="ann@example.com")
    with committed(app) as session:
        choices = {"format": "tsv", "columns": ["name"]}
        save_preset(session, user, "airlines-export", "names", choices)
    yield app
    app.extensions["jobengine"].close()
    with app.app_context():
        db.engine.dispose()


def run(app: Flask, *words: Any) -> Result:
    return app.test_cli_runner().invoke(args=[str(word) for word in words])


def export(app: Flask, *words: Any) -> Result:
    return run(app, "jobs", "export", "airlines-export", *words)


def options(app: Flask, *words: Any) -> dict[str, Any]:
    result = export(app, "--json", *words)
    assert result.exit_code == 0, result.stderr
    with committed(app) as session:
        return dict(session.get_one(Job, json.loads(result.stdout)["id"]).options)


def test_nothing_chosen_is_nothing_kept(app: Flask) -> None:
    assert options(app) == {}


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (("--format", "xlsx", "--labels"), {"format": "xlsx", "labels": True}),
        (("--columns", "name, carrier"), {"columns": ["name", "carrier"]}),
        (
            ("--delimiter", ";", "--decimal", ",", "--encoding", "utf-8-sig"),
            {"delimiter": ";", "decimal": ",", "encoding": "utf-8-sig"},
        ),
        (
            ("--compression", "gzip", "--no-header", "--no-escape", "--names"),
            {"compression": "gzip", "header": False, "escapeFormulas": False, "labels": False},
        ),
        (("--preset", "names"), {"format": "tsv", "columns": ["name"]}),
        (("--preset", "names", "--columns", "carrier"), {"format": "tsv", "columns": ["carrier"]}),
    ],
)
def test_options_by_the_names_of_the_api(
    app: Flask, words: tuple[str, ...], kept: dict[str, Any]
) -> None:
    assert options(app, *words) == kept


@pytest.mark.parametrize(
    ("text", "op", "value"),
    [
        ("carrier=AA", "eq", "AA"),
        ("carrier = a=b", "eq", "a=b"),
        ("carrier!=AA", "ne", "AA"),
        ("carrier<B6", "lt", "B6"),
        ("carrier<=B6", "le", "B6"),
        ("carrier>B6", "gt", "B6"),
        ("carrier >= B6", "ge", "B6"),
        ("name~jet", "contains", "jet"),
        ("name=", "null", True),
        ("name!=", "null", False),
        ("carrier in AA, UA", "in", ["AA", "UA"]),
    ],
)
def test_where(app: Flask, text: str, op: str, value: Any) -> None:
    field = "name" if text.startswith("name") else "carrier"
    filters = [{"field": field, "op": op, "value": value}]
    assert options(app, "--where", text) == {"filters": filters}


@pytest.mark.parametrize(
    "words",
    [
        ("--where", "carrier"),
        ("--where", "=AA"),
        ("--format", "docx"),
        ("--delimiter", "ab"),
        ("--format", "xlsx", "--delimiter", ";"),
        ("-o", "/no/such/folder/x.csv"),
        ("-o", "/"),
        ("-o", "-", "--json"),
    ],
)
def test_wrong_usage(app: Flask, words: tuple[str, ...]) -> None:
    result = export(app, *words)
    assert (result.exit_code, result.stdout) == (64, "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--where", "colour=red"), 'Filter 1: there is no field "colour". Fields: carrier, name.'),
        (("--where", "name~"), "Filter 1 (name): there is no value."),
        (("--columns", "colour"), 'there is no field "colour"'),
        (("--preset", "mine"), 'You have no preset "mine"'),
        (("--user", "max@example.com"), "manager"),
    ],
)
def test_what_the_table_or_the_person_does_not_allow(
    app: Flask, words: tuple[str, ...], told: str
) -> None:
    with committed(app) as session:
        known = session.query(Job).count()
    if "--user" in words:
        add_user(app, "manager", email="max@example.com")
    result = export(app, *words)
    assert (result.exit_code, result.stdout, told in result.stderr) == (1, "", True)
    with committed(app) as session:
        assert session.query(Job).count() == known


def test_a_type_of_another_kind(app: Flask) -> None:
    assert run(app, "jobs", "export", "airlines").exit_code == 64
    assert run(app, "jobs", "export", "nothing").exit_code == 1


def test_the_finished_file(app: Flask, tmp_path: Path) -> None:
    target = tmp_path / "carriers.csv"
    result = export(app, "--inline", "-o", target, "--where", "carrier>=B6", "--json")
    body = json.loads(result.stdout)
    assert (result.exit_code, body["status"], body["created"]) == (0, "completed", 2)
    rows = list(csv.reader(target.read_text().splitlines()))
    assert rows == [["carrier", "name"], ["B6", "JetBlue"], ["UA", "'=United"]]
    assert list(tmp_path.iterdir()) == [target]


def test_the_files_name_says_the_format(app: Flask, tmp_path: Path) -> None:
    export(app, "--inline", "-o", tmp_path / "a.parquet", "--columns", "name")
    assert pq.read_table(tmp_path / "a.parquet").column_names == ["name"]
    export(app, "--inline", "-o", tmp_path / "a.tsv.gz")
    assert (tmp_path / "a.tsv.gz").read_bytes()[:2] == b"\x1f\x8b"
    export(app, "--inline", "-o", tmp_path / "b.csv", "--format", "json-lines")
    assert (tmp_path / "b.csv").read_text().startswith("{")


def test_standard_output_has_the_file_and_nothing_else(app: Flask) -> None:
    result = export(app, "--inline", "-o", "-", "--where", "carrier=AA")
    assert (result.exit_code, result.stdout) == (0, "carrier,name\nAA,American\n")


def test_a_file_is_waited_for(app: Flask, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(file_output, "watch", file_output.run_inline)  # in place of a consumer
    assert export(app, "-o", tmp_path / "a.csv").exit_code == 0
    assert (tmp_path / "a.csv").exists()


def test_a_job_that_does_not_complete_leaves_no_file(app: Flask, monkeypatch: Any) -> None:
    failed = SimpleNamespace(id=7, status="failed", error_message="The table is gone.")
    monkeypatch.setattr(file_output, "watch", lambda *_: failed)
    result = export(app, "-o", "-")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Job 7 is failed. The table is gone." in result.stderr


def test_a_file_that_cannot_be_brought_leaves_none(
    app: Flask, tmp_path: Path, monkeypatch: Any
) -> None:
    def broken(source: Any, target: Any, length: int) -> None:
        target.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exports.shutil, "copyfileobj", broken)
    result = export(app, "--inline", "-o", tmp_path / "a.csv")
    assert (result.exit_code, "No space left" in result.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_an_older_file_stays_until_the_new_one_is_whole(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("old")
    assert export(app, "--inline", "-o", tmp_path / "a.csv").exit_code == 0
    assert (tmp_path / "a.csv").read_text().count("\n") == 4


def test_what_was_made_is_kept_with_the_job(app: Flask) -> None:
    job_id = json.loads(export(app, "--inline", "--json").stdout)["id"]
    with committed(app) as session:
        job = session.get_one(Job, job_id)
        assert session.get_one(StoredFile, job.output_id).rows == 3
