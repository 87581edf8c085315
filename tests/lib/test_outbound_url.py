"""URLs that may be called, and those in which two readers could see two hosts."""

import pytest

from dashboard.lib.outbound_errors import AddressRefused, UrlRefused
from dashboard.lib.outbound_url import parse_url

MALFORMED = [
    "",
    "shop.example/orders",
    "//shop.example/orders",
    "ftp://shop.example/",
    "file:///etc/passwd",
    "gopher://shop.example/",
    "https://",
    "https:///orders",
    "https://user:word@shop.example/",
    "https://shop.example@127.0.0.1/",
    "https://shop.example\\@127.0.0.1/",
    "https://shop.example /",
    " https://shop.example/",
    "https://shop.example/\r\nX-Evil: 1",
    "https://shop.example/a\tb",
    "https://shop.example/\x00",
    "https://shop.example:port/",
    "https://shop.example:0/",
    "https://shop.example:22/",
    "https://shop.example:25/",
    "https://shop.example:70000/",
    "https://shop..example/",
    "https://.example/",
    "https://shop%2eexample/",
    "https://sh*p.example/",
    "https://[::1/",
    "https://[shop.example]/",
    "https://" + "a" * 64 + ".example/",
    "https://shop.example/" + "a" * 8_000,
]
UNUSUAL = [
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0x7F.1/",
    "http://127.0.0.01/",
    "http://127.0.0.256/",
    "http://1.2.3.4.5/",
    "http://0/",
    "http://0x/",
    "http://shop.0x7f/",
    "http://①②⑦.1/",
    "http://[fe80::1%25eth0]/",
]


@pytest.mark.parametrize("url", MALFORMED)
def test_what_is_no_plain_url_is_refused(url: str) -> None:
    with pytest.raises(UrlRefused):
        parse_url(url)


@pytest.mark.parametrize("url", UNUSUAL)
def test_addresses_have_one_spelling(url: str) -> None:
    with pytest.raises(AddressRefused):
        parse_url(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://Shop.Example", "https://shop.example/"),
        ("HTTPS://shop.example:443/a", "https://shop.example/a"),
        ("https://shop.example:8443/", "https://shop.example:8443/"),
        ("https://shop.example./a#top", "https://shop.example/a"),
        (
            "https://bücher.example/ä?q=ö&x=%20",
            "https://xn--bcher-kva.example/%C3%A4?q=%C3%B6&x=%20",
        ),
        ("https://straße.example/", "https://xn--strae-oqa.example/"),
        ("https://shop。example/", "https://shop.example/"),
        ("http://127.0.0.1./", "http://127.0.0.1/"),
        ("http://[::FFFF:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
        ("http://my_service:9000/", "http://my_service:9000/"),
    ],
)
def test_one_spelling_of_what_is_called(url: str, shown: str) -> None:
    assert parse_url(url).url == shown


@pytest.mark.parametrize("url", ["http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://127.0.0.1/"])
def test_addresses_in_other_scripts_are_addresses(url: str) -> None:
    assert str(parse_url(url).address) == "127.0.0.1"


def test_the_query_is_not_shown() -> None:
    assert parse_url("https://shop.example/a?key=hidden").shown == "https://shop.example/a"


def test_references_are_read_as_in_a_page() -> None:
    base = parse_url("https://shop.example/orders?page=1")
    assert base.join("?page=2").url == "https://shop.example/orders?page=2"
    assert base.join("//other.example/").origin == ("https", "other.example", 443)
