"""From a name to a connection: looked up once, every answer judged, one of them connected to."""

import queue
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address

from dashboard.lib.addresses import Address, Network, is_in, refusal
from dashboard.lib.outbound_deadline import Deadline
from dashboard.lib.outbound_errors import AddressRefused, NotReachable, UrlInsecure
from dashboard.lib.outbound_url import Target

Resolver = Callable[[str, int], Sequence[str]]
CONNECT_SECONDS = 10.0
MOST_ATTEMPTS = 4


def resolve(host: str, port: int) -> Sequence[str]:
    """Every address the system knows for a name, the preferred first. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(place[0]) for *_, place in found]


@dataclass(frozen=True, slots=True)
class Rules:
    """`networks` may be reached though they are private, and without TLS though it is asked for."""

    networks: tuple[Network, ...] = ()
    https_only: bool = False

    def judge(self, target: Target, addresses: Sequence[Address]) -> None:
        """One refused answer among many refuses the host. Raises AddressRefused, UrlInsecure."""
        for address in addresses:
            what = None if is_in(address, self.networks) else refusal(address)
            if what is not None:
                raise AddressRefused(
                    f"{target.host} leads to an address of {what}. Only public addresses can be"
                    " called, unless an administrator allows the network (WEBHOOK_ALLOW_NETWORKS)."
                )
        allowed = bool(addresses) and all(is_in(address, self.networks) for address in addresses)
        if target.scheme == "http" and self.https_only and not allowed:
            raise UrlInsecure(f"{target.site} is not encrypted. Use https://.")


def find_addresses(target: Target, resolver: Resolver, deadline: Deadline) -> list[Address]:
    """Raises NotReachable when there is none, DeadlinePassed when nobody answers."""
    if target.address is not None:
        return [target.address]
    answers: queue.SimpleQueue[Sequence[str] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(resolver(target.host, target.port))
        except (OSError, UnicodeError) as error:
            answers.put(OSError(str(error)))

    # The system's resolver takes no deadline, so it is asked beside.
    threading.Thread(target=look_up, name="resolver", daemon=True).start()
    try:
        found = answers.get(timeout=deadline.left(CONNECT_SECONDS))
    except queue.Empty:
        deadline.check()
        found = OSError("no answer")
    if isinstance(found, OSError) or not found:
        raise NotReachable(f"{target.host} is not known to the name service. Check its spelling.")
    return list(dict.fromkeys(ip_address(text) for text in found))


def connect(
    target: Target, rules: Rules, resolver: Resolver, deadline: Deadline, idle: float
) -> socket.socket:
    """A connection to one of the judged addresses; each read or write waits at most `idle`."""
    addresses = find_addresses(target, resolver, deadline)
    rules.judge(target, addresses)
    for address in addresses[:MOST_ATTEMPTS]:
        # By number: nothing is looked up again between the judgement and the connection.
        with suppress(OSError):
            connection = socket.create_connection(
                (str(address), target.port), timeout=deadline.left(CONNECT_SECONDS)
            )
            return watched(connection, target, rules, deadline, idle)
    deadline.check()
    raise NotReachable(f"{target.site} does not answer. Check the URL, and that the server runs.")


def watched(
    connection: socket.socket, target: Target, rules: Rules, deadline: Deadline, idle: float
) -> socket.socket:
    try:
        rules.judge(target, [ip_address(connection.getpeername()[0])])
        connection.settimeout(idle)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        deadline.watch(connection)
    except BaseException:
        connection.close()
        raise
    return connection
