"""What only a bucket has: uploads in parts, requests one can count, a server that may refuse."""

import os
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from s3fs import S3FileSystem

from dashboard.errors import ConfigurationError, JobEngineError
from dashboard.lib.clock import now
from dashboard.storage.store import CONNECTING, Store
from dashboard.storage.troubles import StoreUnavailable
from dashboard.storage.writing import BLOCK
from tests.jobs.room import wait_for

SECRET = "wJalrXUtnFEMI-a-secret"
ANSWER = "<Error><Code>{}</Code><Message>Keys: AKIA {}</Message></Error>"


@pytest.fixture
def refusing_server() -> Iterator[Callable[[int, str], str]]:
    """Answers everything with one refusal, whose words hold the secret."""
    servers = []

    def start(status: int, code: str) -> str:
        def answer(_environ: Any, start_response: Any) -> list[bytes]:
            start_response(f"{status} Refused", [("Content-Type", "application/xml")])
            return [ANSWER.format(code, SECRET).encode()]

        server = make_server("127.0.0.1", 0, answer, handler_class=Quiet)
        servers.append(server)
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None: ...


@pytest.fixture
def asked(bucket: Store) -> Iterator[list[tuple[str, str]]]:
    """Every request the store makes, with the range it asks for."""
    calls: list[tuple[str, str]] = []

    def note(model: Any, params: Any, **_more: Any) -> None:
        calls.append((model.name, params["headers"].get("Range", "")))

    events = bucket._fs.s3.meta.events
    events.register("before-call.s3", note)
    yield calls
    events.unregister("before-call.s3", note)


def test_a_chunk_is_one_request_of_its_range(bucket: Store, asked: list[tuple[str, str]]):
    key = bucket.put([b"0123456789"], folder="uploads", limit=99).key
    asked.clear()
    assert bucket.read(key, 2, 4) == b"2345"
    assert asked == [("GetObject", "bytes=2-5")]


def test_a_range_is_fetched_in_pieces_without_looking_first(bucket: Store, asked: Any, monkeypatch):
    monkeypatch.setattr("dashboard.storage.store.AHEAD", 4)
    key = bucket.put([b"0123456789"], folder="uploads", limit=99).key
    asked.clear()
    assert list(bucket.pieces(key, 1, 8)) == [b"1234", b"567"]
    assert [place for _, place in asked] == ["bytes=1-4", "bytes=5-7"]


def test_small_files_are_one_put(bucket: Store, asked: list[tuple[str, str]]):
    bucket.put([b"x"], folder="uploads", limit=99)
    assert [method for method, _ in asked] == ["PutObject"]


def test_large_files_are_one_upload_in_parts_and_never_copied(bucket: Store, asked: Any):
    bucket.put([bytes(BLOCK), b"x"], folder="uploads", limit=2 * BLOCK)
    assert [method for method, _ in asked] == [
        "CreateMultipartUpload",
        "UploadPart",
        "UploadPart",
        "CompleteMultipartUpload",
    ]


def unfinished(bucket: Store) -> int:
    return bucket.forget_unfinished(now() + timedelta(days=1))


def test_a_failed_upload_in_parts_is_aborted(bucket: Store, asked: list[tuple[str, str]]):
    def pieces() -> Iterator[bytes]:
        yield bytes(BLOCK)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        bucket.put(pieces(), folder="uploads", limit=2 * BLOCK)
    assert "AbortMultipartUpload" in [method for method, _ in asked]
    assert (unfinished(bucket), list(bucket.keys("uploads"))) == (0, [])


def test_what_a_crash_left_is_forgotten_when_it_is_old(bucket: Store):
    out = bucket._fs.open(f"{bucket.place}/uploads/x", "wb", block_size=BLOCK)
    out.write(bytes(BLOCK + 1))
    out.closed = True  # as if its process were killed
    # The test server says of every upload that it began in 2010.
    assert bucket.forget_unfinished(datetime(2010, 1, 1, tzinfo=UTC)) == 0
    assert (unfinished(bucket), unfinished(bucket)) == (1, 0)


def test_each_process_makes_its_own(bucket: Store):
    key = bucket.put([b"x"], folder="uploads", limit=99).key
    child = os.fork()
    if not child:
        status = 1
        try:
            status = 0 if Store(bucket.place).read(key, 0, 1) == b"x" else 2
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    assert wait_for(child) == 0


def test_a_bucket_that_is_not_there(s3_url: str):
    said = refused_by("s3://no-such-bucket-here/store", ConfigurationError)
    assert (said.code, "no such bucket" in said.message) == ("store_refused", True)


def test_no_credentials(s3_url: str, monkeypatch: pytest.MonkeyPatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert "no credentials" in refused_by(s3_url, ConfigurationError).message


def test_a_server_that_does_not_answer(s3_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setattr(S3FileSystem, "retries", 1)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setitem(CONNECTING, "retries", {"max_attempts": 0})
    said = refused_by(s3_url, StoreUnavailable)
    assert (said.code, said.permanent) == ("store_unavailable", False)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "InvalidAccessKeyId", ConfigurationError),
        (403, "SignatureDoesNotMatch", ConfigurationError),
        (400, "ExpiredToken", ConfigurationError),
        (500, "InternalError", StoreUnavailable),
    ],
)
def test_a_server_that_refuses(
    s3_url: str, monkeypatch: pytest.MonkeyPatch, refusing_server: Any, status, code, kind
):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", refusing_server(status, code))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setitem(CONNECTING, "retries", {"max_attempts": 0})
    assert code in refused_by(s3_url, kind).message


def refused_by(url: str, kind: type[JobEngineError]) -> JobEngineError:
    with pytest.raises(kind) as refused:
        Store(url).check()
    assert url in refused.value.message
    assert SECRET not in refused.value.message
    return refused.value
