"""Log lines: JSON that holds together, without secrets."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from dashboard.lib.logs import configure_logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logs("INFO", json=True, stream=stream)
    yield stream
    configure_logs("CRITICAL", json=False)


def last(lines: io.StringIO) -> dict[str, object]:
    found: dict[str, object] = json.loads(lines.getvalue().splitlines()[-1])
    return found


def test_one_json_object_a_line(lines: io.StringIO) -> None:
    structlog.get_logger("jobengine.auth").info("sign_in", email="ada@example.org")
    line = last(lines)
    assert (line["event"], line["email"], line["level"]) == ("sign_in", "ada@example.org", "info")
    assert line["logger"] == "jobengine.auth"


def test_the_standard_library_ends_in_the_same_place(lines: io.StringIO) -> None:
    logging.getLogger("other").warning("slow %s", "query")
    assert last(lines)["event"] == "slow query"


@pytest.mark.parametrize(
    "key", ["password", "secret_key", "api_key", "Authorization", "csrf_token"]
)
def test_values_under_a_telling_key_are_masked(lines: io.StringIO, key: str) -> None:
    structlog.get_logger().info("x", **{key: "hunter2"})
    assert "hunter2" not in lines.getvalue()


def test_passwords_in_urls_are_masked(lines: io.StringIO) -> None:
    structlog.get_logger().info("connect", url="postgresql://ada:hunter2@db/x")
    assert last(lines)["url"] == "postgresql://ada:***@db/x"


def test_an_exception_stays_on_its_line(lines: io.StringIO) -> None:
    try:
        raise ValueError("bad")
    except ValueError as error:
        structlog.get_logger().error("crashed", exc_info=error)
    assert "ValueError: bad" in str(last(lines)["exception"])


def test_below_the_level_nothing_is_written(lines: io.StringIO) -> None:
    structlog.get_logger().debug("noise")
    assert lines.getvalue() == ""


def test_configured_twice_each_line_comes_once(lines: io.StringIO) -> None:
    configure_logs("INFO", json=True, stream=lines)
    structlog.get_logger().info("once")
    assert len(lines.getvalue().splitlines()) == 1
