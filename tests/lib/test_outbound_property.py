"""No spelling of a refused IPv4 address leads to it."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.lib.addresses import SPECIAL
from dashboard.lib.outbound import Outbound
from dashboard.lib.outbound_errors import UrlRefused

NETWORKS = [network for network, _ in SPECIAL if network.version == 4]
FORMS = [str, hex, lambda n: f"0{n:o}", lambda n: f"0X{n:X}", lambda n: f"{n:03d}"]


@st.composite
def addresses(draw: st.DrawFn) -> int:
    network = draw(st.sampled_from(NETWORKS))
    return int(network[draw(st.integers(0, network.num_addresses - 1))])


@st.composite
def spellings(draw: st.DrawFn) -> str:
    """As four, three, two or one number, each written somehow; or inside of IPv6."""
    address = draw(addresses())
    dotted, tail = IPv4Address(address), f"{address >> 16:x}:{address & 0xFFFF:x}"
    wrapped = [f"[::{dotted}]", f"[::ffff:{dotted}]", f"[64:ff9b::{tail}]", f"[2002:{tail}::]"]
    count = draw(st.integers(1, 5))
    if count == 5:
        return draw(st.sampled_from(wrapped))
    octets = list(address.to_bytes(4, "big"))
    last = int.from_bytes(bytes(octets[count - 1 :]), "big")
    parts = [draw(st.sampled_from(FORMS))(number) for number in (*octets[: count - 1], last)]
    return ".".join(parts) + draw(st.sampled_from(["", "."]))


@given(host=spellings())
def test_no_spelling_of_a_refused_address_is_called(host: str) -> None:
    client = Outbound(resolver=lambda _host, _port: ["1.1.1.1"])
    with pytest.raises(UrlRefused):
        client.check_url(f"http://{host}/")
