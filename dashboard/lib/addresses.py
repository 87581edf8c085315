"""Which addresses an outbound call may reach (I12): the public internet, by a list of our own.

`ipaddress.is_global` is not that list: it lets multicast through, and IPv4 inside of IPv6.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PRIVATE = "a private network"
LOOPBACK = "this machine itself"
EXAMPLES = "a network for examples"
SPECIAL: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), what)
    for network, what in (
        ("0.0.0.0/8", LOOPBACK),
        ("10.0.0.0/8", PRIVATE),
        ("100.64.0.0/10", "a provider's inner network"),
        ("127.0.0.0/8", LOOPBACK),
        # What an Azure machine asks for its own settings; it lies among public addresses.
        ("168.63.129.16/32", "a cloud's own services"),
        ("169.254.0.0/16", "the local link (of cloud machines: their secrets)"),
        ("172.16.0.0/12", PRIVATE),
        ("192.0.0.0/24", "a network for protocols"),
        ("192.0.2.0/24", EXAMPLES),
        ("192.88.99.0/24", "a relay from IPv6 to IPv4"),
        ("192.168.0.0/16", PRIVATE),
        ("198.18.0.0/15", "a network for measurements"),
        ("198.51.100.0/24", EXAMPLES),
        ("203.0.113.0/24", EXAMPLES),
        ("224.0.0.0/4", "a group of machines (multicast)"),
        ("240.0.0.0/4", "a reserved network"),
        # IPv6: told apart for the message only. What is not in UNICAST is refused anyway.
        ("::/128", LOOPBACK),
        ("::1/128", LOOPBACK),
        ("::/96", "an IPv4 address inside of IPv6"),
        ("::ffff:0:0/96", "an IPv4 address inside of IPv6"),
        ("64:ff9b::/32", "a translation to IPv4 (NAT64)"),
        ("2001::/32", "a tunnel to IPv4 (Teredo)"),
        ("2001::/23", "a network for protocols"),
        ("2001:db8::/32", EXAMPLES),
        ("2002::/16", "a tunnel to IPv4 (6to4)"),
        ("3fff::/20", EXAMPLES),
        ("fc00::/7", PRIVATE),
        ("fe80::/10", "the local link"),
        ("fec0::/10", "a private network (site-local)"),
        ("ff00::/8", "a group of machines (multicast)"),
    )
)
# The one part of IPv6 whose addresses are given out to anybody.
UNICAST = IPv6Network("2000::/3")


def refusal(address: Address) -> str | None:
    """What a refused address is, in words that follow "an address of"; None: it may be reached."""
    for network, what in SPECIAL:
        if network.version == address.version and address in network:
            return what
    if address.version == 6 and address not in UNICAST:
        return "a reserved network"
    return None


def is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(network.version == address.version and address in network for network in networks)
