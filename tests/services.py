"""The servers and the browser some tests need: found, handed out fresh, or said to be missing."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import psycopg
import pytest
import redis

POSTGRES = os.environ.get(
    "TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres?connect_timeout=3"
)
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379")
STRICT = os.environ.get("JOBENGINE_REQUIRE_SERVICES") == "1"
MISSING = "Missing service: "
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@cache
def lacks_postgres() -> str | None:
    try:
        psycopg.connect(POSTGRES).close()
    except psycopg.OperationalError:
        return "PostgreSQL does not answer (TEST_POSTGRES_URL says where it is)"
    return None


@cache
def lacks_redis() -> str | None:
    try:
        with redis.Redis.from_url(REDIS, socket_timeout=3, socket_connect_timeout=3) as client:
            client.ping()
    except redis.RedisError:
        return "Redis does not answer (TEST_REDIS_URL says where it is)"
    return None


@cache
def lacks_chromium() -> str | None:
    return None if find_chromium() else "Chromium is not installed"


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


SERVICES = {"postgres": lacks_postgres, "redis": lacks_redis, "browser": lacks_chromium}


def require(service: str) -> None:
    """Go on, or skip; where every service is promised (CI) a missing one is a failure."""
    lack = SERVICES[service]()
    if lack is None:
        return
    if STRICT:
        pytest.fail(f"{MISSING}{lack}", pytrace=False)
    pytest.skip(f"{MISSING}{lack}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for service in SERVICES:
        if item.get_closest_marker(service):
            require(service)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database of this session's own, dropped at its end."""
    require("postgres")
    name = f"jobengine_test_{os.getpid()}"
    with psycopg.connect(POSTGRES, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name}")
    info = psycopg.conninfo.conninfo_to_dict(POSTGRES)
    password = f":{info['password']}" if info.get("password") else ""
    yield f"postgresql://{info['user']}{password}@{info['host']}:{info.get('port', 5432)}/{name}"
    with psycopg.connect(POSTGRES, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A numbered Redis database that was empty, emptied again at the end."""
    require("redis")
    for number in range(15, 0, -1):
        client = redis.Redis.from_url(f"{REDIS}/{number}")
        with client:
            if client.dbsize() == 0 and client.set("jobengine-tests", os.getpid(), nx=True):
                yield f"{REDIS}/{number}"
                client.flushdb()
                return
    pytest.fail(f"Every numbered database of {REDIS} is in use.", pytrace=False)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    require("browser")
    path = find_chromium()
    assert path is not None
    return path


@pytest.fixture(scope="session")
def browser_type_launch_args(chromium_path: str) -> dict[str, Any]:
    """Read by pytest-playwright: the machine's own Chromium, calling nobody."""
    return {"executable_path": chromium_path, "args": CHROMIUM_FLAGS}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lacks: Counter[str] = Counter()
    for report in terminalreporter.getreports("skipped"):
        with suppress(ValueError, TypeError):
            _path, _line, reason = report.longrepr
            _, marker, lack = reason.partition(MISSING)
            lacks.update([lack] if marker else [])
    if lacks:
        terminalreporter.section("not tested on this machine")
    for lack, count in sorted(lacks.items()):
        terminalreporter.line(f"{lack}: {count} skipped.")


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """A real S3 server over HTTP on loopback, in this process."""
    from moto.server import ThreadedMotoServer  # dear to import, and few tests need it

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_url(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket of the test's own, and the environment botocore reads."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_server)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    bucket = f"jobengine-{uuid4().hex}"
    urlopen(Request(f"{s3_server}/{bucket}", method="PUT")).close()
    return f"s3://{bucket}/store"
