"""docs/job-types.md does what it says: its blocks are written down and run."""

import ast
import importlib
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import Flask
from sqlalchemy import inspect, select

from config import Settings
from dashboard.app import create_app
from dashboard.extensions import Base, db, transaction
from dashboard.jobs.registry import JobRegistry
from dashboard.models.job import JobFailure
from dashboard.models.user import Role, User

DOC = (Path(__file__).resolve().parent.parent / "docs" / "job-types.md").read_text()
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.S)
PYTHON = {body.split("\n")[0][2:]: body for kind, body in BLOCK.findall(DOC) if kind == "python"}
CSV = next(body for kind, body in BLOCK.findall(DOC) if kind == "csv")
LINE = next(body for name, body in PYTHON.items() if name.startswith("config.py"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """The doc's files in a folder Python finds; nothing of them stays behind.

    Once for the module: a model of one name can be mapped only once in a process.
    """
    tmp_path = tmp_path_factory.mktemp("shop")
    for name, body in PYTHON.items():
        if not name.startswith("config.py"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(body)
    sys.path.insert(0, str(tmp_path))
    yield tmp_path
    sys.path.remove(str(tmp_path))
    for name in ("shop", "shop.models", "shop.importers"):
        sys.modules.pop(name, None)
    if "items" in Base.metadata.tables:
        Base.metadata.remove(Base.metadata.tables["items"])


@pytest.fixture(scope="module")
def app(shop):
    app = create_app(
        Settings(
            instance=shop / "instance",
            database_url=f"sqlite:///{shop / 'app.db'}",
            target_database_url=f"sqlite:///{shop / 'app.db'}",
            queue_url="memory:",
            storage_url=str(shop / "storage"),
            secret_key="x" * 40,
            job_types={"import": ast.literal_eval("{" + LINE + "}")},
        )
    )
    with app.app_context():
        ours = [table for table in Base.metadata.sorted_tables if table.name != "items"]
        Base.metadata.create_all(db.engine, ours)
        migrate(load(shop / "migrations/versions/0100_items.py"))
        with transaction() as session:
            session.add(User(email="a@example.org", name="A", role=Role.ADMIN, password_hash="-"))
        yield app
        db.engine.dispose()


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def migrate(module: ModuleType) -> None:
    with db.engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"part": "both"})
        with Operations.context(context):
            module.upgrade()


@pytest.fixture(scope="module")
def job(app: Flask, shop: Path) -> dict[str, Any]:
    """Run the page's command on the page's file; what `--json` prints."""
    (shop / "items.csv").write_text(CSV)
    command = next(body for kind, body in BLOCK.findall(DOC) if kind == "console").split()
    words = [str(shop / word) if word == "items.csv" else word for word in command[4:]]
    done = app.test_cli_runner().invoke(args=[*words, "--json"])
    return {**json.loads(done.stdout), "exit": done.exit_code}


def test_the_file_on_the_page_ends_as_the_page_says(job):
    assert (job["created"], job["failed"], job["exit"]) == (2, 5, 2)


def test_the_table_on_the_page_is_what_fails(job):
    query = select(JobFailure.row, JobFailure.column).where(JobFailure.job_id == job["id"])
    with db.engine.connect() as connection:
        found = connection.execute(query.order_by(JobFailure.row)).all()
    shown = re.findall(r"^\| (\d+) \| (\w+) \|", DOC, re.M)
    assert [(str(row), column) for row, column in found] == shown


def test_the_class_is_short(shop):
    body = PYTHON["shop/importers.py"].split("class ItemImporter")[1]
    assert len([line for line in body.splitlines() if line.strip()]) < 12
    importlib.import_module("shop.importers")


@pytest.mark.parametrize("name", [name for name in PYTHON if name.startswith("config.py")])
def test_every_line_is_a_job_type(shop, name):
    registry = JobRegistry({"import": ast.literal_eval("{" + PYTHON[name] + "}")})
    registry.check_paths()
    registry.load_all()


def test_its_own_test_passes(shop):
    module = load(shop / "tests" / "test_items.py")
    module.test_a_discount_above_the_price_is_refused()


def test_the_migration_makes_the_models_table(app):
    made = {
        column["name"]: column["nullable"] for column in inspect(db.engine).get_columns("items")
    }
    model = importlib.import_module("shop.models").Item.__table__
    assert made == {column.name: column.nullable for column in model.columns}
