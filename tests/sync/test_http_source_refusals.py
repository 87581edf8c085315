"""Sources over HTTP that are down, hang, lie or change: what is told."""

import gzip
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from dashboard.errors import JobEngineError, LeaseLost
from dashboard.settings import Settings
from dashboard.sync.http_source import (
    Bearer,
    CursorField,
    CursorParameter,
    HttpSource,
    LinkHeader,
    NextUrl,
    PageNumber,
)
from dashboard.sync.source import Ask, Secret
from tests.lib.talkers import answer, drips, hangs, says, talking
from tests.sync.web_site import Reply, WebSite, web_site

SETTINGS = Settings(outbound_networks=("127.0.0.0/8",))
HTML = b"\n<!DOCTYPE html><html><form>Sign in</form></html>"


@pytest.fixture
def site() -> Iterator[WebSite]:
    with web_site() as made:
        yield made


def refused(url: str, settings: Settings = SETTINGS, **options: Any) -> JobEngineError:
    with pytest.raises(JobEngineError) as raised:
        list(HttpSource(url, **options).read(Ask(settings)))
    return raised.value


CASES: dict[str, tuple[Reply, dict[str, Any], str, str]] = {
    "html": (Reply(HTML), {}, "html_found", r"Page 1 \(http://.*/a\) is a web page"),
    "html by its type": (
        Reply(b"<p>no", headers={"Content-Type": "text/html"}), {}, "html_found", "web page",
    ),
    "404": (Reply(b"", 404), {}, "bad_status", "status 404. Check the URL"),
    "401": (Reply(b"", 401), {}, "bad_status", "Check the source's secret"),
    "500": (Reply(b"", 500), {}, "bad_status", "status 500"),
    "an image": (Reply(b"\x89PNG\r\n\x1a\n" + b"\0" * 50), {}, "not_text", "http://.*/a: "),
    "too short": (Reply(b"id\n1\n", length=99), {}, "body_cut_off", "too early"),
    "too large": (Reply(b"a" * 99), {"max_bytes": 50}, "body_too_large", "50 bytes"),
    "blank": (Reply(b""), {}, "file_empty", "http://.*/a: "),
    "blank json": (Reply(b""), {"items": "d"}, "file_empty", "http://.*/a: "),
    "damaged gzip": (Reply(gzip.compress(b"id\n1\n")[:-6]), {}, "damaged_archive", "http://"),
    "an open quote": (Reply(b'id\n"1\n'), {}, "unclosed_quote", "http://.*/a: Row 2"),
    "a doubled header": (Reply(b"id,id\n1,2\n"), {}, "duplicate_header", "http://.*/a: "),
    "json line": (
        Reply(b'{"id":1}\n{"id":\n'), {"format": "json-lines"}, "not_json", "Row 2",
    ),
    "json at line 3": (
        Reply(b'{"d": [\n{"id": 1},\n{"id": x}\n]}'), {"items": "d"}, "not_json", "line 3 is not",
    ),
    "json cut off": (
        Reply(b'{"d": [\n{"id": 1},\n{"id"'), {"items": "d"}, "not_json", "line 3 .* is cut off",
    ),
    "json not closed": (
        Reply(b'{"d": [{"id": 1}]\n'), {"items": "d"}, "not_json", "line 2 .* is cut off",
    ),
    "more after json": (Reply(b'{"d": []} {'), {"items": "d"}, "not_json", "goes on after"),
    "no comma": (Reply(b'{"d": [{} {}]}'), {"items": "d"}, "not_json", "where , or ] is needed"),
    "not UTF-8": (Reply(b'{"d": [{"id": "\xff"}]}'), {"items": "d", "reading": {
        "encoding": "utf-8"}}, "not_json", "not UTF-8"),
    "no such items": (Reply(b'{"a": 1, "b": []}'), {"items": "d.e"}, "no_items", "found: a, b"),
    "items is no list": (Reply(b'{"d": {"e": 1}}'), {"items": "d"}, "no_items", "an object, not"),
    "items in a list": (Reply(b'[{"d": 1}]'), {"items": "d"}, "no_items", "no rows at d"),
    "an object": (Reply(b'{"d": []}'), {"format": "json"}, "no_items", "not a list of rows"),
    "no objects": (Reply(b'{"d": [1, 2]}'), {"items": "d"}, "not_an_object", "row 1 of"),
    "no cursor": (
        Reply(b"id\n1\n"), {"cursor": CursorParameter("at", "s")}, "columns_changed", "found: id",
    ),
    "other format": (Reply(b"id\n1\n"), {"format": "xlsx"}, "bad_format", "http://.*/a: "),
}  # fmt: skip


@pytest.mark.parametrize(("reply", "options", "code", "said"), CASES.values(), ids=CASES)
def test_answers_that_are_no_data(
    site: WebSite, reply: Reply, options: dict[str, Any], code: str, said: str
) -> None:
    site.pages["/a"] = reply
    error = refused(site.url("/a"), **options)
    assert error.code == code
    assert re.search(said, error.message), error.message


def paged(site: WebSite, second: bytes, first: bytes = b"id,name\n1,a\n") -> JobEngineError:
    site.pages["/a"] = Reply(first, headers={"Link": "</a?p=2>; rel=next"})
    site.pages["/a?p=2"] = second
    return refused(site.url("/a"), paging=LinkHeader())


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (b"id,title\n2,b\n", "lacks name and it has title besides. Columns found: id, title"),
        (b"id\n2\n", "it lacks name"),
        (b"id,name,more\n2,b,c\n", "it has more besides"),
    ],
)
def test_other_columns_on_a_later_page(site: WebSite, second: bytes, said: str) -> None:
    error = paged(site, second)
    assert error.code == "columns_changed"
    assert f"{site.url('/a')} (page 2) has other columns" in error.message
    assert said in error.message


