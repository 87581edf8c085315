"""A stored file as an answer: ranges as RFC 9110 has them, names nobody can misuse."""

from collections.abc import Callable
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from flask import Request, Response
from werkzeug.http import parse_options_header
from werkzeug.test import EnvironBuilder

from dashboard.errors import NotFound
from dashboard.storage.sending import LONGEST_NAME, Sent, attachment, safe_name, send
from dashboard.storage.store import Store

DATA = bytes(range(100))
TAG = f'"{sha256(DATA).hexdigest()}"'
Get = Callable[..., Response]


@pytest.fixture
def file(store: Store) -> Sent:
    stored = store.put([DATA], folder="exports", limit=1000)
    return Sent(stored.key, "flights.csv", stored.bytes, stored.sha256, "text/csv")


@pytest.fixture
def noted() -> list[int]:
    return []


@pytest.fixture
def get(store: Store, file: Sent, noted: list[int]) -> Get:
    def ask(method: str = "GET", past_us: bool = False, **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(EnvironBuilder(method=method, headers=named).get_environ())
        return send(store, request, file, noted.append, past_us=past_us)

    return ask


def test_the_whole_file(get: Get, noted: list[int]):
    response = get()
    assert (response.status_code, response.data) == (200, DATA)
    for name, value in {
        "Content-Length": "100",
        "Accept-Ranges": "bytes",
        "ETag": TAG,
        "Cache-Control": "no-store",
        "Content-Type": "text/csv",
        "Content-Disposition": "attachment; filename=\"flights.csv\"; filename*=UTF-8''flights.csv",
    }.items():
        assert response.headers[name] == value
    assert noted == [100]


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("0-0", 0, 1), ("0-9", 0, 10), ("10-", 10, 100), ("-10", 90, 100), ("90-500", 90, 100),
     ("0-99", 0, 100), ("-500", 0, 100)],
)  # fmt: skip
def test_a_range(get: Get, noted: list[int], asked: str, start: int, stop: int):
    response = get(Range=f"bytes={asked}")
    assert (response.data, noted) == (DATA[start:stop], [stop - start])
    assert response.content_length == stop - start
    if stop - start < 100:
        assert response.status_code == 206
        assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/100"


@pytest.mark.parametrize("asked", ["100-", "500-600", "-0"])
def test_a_range_that_is_not_there(get: Get, noted: list[int], asked: str):
    response = get(Range=f"bytes={asked}")
    assert (response.status_code, response.data, noted) == (416, b"", [])
    assert response.headers["Content-Range"] == "bytes */100"


@pytest.mark.parametrize("asked", ["bytes=", "bytes=9-1", "bytes=a-b", "rows=1-2", "bytes=0-1,5-6"])
def test_what_is_no_range_or_several_is_answered_whole(get: Get, asked: str):
    response = get(Range=asked)
    assert (response.status_code, response.data) == (200, DATA)


@pytest.mark.parametrize(
    ("unless", "status"),
    [(TAG, 206), ('"another"', 200), (f"W/{TAG}", 200), ("Sat, 01 Jan 2028 00:00:00 GMT", 200)],
)
def test_a_range_only_of_the_file_it_was(get: Get, unless: str, status: int):
    assert get(Range="bytes=5-9", If_Range=unless).status_code == status


def test_a_head_has_no_body_and_is_no_download(get: Get, noted: list[int]):
    response = get("HEAD", Range="bytes=0-9")
    assert (response.status_code, response.content_length, noted) == (200, 100, [])
    assert (response.headers["Accept-Ranges"], response.headers["ETag"]) == ("bytes", TAG)


def test_a_file_that_is_gone(get: Get, store: Store, file: Sent, noted: list[int]):
    store.delete(file.key)
    with pytest.raises(NotFound, match="gone"):
        get()
    assert noted == []


def test_a_file_that_was_cut_off(get: Get, store: Store, file: Sent):
    with store.writer(file.key) as out:
        out.write(DATA[:60])
    with pytest.raises(NotFound, match="damaged: it has 60 of 100 bytes"):
        get()


def test_nothing_is_read_before_it_is_sent(get: Get, store: Store, file: Sent):
    response = get()
    store.delete(file.key)
    with pytest.raises(NotFound):
        _ = response.data


def test_past_us_only_from_a_bucket(get: Get, store: Store, file: Sent, noted: list[int]):
    response = get(past_us=True)
    if store.local_path(file.key):
        assert (response.status_code, response.data) == (200, DATA)
        return
    wanted = parse_qs(urlsplit(response.headers["Location"]).query)
    assert (response.status_code, noted, wanted["X-Amz-Expires"]) == (302, [100], ["300"])
    assert wanted["response-cache-control"] == ["no-store"]
    assert response.headers["Cache-Control"] == "no-store"
    with urlopen(response.headers["Location"]) as fetched:
        assert fetched.read() == DATA
        assert fetched.headers["Content-Disposition"] == attachment(file.name)


def test_past_us_a_head_is_ours_to_answer(get: Get):
    assert get("HEAD", past_us=True).status_code == 200


@pytest.mark.parametrize(
    ("name", "plain", "full"),
    [
        ("flights.csv", "flights.csv", "flights.csv"),
        ('a"b\n<é>.html', "a_b_.html", "a_b__é_.html"),
        ("Flüge nach Köln.csv", "Fl_ge_nach_K_ln.csv", "Flüge nach Köln.csv"),
        ("../../etc/passwd", "passwd", "passwd"),
        ("C:\\secret\\a.csv", "a.csv", "a.csv"),
        ("cod\u202egpj.exe", "cod_gpj.exe", "cod_gpj.exe"),
        ("a.csv; x=y", "a.csv_x_y", "a.csv_ x=y"),
        ("日本.csv", "csv", "日本.csv"),
        ("...", "file", "file"),
        ("", "file", "file"),
    ],
)
def test_names_are_safe(name: str, plain: str, full: str):
    header = attachment(name)
    assert header.startswith(f'attachment; filename="{plain}"; ')
    assert parse_options_header(header)[1]["filename"] == full
    assert header.isprintable()


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", "." + "x" * 300])
def test_long_names_keep_a_short_ending(suffix: str):
    found = safe_name("é" * 300 + suffix)
    assert LONGEST_NAME - 2 <= len(found.encode()) <= LONGEST_NAME
    assert found.endswith(suffix[-4:]) == (len(suffix) < 300)
