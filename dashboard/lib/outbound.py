"""The one client for calls to other machines (I12): syncs over HTTP, webhooks, notifications.

What it holds to: http and https only; a name is looked up once, every answer is judged, and the
connection goes to a judged address (TLS and Host keep the name); redirects are errors; one deadline
covers it all; body and headers are capped, unpacked ones too; proxies in the environment are not
asked, since the name would be looked up there a second time.
"""

import http.client
import logging
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from ipaddress import ip_network
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError
from urllib3.response import HTTPResponse

from dashboard.lib.outbound_connecting import Resolver, Rules, connect, find_addresses, resolve
from dashboard.lib.outbound_deadline import Deadline
from dashboard.lib.outbound_errors import (
    BadAnswer,
    DeadlinePassed,
    NotReachable,
    OutboundError,
    RedirectRefused,
    TlsFailed,
    UrlRefused,
)
from dashboard.lib.outbound_response import Response, cut_off
from dashboard.lib.outbound_url import Target, parse_url

# It would log whole URLs of servers that send malformed headers.
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)

USER_AGENT = "JobEngine"
DEADLINE_SECONDS = 10.0
IDLE_SECONDS = 30.0
CHECK_SECONDS = 3.0
BODY_BYTES = 1 << 20
HEADER_BYTES = 64 << 10
# The body waits until it is asked for, and is unpacked by us, who count.
UNREAD: Mapping[str, Any] = {"preload_content": False, "decode_content": False}
REDIRECTS = (301, 302, 303, 307, 308)
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
# These say where a message goes and where it ends: the client's own business.
OWN_HEADERS = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding"}


def nothing() -> None:
    """The check of a caller nobody stops."""


class Outbound:
    """`networks` (CIDRs) are open though private, and to plain http where `https_only` is set.

    Holds no connection: make one wherever it is needed, also before a fork.
    """

    def __init__(
        self,
        networks: Sequence[str] = (),
        *,
        https_only: bool = False,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.rules = Rules(tuple(map(ip_network, networks)), https_only)
        self.resolver, self.tls = resolver, tls

    def check_url(self, url: str) -> None:
        """What can be known of a URL before it is called; a name nobody knows yet passes.

        Raises UrlRefused (AddressRefused, UrlInsecure).
        """
        target = parse_url(url)
        try:
            addresses = find_addresses(target, self.resolver, Deadline(CHECK_SECONDS, target.site))
        except (NotReachable, DeadlinePassed):
            addresses = []
        self.rules.judge(target, addresses)

    @contextmanager
    def request(
        self,
        method: str,
        url: str | Target,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline: float | Deadline = DEADLINE_SECONDS,
        idle: float = IDLE_SECONDS,
        max_bytes: int = BODY_BYTES,
        check: Callable[[], None] = nothing,
    ) -> Iterator[Response]:
        """The answer, whatever its status but for redirects; open until the block ends.

        `deadline` seconds for everything (a Deadline: one that others may cut short), of which no
        wait may take more than `idle`. `max_bytes` of body, as received and unpacked. `check` is
        called between pieces and may raise.

        Raises OutboundError.
        """
        target = parse_url(url) if isinstance(url, str) else url
        sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **checked(headers or {})}
        with ExitStack() as stack:
            limit = deadline if isinstance(deadline, Deadline) else Deadline(deadline, target.site)
            stack.callback(limit.close)
            call = Call(target, limit, idle)
            with call.translated():
                connection = self._connection(target, limit, idle)
                stack.callback(connection.close)
                connection.request(method, target.path, body, sent, **UNREAD)
                raw = connection.getresponse()
            stack.callback(raw.close)
            call.check(raw)
            yield Response(
                raw.status,
                raw.headers,
                raw,
                site=target.site,
                deadline=limit,
                most=max_bytes,
                check=check,
                translated=call.translated,
            )

    def _connection(self, target: Target, deadline: Deadline, idle: float) -> Any:
        def dial() -> socket.socket:
            return connect(target, self.rules, self.resolver, deadline, idle)

        if target.scheme == "http":
            return PlainConnection(target.host, target.port, timeout=idle, dial=dial)
        tls = self.tls or system_tls()
        return TlsConnection(target.host, target.port, timeout=idle, ssl_context=tls, dial=dial)


class PlainConnection(HTTPConnection):
    """Named after the host, connected by us."""

    def __init__(self, *args: Any, dial: Callable[[], socket.socket], **options: Any) -> None:
        super().__init__(*args, **options)
        self._dial = dial

    def _new_conn(self) -> socket.socket:
        return self._dial()


class TlsConnection(HTTPSConnection):
    """As above; the certificate must be for the host's name."""

    def __init__(self, *args: Any, dial: Callable[[], socket.socket], **options: Any) -> None:
        super().__init__(*args, **options)
        self._dial = dial

    def _new_conn(self) -> socket.socket:
        return self._dial()


class Call:
    """What the many errors of sockets, TLS and HTTP mean for one call."""

    def __init__(self, target: Target, deadline: Deadline, idle: float) -> None:
        self.target, self.deadline, self.idle = target, deadline, idle

    @contextmanager
    def translated(self) -> Iterator[None]:
        try:
            yield
        except OutboundError:
            raise
        except (HTTPError, http.client.HTTPException, OSError) as error:
            # Whatever broke, it broke because the deadline shut the connection.
            self.deadline.check()
            raise self._meaning(error) from None

    def _meaning(self, error: Exception) -> OutboundError:
        site = self.target.site
        cause = error.args[1] if isinstance(error, ProtocolError) and error.args[1:] else error
        if isinstance(error, TimeoutError | ReadTimeoutError):
            return DeadlinePassed(f"{site} sent nothing for {self.idle:g} seconds.")
        if isinstance(error, ssl.SSLCertVerificationError):
            return TlsFailed(f"The certificate of {site} is not trusted: {error.verify_message}.")
        if isinstance(error, ssl.SSLError):
            return TlsFailed(f"No encrypted connection to {site} could be made.")
        if isinstance(cause, http.client.IncompleteRead):
            return cut_off(site)
        if isinstance(cause, http.client.RemoteDisconnected | ConnectionError):
            return NotReachable(f"{site} closed the connection without a whole answer.")
        if isinstance(error, OSError):
            return NotReachable(f"{site} cannot be reached.")
        return BadAnswer(f"{site} did not answer in HTTP, or with headers that are too long.")

    def check(self, raw: HTTPResponse) -> None:
        """Raises RedirectRefused, BadAnswer."""
        size = sum(len(name) + len(value) for name, value in raw.headers.items())
        if size > HEADER_BYTES:
            raise BadAnswer(f"{self.target.site} sent {size:,} bytes of headers.")
        if raw.status in REDIRECTS:
            raise RedirectRefused(
                f"{self.target.shown} answered with a redirect ({raw.status}) to"
                f" {self._pointed_to(raw.headers.get('location', ''))}. Redirects are not followed:"
                " enter the final URL, if you trust it."
            )

    def _pointed_to(self, location: str) -> str:
        try:
            return self.target.join(location).shown
        except (UrlRefused, ValueError):
            return "something that is no URL to be called"


def checked(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Raises ValueError for what would end a header or a message early."""
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name) or name.lower() in OWN_HEADERS:
            raise ValueError(f"The header {name!r} cannot be set.")
        if not HEADER_VALUE.fullmatch(value):
            raise ValueError(f"The header {name} holds characters that a header may not.")
    return headers


@cache
def system_tls() -> ssl.SSLContext:
    """TLS 1.2 or newer, checked against the authorities this machine trusts."""
    return ssl.create_default_context()
