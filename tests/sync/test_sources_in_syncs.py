"""Each source in a sync, through the engine into a table."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from dashboard.jobs.registry import JobRegistry
from dashboard.lib.secrets import SecretBox
from dashboard.models.type_secret import TypeSecret
from tests.sync import real_sources
from tests.sync.conftest import sqlite_room
from tests.sync.other_databases import OtherDatabase, other_database
from tests.sync.sync_room import SyncRoom
from tests.sync.web_site import Reply, WebSite, web_site


@pytest.fixture
def room(sync_template: Path, tmp_path: Path) -> Iterator[SyncRoom]:
    found = sqlite_room(sync_template, tmp_path, apart=False)
    found.context.registry = JobRegistry(real_sources.TYPES)
    settings = found.context.settings
    found.context.settings = replace(settings, outbound_networks=("127.0.0.0/8",))
    yield found
    found.context.close()


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OtherDatabase]:
    with other_database(f"sqlite:///{tmp_path}/other.db") as database:
        monkeypatch.setenv("OTHER_URL", database.url)
        yield database


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, room: SyncRoom) -> Iterator[WebSite]:
    with web_site() as made:
        source = real_sources.SiteSync.at(made.url("/things"))
        monkeypatch.setattr(real_sources.SiteSync, "source", source)
        box = SecretBox((), room.context.settings.secret_key)
        with Session(room.context.app) as session, session.begin():
            kept = {"name": "token", "value": box.encrypt("hidden")}
            session.add(TypeSecret(type="site-sync", **kept))
        yield made


def test_another_database(room: SyncRoom, other: OtherDatabase) -> None:
    other.add([(1, "10:00"), (2, "10:00")])
    assert room.sync("table").status == "completed"
    other.add([(3, "10:00")])
    room.sync("table")
    room.sync("table")
    assert room.log() == [1, 2, 3]


def test_a_changed_name_writes_nothing(room: SyncRoom, other: OtherDatabase) -> None:
    other.add([(1, "10:00")])
    other.run("ALTER TABLE things RENAME COLUMN id TO ident")
    job = room.sync("table")
    assert (job.status, job.error_code, room.log()) == ("failed", "columns_changed", [])
    assert "ident, name, changed_at" in job.error_message


def test_a_folder(room: SyncRoom, tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "a.csv").write_text("n,text\n1,a\n2\nx,b\n")
    (tmp_path / "drop" / "b.csv").write_text('n,text\n3,"a\n')
    (tmp_path / "drop" / "c.csv").write_text("n,text\n4,d\n")
    job = room.sync("drop")
    assert (job.created, job.failed, job.not_processed) == (2, 3, 0)
    assert room.log() == [1, 4]
    again = room.sync("drop")
    assert (again.total, again.status) == (0, "completed")


def test_a_web_site(room: SyncRoom, site: WebSite) -> None:
    site.pages["/things"] = json.dumps({"data": [{"n": 1, "text": "a"}]}).encode()
    site.pages["/things?after=1"] = json.dumps({"data": [{"n": 2, "text": "b"}]}).encode()
    room.sync("site")
    room.sync("site")
    assert room.things() == {1: "a", 2: "b"}
    assert site.asked[0][1]["Authorization"] == "Bearer hidden"


def test_a_web_site_that_answers_html(room: SyncRoom, site: WebSite) -> None:
    site.pages["/things"] = Reply(b"<html>")
    job = room.sync("site")
    assert (job.status, job.error_code) == ("failed", "html_found")
    assert room.things() == {}
