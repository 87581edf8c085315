"""Database servers that accept a connection and then say nothing."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import make_url

from dashboard.settings import Settings
from dashboard.sync import sql_source_opening, sql_source_pages
from dashboard.sync.source import Ask, SourceError
from dashboard.sync.sql_source import SqlSource
from tests.lib.talkers import hangs, talking
from tests.sync.frozen_line import Line, line_to

KINDS = [pytest.param("postgres", marks=pytest.mark.postgres), "mariadb"]


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GRACE_SECONDS", "CANCEL_SECONDS", "LOOK_EVERY"):
        monkeypatch.setattr(sql_source_opening, name, 0.1)
    monkeypatch.setattr(sql_source_opening, "CONNECT_SECONDS", 1)


@pytest.fixture(params=KINDS)
def line_and_url(request: pytest.FixtureRequest) -> Iterator[tuple[Line, str]]:
    url = make_url(request.getfixturevalue(f"{request.param}_url"))
    with line_to(url.host or "", url.port or 0) as line:
        changed = url.set(host="127.0.0.1", port=line.port)
        yield line, changed.render_as_string(hide_password=False)


def test_a_server_that_never_greets() -> None:
    with talking(hangs()) as talker:
        source = SqlSource(f"mysql://me@127.0.0.1:{talker.port}/shop", table="things")
        with pytest.raises(SourceError, match=r"does not answer|cannot be reached") as hung:
            next(source.read(Ask(Settings())))
    assert not hung.value.permanent


def test_a_server_that_freezes_in_the_middle(
    line_and_url: tuple[Line, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line, url = line_and_url
    monkeypatch.setattr(sql_source_pages, "BATCH_ROWS", 10)
    # More than what lies in the buffers of the way.
    numbers = " UNION ALL ".join(f"SELECT {n} AS id" for n in range(200))
    query = f"SELECT id, REPEAT('x', 100000) AS text FROM ({numbers}) AS numbers"
    reading = SqlSource(url, query=query, statement_seconds=0.2).read(Ask(Settings()))
    next(reading)
    line.frozen.set()
    began = time.monotonic()
    with pytest.raises(SourceError, match=r"longer than 0\.2 seconds") as frozen:
        list(reading)
    assert not frozen.value.permanent
    assert time.monotonic() - began < 10