def test_columns_in_another_order_are_the_same(site: WebSite) -> None:
    site.pages["/a"] = Reply(b"id,name\n1,a\n", headers={"Link": "</a?p=2>; rel=next"})
    site.pages["/a?p=2"] = b"name,id\nb,2\n"
    found = list(HttpSource(site.url("/a"), paging=LinkHeader()).read(Ask(SETTINGS)))
    assert [page.rows.to_pylist()[0]["id"] for page in found] == ["1", "2"]


def test_objects_may_leave_out_what_was_left_out_before(site: WebSite) -> None:
    first = b'[{"id":1,"note":"a"},{"id":2}]'
    assert paged(site, b'[{"ident":3,"note":"a"}]', first).code == "columns_changed"
    site.pages["/a?p=2"] = b'[{"id":3,"more":"b"}]'
    found = list(HttpSource(site.url("/a"), paging=LinkHeader()).read(Ask(SETTINGS)))
    assert [row["id"] for page in found for row in page.rows.to_pylist()] == ["1", "2", "3"]


@pytest.mark.parametrize("other", ["http://169.254.169.254/a", "//localhost/a", "https://a b/"])
def test_a_next_page_on_another_host_is_not_asked_for(site: WebSite, other: str) -> None:
    site.pages["/a"] = Reply(b"id\n1\n", headers={"Link": f"<{other}>; rel=next"})
    error = refused(site.url("/a"), paging=LinkHeader())
    assert error.code == "next_page"
    assert len(site.asked) == 1


def test_pages_in_a_circle(site: WebSite) -> None:
    site.pages["/a"] = Reply(b"id\n1\n", headers={"Link": "</a>; rel=next"})
    assert "in a circle" in refused(site.url("/a"), paging=LinkHeader()).message


def test_a_server_that_does_not_know_pages(site: WebSite) -> None:
    site.pages |= dict.fromkeys(("/a?page=1", "/a?page=2"), b"id\n1\n")
    error = refused(site.url("/a"), paging=PageNumber())
    assert "(page 2) is the same as the page before" in error.message


@pytest.mark.parametrize("paging", [NextUrl("next"), CursorField("next")])
def test_what_tells_the_next_page_must_be_text(site: WebSite, paging: Any) -> None:
    site.pages["/a"] = b'{"d": [{"id": 1}], "next": {"page": 2}}'
    error = refused(site.url("/a"), items="d", paging=paging)
    assert "what stands at next does not tell" in error.message


def test_a_broken_later_page_is_named(site: WebSite) -> None:
    site.pages |= {"/a": b'{"d": [{"id": 1}], "next": "?p=2"}', "/a?p=2": HTML}
    error = refused(site.url("/a"), items="d", paging=NextUrl())
    assert f"Page 2 ({site.url('/a')})" in error.message


def test_a_redirect_to_a_private_address(site: WebSite) -> None:
    site.pages["/a"] = Reply(b"", 302, {"Location": "http://169.254.169.254/latest"})
    error = refused(site.url("/a"), auth=None)
    assert (error.code, error.permanent) == ("redirect_refused", True)


def test_a_private_address_itself(site: WebSite) -> None:
    assert refused(site.url("/a"), Settings()).code == "address_refused"
    assert site.asked == []


def test_plain_http_in_production() -> None:
    settings = Settings(env="production")
    assert refused("http://1.1.1.1/a", settings).code == "url_insecure"


def test_a_server_that_is_down() -> None:
    error = refused("http://127.0.0.1:1025/a")
    assert (error.code, error.permanent) == ("not_reachable", False)


@pytest.mark.parametrize("talk", [hangs(), drips(b"a\n", b"HTTP/1.1 200 OK\r\n\r\nid\n")])
def test_a_server_that_hangs_or_drips(talk: Any) -> None:
    with talking(talk) as talker:
        error = refused(talker.url("/a"), deadline=0.3)
    assert (error.code, error.permanent) == ("deadline", False)


def test_a_run_that_is_stopped_while_a_server_hangs() -> None:
    asked = threading.Event()

    def stopped() -> None:
        if asked.is_set():
            raise LeaseLost("elsewhere")

    began = time.monotonic()
    with talking(hangs(b"HTTP/1.1 200 OK\r\n")) as talker:
        threading.Timer(0.1, asked.set).start()
        with pytest.raises(LeaseLost):
            list(HttpSource(talker.url("/a")).read(Ask(SETTINGS, check=stopped)))
    assert time.monotonic() - began < 5


def test_the_deadline_is_for_all_pages(site: WebSite) -> None:
    def page(number: int) -> Reply:
        return Reply(b"id\n%d\n" % number, headers={"Link": f"</a?p={number + 1}>; rel=next"})

    def slowly(number: int) -> Any:
        return lambda _headers: time.sleep(0.1) or page(number)

    site.pages |= {f"/a?p={number}": slowly(number) for number in range(1, 30)}
    error = refused(site.url("/a?p=1"), paging=LinkHeader(), deadline=0.35)
    assert error.code == "deadline"
    assert len(site.asked) < 6


def test_no_secret_is_told(site: WebSite) -> None:
    with talking(says(answer(b"", "403 Forbidden"))) as talker:
        source = HttpSource(talker.url("/a?key=hidden"), auth=Bearer(Secret("token")))
        with pytest.raises(JobEngineError) as raised:
            list(source.read(Ask(SETTINGS, secrets={"token": "hidden"})))
    assert "hidden" not in raised.value.message + repr(raised.value.details) + source.describe()
