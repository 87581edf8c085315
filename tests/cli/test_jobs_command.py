"""`flask jobs …` and `flask users create`: exit codes, one JSON object, ways to stay with a job."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from config import from_environment
from dashboard.app import create_app
from dashboard.extensions import Base, db
from dashboard.jobs.runner import Runner
from tests.jobs.lines_job import LINES, TYPES

KEYS = {
    "id", "type", "kind", "purpose", "status", "total", "processed", "created", "updated",
    "unchanged", "skipped", "failed", "not_processed", "seconds", "rows_per_second", "error",
}  # fmt: skip
ADMIN = ("users", "create", "--email", "ann@example.com", "--role", "admin")
PASSWORD = "tall violet ladder"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One application for the module: commands commit for good, on connections of their own."""
    folder = tmp_path_factory.mktemp("cli")
    environ = {"LOG_LEVEL": "CRITICAL", "DEMO": "0"}
    app = create_app(from_environment(environ, instance=folder, job_types=TYPES))
    with app.app_context():
        Base.metadata.create_all(db.engine)
        LINES.create(db.engine)
    run(app, *ADMIN, "--password", PASSWORD)
    yield app
    app.extensions["jobengine"].close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "lines.txt").write_text("a\nb\nbad c\n")
    return tmp_path / "lines.txt"


@pytest.fixture
def clean_file(tmp_path: Path) -> Path:
    (tmp_path / "clean.txt").write_text("a\nb\n")
    return tmp_path / "clean.txt"


def run(app: Flask, *words: Any) -> Result:
    return app.test_cli_runner().invoke(args=[str(word) for word in words])


def body(result: Result) -> dict[str, Any]:
    """Standard output is one JSON object and nothing else."""
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_returns_when_queued(app: Flask, file: Path):
    result = run(app, "jobs", "import", "lines", file, "--json")
    job = body(result)
    assert result.exit_code == 0
    assert (set(job), job["status"], job["total"]) == (KEYS, "waiting", None)


def test_inline_and_clean(app: Flask, clean_file: Path):
    result = run(app, "jobs", "import", "lines", clean_file, "--inline", "--json")
    job = body(result)
    assert (result.exit_code, job["status"], job["created"]) == (0, "completed", 2)
    assert job["seconds"] > 0


def test_inline_with_failures(app: Flask, file: Path):
    result = run(app, "jobs", "import", "lines", file, "--inline", "--json")
    job = body(result)
    assert (result.exit_code, job["created"], job["failed"]) == (2, 2, 1)


def test_inline_and_refused(app: Flask, tmp_path: Path):
    (tmp_path / "x").write_text("unreadable\n")
    result = run(app, "jobs", "import", "lines", tmp_path / "x", "--inline", "--json")
    assert (result.exit_code, body(result)["error"]) == (1, "Row 1: this file cannot be read.")


def test_watch(app: Flask, file: Path):
    """A worker of another thread does the work."""
    queue, context = app.extensions["jobengine"].queue, app.extensions["jobengine"]
    queue.jobs.flush()
    queue.register("work", Runner(context).turn)
    result: list[Result] = []
    watching = threading.Thread(
        target=lambda: result.append(run(app, "jobs", "import", "lines", file, "--watch", "--json"))
    )
    watching.start()
    while watching.is_alive():
        if message := queue.jobs.dequeue():
            queue.jobs.execute(message)
        watching.join(0.02)
    assert (result[0].exit_code, body(result[0])["failed"]) == (2, 1)
    assert "rows" in result[0].stderr


@pytest.mark.parametrize(
    "words",
    [
        ("jobs", "import", "lines", "/no/such/file"),
        ("jobs", "import", "lines"),
        ("jobs", "import", "lines", __file__, "--mode", "guess"),
        ("jobs", "import", "lines", __file__, "--map", "no-equals-sign"),
        ("jobs", "import", "lines", __file__, "--user", "nobody@example.com"),
        ("jobs", "import", "lines", __file__, "--chunk-rows", "0"),
        ("jobs", "import", "lines", __file__, "--no-such-option"),
        ("jobs", "no-such-command"),
        ("jobs", "show", "seven"),
        ("users", "create", "--email", "b@example.com", "--role", "king"),
        ("users", "create", "--role", "staff"),
    ],
)
def test_wrong_usage(app: Flask, words: tuple[str, ...]):
    result = run(app, *words)
    assert (result.exit_code, result.stdout) == (64, "")
    assert result.stderr


def test_an_unknown_type_names_the_known_ones(app: Flask, file: Path):
    result = run(app, "jobs", "import", "liens", file)
    assert result.exit_code in (1, 64)
    assert "'liens'" in result.stderr
    assert "lines" in result.stderr


@pytest.mark.parametrize("verb", ["show", "failures", "retry", "pause", "resume", "cancel"])
def test_a_missing_job(app: Flask, verb: str):
    result = run(app, "jobs", verb, 99999)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no job 99999" in result.stderr


def test_show(app: Flask, file: Path):
    job_id = body(run(app, "jobs", "import", "lines", file, "--inline", "--json"))["id"]
    assert body(run(app, "jobs", "show", job_id, "--json"))["id"] == job_id
    shown = run(app, "jobs", "show", job_id)
    assert (shown.exit_code, "3 rows: 2 created" in shown.stdout) == (2, True)


def test_failures_as_a_file(app: Flask, file: Path, tmp_path: Path):
    job_id = body(run(app, "jobs", "import", "lines", file, "--inline", "--json"))["id"]
    on_screen = run(app, "jobs", "failures", job_id)
    run(app, "jobs", "failures", job_id, "-o", tmp_path / "failed.csv")
    assert (tmp_path / "failed.csv").read_bytes() == on_screen.stdout_bytes
    assert "bad c" in on_screen.stdout
    assert "line: This line is bad." in on_screen.stdout


def test_pause_resume_cancel(app: Flask, file: Path):
    job_id = body(run(app, "jobs", "import", "lines", file, "--json"))["id"]
    acts = ("pause", "resume", "cancel")
    found = [body(run(app, "jobs", act, job_id, "--json"))["status"] for act in acts]
    assert found == ["paused", "waiting", "cancelled"]
    assert run(app, "jobs", "pause", job_id).exit_code == 1


def test_retry_inline(app: Flask, file: Path):
    job_id = body(run(app, "jobs", "import", "lines", file, "--inline", "--json"))["id"]
    result = run(app, "jobs", "retry", job_id, "--inline", "--json")
    assert (result.exit_code, body(result)["failed"]) == (2, 1)
    assert run(app, "jobs", "retry", job_id + 1000).exit_code == 1


def test_types(app: Flask):
    found = body(run(app, "jobs", "types", "--json"))["jobTypes"]
    assert {"type": "lines", "label": "Lines", "kind": "import"} in found
    assert "\nlines " in f"\n{run(app, 'jobs', 'types').stdout}"


def test_sweep(app: Flask):
    assert isinstance(body(run(app, "jobs", "sweep", "--json"))["moved"], int)


def test_users_create_makes_a_password(app: Flask):
    words = ("users", "create", "--email", "bob@example.com", "--role", "staff", "--json")
    result = run(app, *words)
    assert (result.exit_code, body(result)["role"]) == (0, "staff")
    assert len(body(result)["password"]) >= 12


def test_users_create_twice(app: Flask):
    result = run(app, *ADMIN, "--password", PASSWORD)
    assert (result.exit_code, result.stdout) == (1, "")
