"""URLs an outbound call may name: nothing in them that two readers could take differently."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import idna

from dashboard.lib.addresses import Address
from dashboard.lib.outbound_errors import AddressRefused, UrlRefused

PORTS = {"http": 80, "https": 443}
FIRST_FREE_PORT = 1024
MOST_CHARACTERS = 8_000
# Blanks, control characters, and the backslash some readers take for a slash.
FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ufeff]")
NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
# Readers of addresses take such a host for a number: 127.1, 0x7f000001, 2130706433.
NUMERIC = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")
KEPT_IN_PATH = "/%:@!$&'()*+,;=~-._"
KEPT_IN_QUERY = KEPT_IN_PATH + "?"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes. `host` is lower case ASCII without brackets, `path` has the query.

    `address` is set when the host is one itself.
    """

    scheme: str
    host: str
    port: int
    path: str
    address: Address | None = None

    @property
    def origin(self) -> tuple[str, str, int]:
        """What credentials belong to."""
        return self.scheme, self.host, self.port

    @property
    def site(self) -> str:
        """Scheme and host, and a port that is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def url(self) -> str:
        return self.site + self.path

    @property
    def shown(self) -> str:
        """For people and logs: without the query, which may hold secrets."""
        return self.site + self.path.partition("?")[0]

    def join(self, reference: str) -> "Target":
        """Another URL as this one's document would name it. Raises UrlRefused."""
        return parse_url(urljoin(self.url, reference))


def parse_url(url: str) -> Target:
    """Raises UrlRefused, and AddressRefused for an address in an unusual spelling."""
    if not url or len(url) > MOST_CHARACTERS or FORBIDDEN.search(url):
        raise UrlRefused(
            "The URL is blank, too long, or holds blanks, control characters or backslashes. Write"
            " it as https://host/path."
        )
    parts, port = split(url)
    host, address = read_host(parts.hostname or "", bracketed="[" in parts.netloc)
    path = quote(parts.path or "/", safe=KEPT_IN_PATH)
    if parts.query:
        path += "?" + quote(parts.query, safe=KEPT_IN_QUERY)
    return Target(parts.scheme, host, port, path, address)


def split(url: str) -> tuple[SplitResult, int]:
    """The parts, and the port."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UrlRefused("The URL's host or port is malformed. Write https://host/path.") from None
    if parts.scheme not in PORTS:
        raise UrlRefused("The URL must begin with https:// (or http://).")
    if "@" in parts.netloc:
        raise UrlRefused(
            "The URL holds a user name or password (user:password@host). Leave them out; they are"
            " kept apart, encrypted."
        )
    if port is None:
        port = PORTS[parts.scheme]
    # Lower ones belong to mail and others that would read a request as their own commands.
    if port < FIRST_FREE_PORT and port not in PORTS.values():
        raise UrlRefused(f"Port {port} is not one for HTTP. Use 80, 443 or one from 1024 on.")
    return parts, port


def read_host(text: str, *, bracketed: bool) -> tuple[str, Address | None]:
    if bracketed:
        try:
            found = IPv6Address(text)
        except AddressValueError:
            raise UrlRefused("The URL's IPv6 address is malformed. Write [2a00::1].") from None
        if found.scope_id:
            raise AddressRefused("The URL's IPv6 address names a network card (%). Leave it out.")
        return str(found), found
    name = ascii_name(text.removesuffix("."))
    if not NUMERIC.fullmatch(name):
        return name, None
    try:
        return name, IPv4Address(name)
    except AddressValueError:
        raise AddressRefused(
            "The URL's host is an address in an unusual spelling. Write four decimal numbers, as in"
            " 198.51.100.7, or a name."
        ) from None


def ascii_name(text: str) -> str:
    """A host as names are looked up: letters of other scripts as xn--…"""
    name = text.lower()
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode()
        except idna.IDNAError:
            name = ""
    if not NAME.fullmatch(name):
        raise UrlRefused("The URL's host is no name or address. Write https://host/path.")
    return name
