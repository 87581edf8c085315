"""Which addresses may be reached."""

from ipaddress import ip_address, ip_network

import pytest

from dashboard.lib.addresses import is_in, refusal
from tests.lib.talkers import words

REFUSED = words("""
0.0.0.0 0.255.255.255 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254
168.63.129.16 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1
192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
255.255.255.255 :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1 64:ff9b::7f00:1
64:ff9b:1::a00:1 100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 2001:10::1
2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a00:1:: 3fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254
fe80::1 febf::1 fec0::1 ff02::1 ff0e::1
""")
REACHED = words("""
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1
169.253.255.255 172.15.255.255 172.32.0.1 192.0.1.1 192.167.255.255 198.17.255.255 223.255.255.255
2001:200::1 2001:4860:4860::8888 2606:4700:4700::1111 2a00::1 3ffe::1
""")


@pytest.mark.parametrize("text", REFUSED)
def test_special_addresses_are_refused(text: str) -> None:
    assert refusal(ip_address(text))


@pytest.mark.parametrize("text", REACHED)
def test_addresses_given_out_to_anybody_are_reached(text: str) -> None:
    assert refusal(ip_address(text)) is None


def test_the_library_s_own_answer_is_not_enough() -> None:
    assert [text for text in REFUSED if ip_address(text).is_global] != []


def test_a_network_holds_addresses_of_its_version_only() -> None:
    networks = (ip_network("127.0.0.0/8"), ip_network("fd00::/8"))
    assert is_in(ip_address("127.1.2.3"), networks)
    assert is_in(ip_address("fd00::1"), networks)
    assert not is_in(ip_address("::ffff:127.0.0.1"), networks)
