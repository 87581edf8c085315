"""The engines a worker opens: one database or two, and what the URL asks for."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from dashboard.jobs.context import JobContext
from tests.jobs.conftest import REGISTRY, make_settings, on
from tests.jobs.room import Room


@on("sqlite", "sqlite-apart", "postgres", "postgres-apart")
def test_one_database_is_one_engine(room: Room):
    same = room.context.settings.same_database
    assert (room.context.target is room.context.chunks) is same


@pytest.mark.postgres
def test_options_of_the_url_are_kept(postgres_engines: dict[str, Any], tmp_path: Path):
    """`synchronous_commit` is added to them: alone it would replace the search path."""
    url = postgres_engines["urls"]["app"]
    context = JobContext(make_settings(url, url, tmp_path), REGISTRY, None)  # type: ignore[arg-type]
    with context.chunks.connect() as connection:
        found = [
            connection.scalar(text(f"SHOW {n}")) for n in ("search_path", "synchronous_commit")
        ]
    context.close()
    assert found == ["jobs_app", "off"]


@on("sqlite")
def test_after_a_fork_nothing_is_shared(room: Room):
    before = room.context.app
    room.context.after_fork()
    assert room.context.app is not before
    room.context.close()
