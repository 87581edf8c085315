"""One page over HTTP: asked for politely, kept in a file, and looked at before it is read."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from dashboard.lib.outbound import Outbound
from dashboard.lib.outbound_deadline import Deadline
from dashboard.lib.outbound_errors import BadStatus, DeadlinePassed
from dashboard.lib.outbound_response import Response
from dashboard.lib.outbound_url import Target
from dashboard.sync.source import Ask, SourceError

BUSY = (429, 503)
MOST_TRIES = 5
FIRST_WAIT = 1.0
NAP = 0.5
HEAD_BYTES = 4_096
PAGE_MARKS = (b"<!doctype html", b"<html", b"<head", b"<body")
NOT_MODIFIED, NO_CONTENT = 304, 204


@dataclass(frozen=True, slots=True)
class Body:
    """A page as it came; `path` holds it, blank where there is none."""

    status: int
    headers: Mapping[str, str]
    path: Path

    @property
    def kept(self) -> Mapping[str, str]:
        """What is sent the next time to learn whether anything has changed."""
        names = {"etag": "etag", "last-modified": "lastModified"}
        return {to: self.headers[name] for name, to in names.items() if name in self.headers}


@dataclass
class Fetcher:
    """Fetches pages for one run; `seconds` for all of them, waits included."""

    ask: Ask
    headers: Mapping[str, str] = field(repr=False)
    seconds: float
    idle: float
    max_bytes: int

    def __post_init__(self) -> None:
        settings = self.ask.settings
        self.client = Outbound(settings.outbound_networks, https_only=settings.production)
        self.ends = time.monotonic() + self.seconds

    def fetch(self, target: Target, path: Path, number: int, known: Mapping[str, str]) -> Body:
        """`known`: headers by which the server tells that nothing has changed.

        Raises OutboundError, SourceError, and what the run's check raises.
        """
        for tries in range(1, MOST_TRIES + 1):
            limit = Deadline(self._left(target), target.site)
            with ThreadPoolExecutor(1, "source") as thread:
                future = thread.submit(self._ask, target, path, number, known, limit)
                try:
                    while not wait([future], NAP).done:
                        self.ask.check()
                except BaseException:
                    limit.cut()
                    raise
            body = future.result()
            if body.status not in BUSY:
                return body
            if tries < MOST_TRIES:
                self._wait(asked_wait(body.headers.get("retry-after", ""), tries), target, body)
        raise refused(body.status, target, number)

    def _ask(
        self, target: Target, path: Path, number: int, known: Mapping[str, str], limit: Deadline
    ) -> Body:
        """Once. A busy server's answer has no body."""
        with self.client.request(
            "GET",
            target,
            headers={**self.headers, **known},
            deadline=limit,
            idle=self.idle,
            max_bytes=self.max_bytes,
        ) as response:
            path.write_bytes(b"")
            if 200 <= response.status < 300 and response.status != NO_CONTENT:
                with path.open("wb") as out:
                    for piece in response.pieces():
                        out.write(piece)
                check_kind(path, response, target, number)
            elif response.status not in (NOT_MODIFIED, NO_CONTENT, *BUSY):
                raise refused(response.status, target, number)
            return Body(response.status, response.headers, path)

    def _left(self, target: Target) -> float:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise DeadlinePassed(
                f"{target.site} did not send all pages within {self.seconds:g} seconds."
            )
        return left

    def _wait(self, seconds: float, target: Target, body: Body) -> None:
        if time.monotonic() + seconds > self.ends:
            raise BadStatus(
                f"{target.site} answered with status {body.status} and asks to wait {seconds:g}"
                " seconds, longer than this run may take.",
                body.status,
            )
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.ask.check()
            time.sleep(min(left, NAP))


def asked_wait(text: str, tries: int) -> float:
    """Seconds; a server may say a number or a date."""
    if text.strip().isdecimal():
        return float(text.strip()[:6])
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return float(FIRST_WAIT * 2 ** (tries - 1))
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max((until - datetime.now(UTC)).total_seconds(), 0.0)


def refused(status: int, target: Target, number: int) -> BadStatus:
    hints = {
        401: " Check the source's secret.",
        403: " Check the source's secret, and what it may read.",
        404: " Check the URL.",
    }
    return BadStatus(
        f"Page {number} ({target.shown}): the server answered with status {status}."
        f"{hints.get(status, '')}",
        status,
    )


def check_kind(path: Path, response: Response, target: Target, number: int) -> None:
    """Raises SourceError for a web page: often a sign-in form, or an error in disguise."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    said = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if head.startswith(PAGE_MARKS) or (said == "text/html" and head.startswith(b"<")):
        raise SourceError(
            f"Page {number} ({target.shown}) is a web page (HTML), not data. Open the URL in a"
            " browser: it may be a sign-in form, or a page that explains an error.",
            code="html_found",
        )
