"""`flask jobs report`: its parameters, and the finished result as a file."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from config import from_environment
from dashboard.app import create_app
from dashboard.extensions import Base, db
from dashboard.models.job import Job
from tests.factories import add_user, committed

SAMPLES = "tests.reports.sample_reports"
TYPES = {
    "report": {
        f"{name.lower()}-report": {"report": f"{SAMPLES}:{name}"}
        for name in ("Sales", "Capped", "BadSql")
    },
    "import": {"airlines": {"model": "dashboard.demo.models:Airline"}},
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """With a table of sales; commands commit for good."""
    environ = {"LOG_LEVEL": "CRITICAL", "DEMO": "0"}
    instance = tmp_path_factory.mktemp("reports")
    app = create_app(from_environment(environ, instance=instance, job_types=TYPES))
    with app.app_context():
        Base.metadata.create_all(db.engine)
    with committed(app) as session:
        session.execute(text("CREATE TABLE sales (id integer PRIMARY KEY, kind text, pieces int)"))
        values = "('tea', 1), ('tea', 2), ('jam', 3), ('rum', 4)"
        session.execute(text(f"INSERT INTO sales (kind, pieces) VALUES {values}"))
    add_user(app, "admin", email="ann@example.com")
    yield app
    app.extensions["jobengine"].close()
    with app.app_context():
        db.engine.dispose()


def report(app: Flask, name: str, *words: Any) -> Result:
    args = ["jobs", "report", f"{name}-report", *map(str, words)]
    return app.test_cli_runner().invoke(args=args)


def jobs(app: Flask) -> list[Job]:
    with committed(app) as session:
        found = list(session.query(Job).order_by(Job.id))
        session.expunge_all()
    return found


def test_it_returns_when_queued(app: Flask) -> None:
    result = report(app, "sales", "--json", "--param", "least=2", "--param", "kind=tea")
    assert result.exit_code == 0, result.output
    body = json.loads(result.stdout)
    assert (body["status"], body["kind"]) == ("waiting", "report")
    assert jobs(app)[-1].options == {"params": {"kind": "tea", "least": 2}}


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_the_finished_result_is_brought(app: Flask, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("old")
    result = report(app, "sales", "--inline", "-o", path, "--param", "least=2")
    assert result.exit_code == 0, result.output
    rows = (
        pq.read_table(path).to_pylist()
        if name.endswith("parquet")
        else list(csv.DictReader(path.read_text().splitlines()))
    )
    assert [(row["kind"], str(row["pieces"])) for row in rows] == [
        ("jam", "3"), ("rum", "4"), ("tea", "2"),
    ]  # fmt: skip
    assert list(tmp_path.iterdir()) == [path]


def test_to_standard_output_in_a_format(app: Flask) -> None:
    result = report(app, "sales", "--inline", "-o", "-", "--format", "json-lines")
    assert json.loads(result.stdout.splitlines()[0]) == {"kind": "jam", "pieces": 3, "sales": 1}


def test_a_cut_is_said(app: Flask) -> None:
    result = report(app, "capped", "--inline", "-o", "-")
    assert result.exit_code == 0
    assert "Cut: these are the first 3 of more rows" in result.stderr
    assert len(result.stdout.splitlines()) == 4


def test_a_report_that_fails_leaves_the_old_file(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")
    result = report(app, "badsql", "--inline", "-o", path)
    assert result.exit_code == 1
    assert "colour" in result.output
    assert path.read_text() == "old"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--param", "least"], 64, "use NAME=VALUE"),
        (["--param", "lest=1"], 1, "There is no parameter 'lest'. Known: kind, least."),
        (["--param", "least=many"], 1, "no whole number"),
        (["--param", "kind=ale"], 1, "Use one of: jam, rum, tea."),
        (["--mail-to", "ann@example.com"], 1, "Set SMTP_URL"),
        (["--mail-to", "nobody"], 64, "is not an e-mail address"),
        (["--mail-format", "csv"], 64, "name who gets it in mailTo"),
        (["--format", "csv"], 64, "--format is for -o FILE"),
        (["-o", "/nowhere/a.csv"], 64, "There is no folder"),
        (["-o", "-", "--json"], 64, "Choose one"),
    ],
)
def test_what_is_refused_makes_no_job(app: Flask, words: list[str], code: int, said: str) -> None:
    before = len(jobs(app))
    result = report(app, "sales", *words)
    assert (result.exit_code, said in result.output) == (code, True), result.output
    assert len(jobs(app)) == before


def test_other_types_are_no_reports(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["jobs", "report", "airlines"])
    assert (result.exit_code, "no report type" in result.output) == (64, True)
