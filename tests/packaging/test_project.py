"""Another project: JobEngine from a wheel, its own config, a type from an installed package."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from config import ROOT

CONFIG = """JOB_TYPES = {
    "import": {
        "books": {"label": "Books", "table": "books"},
    },
}
"""
WSGI = "import config\nfrom dashboard.app import create_app\n\napp = create_app(config)\n"
# A package beside it that brings a job type.
PLUGIN = 'TYPES = {"import": {"shelves": {"label": "Shelves", "table": "shelves"}}}\n'
ENTRY_POINTS = "[jobengine.job_types]\nlibrary = library_types:TYPES\n"
METADATA = "Metadata-Version: 2.1\nName: library-types\nVersion: 1.0\n"
TABLES = "CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT NOT NULL, pages INTEGER)"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """JobEngine as pip installs it, from the files under version control and the built assets."""
    folder = tmp_path_factory.mktemp("wheel")
    source, wheels, site = folder / "source", folder / "wheels", folder / "site"
    listed = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    shutil.copytree(ROOT / "static" / "vendor", source / "static" / "vendor", dirs_exist_ok=True)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", wheels, source], folder)
    (wheel,) = wheels.glob("*.whl")
    run([*pip, "install", "--no-deps", "--target", site, wheel], folder)
    return site


@pytest.fixture(scope="module")
def project(site: Path, tmp_path_factory: pytest.TempPathFactory) -> "Project":
    folder = tmp_path_factory.mktemp("project")
    (folder / "config.py").write_text(CONFIG)
    (folder / "wsgi.py").write_text(WSGI)
    (site / "library_types.py").write_text(PLUGIN)
    info = site / "library_types-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    found = Project(folder, site)
    found.flask("db", "upgrade")
    found.flask("setup")
    with closing(sqlite3.connect(folder / "instance" / "jobengine.db")) as connection:
        connection.execute(TABLES)
    return found


class Project:
    """Runs its commands as a person would, with the wheel and not this checkout."""

    def __init__(self, folder: Path, site: Path) -> None:
        self.folder = folder
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environ = {**kept, "PYTHONPATH": str(site), "DEMO": "0"}

    def flask(self, *words: str) -> str:
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *words]
        return run(command, self.folder, self.environ)


def run(command: list[object], folder: Path, environ: dict[str, str] | None = None) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_runs_from_the_wheel(project: Project, site: Path):
    command = [sys.executable, "-c", "import dashboard; print(dashboard.__file__)"]
    assert run(command, project.folder, project.environ).startswith(str(site))


def test_it_imports_a_file(project: Project):
    (project.folder / "books.csv").write_text("id,title,pages\n1,Emma,474\n2,Silas Marner,\n")
    out = project.flask("jobs", "import", "books", "books.csv", "--inline", "--json")
    assert (json.loads(out)["status"], json.loads(out)["created"]) == ("completed", 2)


def test_types_of_config_and_of_a_package_are_there(project: Project):
    out = project.flask("jobs", "types")
    assert "books" in out
    assert "shelves" in out


def test_its_pages_and_static_files_come_with_it(project: Project):
    script = (
        "from wsgi import app; client = app.test_client();"
        "print(client.get('/login').status_code,"
        " client.get('/static/vendor/htmx.min.js').status_code)"
    )
    command = [sys.executable, "-c", script]
    assert run(command, project.folder, project.environ).split()[-2:] == ["200", "200"]


def test_a_published_starter_passes_its_own_test(project: Project):
    project.flask("jobs", "publish", "import", "club-members")
    assert "club-members" in (project.folder / "config.py").read_text()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    run(
        command,
        project.folder,
        {**project.environ, "PYTHONPATH": f"{project.environ['PYTHONPATH']}:."},
    )


def test_publishing_twice_is_refused(project: Project):
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "jobs", "publish", "import", "twice"]
    run(command, project.folder, project.environ)
    done = subprocess.run(command, cwd=project.folder, env=project.environ, capture_output=True)
    assert done.returncode == 64
