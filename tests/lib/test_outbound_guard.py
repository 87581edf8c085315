"""The guarded client: which hosts it calls, and how it makes sure."""

import socket
from collections.abc import Iterator, Sequence

import pytest

from dashboard.lib.outbound import Outbound
from dashboard.lib.outbound_errors import (
    AddressRefused,
    NotReachable,
    RedirectRefused,
    UrlInsecure,
)
from tests.lib.talkers import Talker, answer, says, talking, words

LOOPBACK = ("127.0.0.0/8",)
PUBLIC = "1.1.1.1"
SPELLINGS = words("""
http://127.0.0.1/ http://127.0.0.1./ http://127.9.9.9/ http://127.1/ http://2130706433/
http://017700000001/ http://0177.0.0.1/ http://0x7f.0.0.1/ http://0x7f000001/ http://0.0.0.0/
http://0/ http://10.0.0.1/ http://172.16.0.1/ http://192.168.0.1/ http://169.254.169.254/
http://100.64.0.1/ http://[::1]/ http://[::]/ http://[::ffff:127.0.0.1]/ http://[::127.0.0.1]/
http://[::ffff:a9fe:a9fe]/ http://[64:ff9b::7f00:1]/ http://[2002:7f00:1::]/ http://[fe80::1]/
http://[2001:0:7f00:1::1]/ http://[fd00:ec2::254]/ http://[fec0::1]/ http://[ff02::1]/
http://①②⑦.⓪.⓪.①/ http://127。0。0。1/ http://localhost/ http://LOCALHOST./ http://255.255.255.255/
""")


class Names:
    """A resolver whose answers are laid out in advance, the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, host: str, port: int) -> Sequence[str]:
        found = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return found


@pytest.fixture
def talker() -> Iterator[Talker]:
    with talking(says(answer(b"hello"))) as talker:
        yield talker


def call(client: Outbound, url: str) -> bytes:
    with client.request("GET", url, deadline=5) as response:
        return response.read()


@pytest.mark.parametrize("url", SPELLINGS)
def test_special_addresses_are_refused_in_every_spelling(url: str) -> None:
    with pytest.raises(AddressRefused):
        call(Outbound(), url)
    with pytest.raises(AddressRefused):
        Outbound().check_url(url)


def test_an_allowed_network_is_reached(talker: Talker) -> None:
    assert call(Outbound(LOOPBACK), talker.url()) == b"hello"


def test_an_allowed_network_is_not_reached_by_another_version(talker: Talker) -> None:
    with pytest.raises(AddressRefused):
        call(Outbound(LOOPBACK), talker.url(host="[::ffff:127.0.0.1]"))


def test_one_private_answer_refuses_the_host(talker: Talker) -> None:
    for answers in ([PUBLIC, "10.0.0.1"], ["2606:4700::1", "::1"], [PUBLIC, "::ffff:10.0.0.1"]):
        with pytest.raises(AddressRefused) as refused:
            call(Outbound(resolver=Names(answers)), talker.url(host="shop.example"))
    assert "shop.example" in refused.value.message
    assert "10.0.0.1" not in refused.value.message


def test_a_name_is_looked_up_once_for_a_call(talker: Talker) -> None:
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    assert call(Outbound(LOOPBACK, resolver=names), talker.url(host="shop.example")) == b"hello"
    assert names.asked == 1
    assert f"Host: shop.example:{talker.port}\r\n" in talker.heard[0]


def test_an_answer_that_changes_is_judged_again(talker: Talker) -> None:
    client = Outbound(LOOPBACK, resolver=Names(["127.0.0.1"], ["10.0.0.1"]))
    client.check_url(talker.url(host="shop.example"))
    with pytest.raises(AddressRefused):
        call(client, talker.url(host="shop.example"))


def test_the_connection_itself_is_judged(talker: Talker, monkeypatch: pytest.MonkeyPatch) -> None:
    dial = socket.create_connection
    monkeypatch.setattr(
        socket, "create_connection", lambda _place, **options: dial(("127.0.0.1", talker.port))
    )
    with pytest.raises(AddressRefused):
        call(Outbound(resolver=Names([PUBLIC])), talker.url(host="shop.example"))
    assert "GET" not in "".join(talker.heard)


def test_a_second_address_is_tried_when_the_first_is_down(talker: Talker) -> None:
    client = Outbound(LOOPBACK, resolver=Names(["127.0.0.7", "127.0.0.1"]))
    assert call(client, talker.url(host="shop.example")) == b"hello"


def test_unknown_names_and_closed_ports_are_told() -> None:
    def nobody(host: str, port: int) -> Sequence[str]:
        raise OSError("unknown")

    with pytest.raises(NotReachable, match=r"shop\.example is not known"):
        call(Outbound(resolver=nobody), "https://shop.example/")
    Outbound(resolver=nobody, https_only=True).check_url("https://shop.example/")
    with pytest.raises(UrlInsecure):
        Outbound(LOOPBACK, resolver=nobody, https_only=True).check_url("http://shop.example/")
    with pytest.raises(NotReachable, match="does not answer"):
        call(Outbound(LOOPBACK), "http://127.0.0.1:1025/")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_error_that_names_where_to(status: int) -> None:
    to = "http://169.254.169.254/latest?key=hidden"
    talk = says(answer(b"", f"{status} Elsewhere", location=to))
    with talking(talk) as talker, pytest.raises(RedirectRefused) as refused:
        call(Outbound(LOOPBACK), talker.url("/a?token=hidden"))
    assert "http://169.254.169.254/latest." in refused.value.message
    assert "hidden" not in refused.value.message


def test_plain_http_is_for_allowed_networks_where_tls_is_asked_for(talker: Talker) -> None:
    assert call(Outbound(LOOPBACK, https_only=True), talker.url()) == b"hello"
    client = Outbound(LOOPBACK, https_only=True, resolver=Names([PUBLIC]))
    with pytest.raises(UrlInsecure):
        call(client, talker.url(host="shop.example"))
    with pytest.raises(UrlInsecure):
        client.check_url("http://shop.example/")


def test_proxies_of_the_environment_are_not_asked(
    talker: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1025")
    monkeypatch.setenv("no_proxy", "")
    assert call(Outbound(LOOPBACK), talker.url()) == b"hello"
