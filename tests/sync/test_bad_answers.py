"""A server that is down, hangs, answers HTML or redirects: a clear error, and nothing half done."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dashboard.models.columns import AnyRow
from dashboard.sync.http_source import HttpSource
from tests.sync.conftest import on
from tests.sync.sync_room import SyncRoom
from tests.sync.sync_types import HttpSync

CSV = "n,text\n1,one\n2,two\n"
ANSWERS: dict[str, tuple[int, dict[str, str], str]] = {
    "/rows.csv": (200, {"Content-Type": "text/csv"}, CSV),
    "/other.csv": (200, {"Content-Type": "text/csv"}, "number,text\n1,one\n"),
    "/html": (200, {"Content-Type": "text/html"}, "<!doctype html><h1>Sign in</h1>"),
    "/away": (302, {"Location": "http://169.254.169.254/latest"}, ""),
    "/broken": (500, {}, "no"),
}
everywhere = on("sqlite", "postgres-apart")


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/hangs":
            time.sleep(0.4)
            return
        status, headers, text = ANSWERS[self.path]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_words: Any) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    found = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{found.server_port}"
    found.shutdown()
    found.server_close()


@pytest.fixture
def ask(room: SyncRoom, monkeypatch: pytest.MonkeyPatch, server: str) -> Any:
    def sync(path: str, **options: Any) -> AnyRow:
        url = path if "//" in path else server + path
        monkeypatch.setattr(HttpSync, "source", HttpSource(url, **options))
        return room.sync("http")

    return sync


@everywhere
def test_what_is_answered_well(room: SyncRoom, ask: Any):
    job = ask("/rows.csv")
    assert (job.status, room.things()) == ("completed", {1: "one", 2: "two"})


@on("sqlite")
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/html", "HTML"),
        ("/away", "redirect"),
        ("/broken", "500"),
        ("/other.csv", "no column for n"),
        ("http://127.0.0.1:1029/", "127.0.0.1"),
    ],
)
def test_an_error_in_words_and_nothing_written(room: SyncRoom, ask: Any, path: str, said: str):
    job = ask(path)
    assert (job.status, said in job.error_message) == ("failed", True), job.error_message
    assert (room.things(), room.position("http").version) == ({}, 0)


@on("sqlite")
def test_a_server_that_hangs(room: SyncRoom, ask: Any):
    job = ask("/hangs", deadline=0.2, idle=0.2)
    assert (job.status, room.things()) == ("failed", {})


@on("sqlite")
def test_a_private_address_that_is_not_allowed(room: SyncRoom, ask: Any, server: str):
    room.context.settings = replace(room.context.settings, outbound_networks=())
    job = ask("/rows.csv")
    assert (job.status, room.things()) == ("failed", {})
    assert "WEBHOOK_ALLOW_NETWORKS" in job.error_message or "address" in job.error_message


@everywhere
def test_columns_that_change_later(room: SyncRoom, ask: Any):
    ask("/rows.csv")
    job = ask("/other.csv")
    assert (job.error_code, room.things()) == ("columns_changed", {1: "one", 2: "two"})
