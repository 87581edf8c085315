"""The whole product as `make run` starts it, on a port and instance of its own, and a browser."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

ROOT = Path(__file__).resolve().parents[2]
EMAIL, PASSWORD = "ada@example.org", "tall violet ladder"
START_SECONDS, STOP_SECONDS = 60, 15


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Read by pytest-playwright: the address all pages are relative to."""
    folder, port = tmp_path_factory.mktemp("browser"), free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "INSTANCE_PATH": str(folder / "instance"),
        "PORT": str(port),
        "ADMIN_EMAIL": EMAIL,
        "ADMIN_PASSWORD": PASSWORD,
        "DEMO": "0",
        "WORKERS": "1",
    }
    command = [sys.executable, "-m", "scripts.run"]
    with (folder / "log").open("wb") as log:
        runner = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
        url = f"http://127.0.0.1:{port}"
        try:
            wait_until_up(url, runner, folder / "log")
            yield url
        finally:
            runner.send_signal(signal.SIGTERM)
            runner.wait(STOP_SECONDS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_up(url: str, runner: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while runner.poll() is None and time.monotonic() < deadline:
        try:
            urlopen(f"{url}/login", timeout=2).close()
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"The product did not start:\n{log.read_text()}", pytrace=False)


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """Whatever the browser complains about (CSP included) fails the test."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []


@pytest.fixture(scope="session")
def session_cookies(base_url: str, browser: Browser) -> list[Any]:
    """Of one sign-in for all tests: it costs half a second."""
    context = browser.new_context(base_url=base_url)
    sign_in(context.new_page())
    cookies = context.cookies()
    context.close()
    return cookies


@pytest.fixture
def signed_in(page: Page, session_cookies: list[Any]) -> Page:
    page.context.add_cookies(session_cookies)
    return page


def sign_in(page: Page) -> None:
    page.goto("/login")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")


def write_carriers(path: Path) -> Path:
    """2,000 airlines nobody knows yet, every hundredth without a name."""
    mark = secrets.token_hex(4)  # pytest and the tests may each hold a copy of this module
    rows = [f"{mark}-{n},{'' if n % 100 == 99 else f'Carrier {n}'}" for n in range(2000)]
    path.write_text("carrier,name\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def carriers(tmp_path: Path) -> Path:
    return write_carriers(tmp_path / "carriers.csv")


@pytest.fixture(scope="session")
def imported(base_url: str, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a job that ended with failures."""
    context = browser.new_context(base_url=base_url)
    page = context.new_page()
    sign_in(page)
    upload(page, write_carriers(tmp_path_factory.mktemp("files") / "carriers.csv"))
    expect(page.locator("#job-live .page-sub .pill")).to_have_text("20 failed", timeout=20_000)
    context.close()
    return str(page.url)


def upload(page: Page, path: Path) -> None:
    page.goto("/imports/new?type=airlines")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Upload and import").click()
    page.wait_for_url(re.compile(r"/jobs/\d+|/imports/\d+"))
    # Another test's file may have had other headers: then the page asks first.
    if "/imports/" in page.url:
        page.get_by_role("button", name="Run import").click()
        page.wait_for_url("**/jobs/*")
