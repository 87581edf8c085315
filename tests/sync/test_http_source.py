"""Rows from a URL: formats, pages, cursors, signing in."""

import gzip
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from dashboard.errors import ConfigurationError, LeaseLost
from dashboard.formats.table_form import ROW
from dashboard.lib.outbound_errors import BadStatus
from dashboard.settings import Settings
from dashboard.sync.http_source import (
    Basic,
    Bearer,
    CursorField,
    CursorParameter,
    Header,
    HttpSource,
    LinkHeader,
    NextUrl,
    PageNumber,
)
from dashboard.sync.source import Ask, Environment, Page, Secret, SourceError
from tests.sync.web_site import Reply, WebSite, web_site

SETTINGS = Settings(outbound_networks=("127.0.0.0/8",))
CSV = b"id,name\n1,Ada\n2,\n"


@pytest.fixture
def site() -> Iterator[WebSite]:
    with web_site() as made:
        yield made


def pages(source: HttpSource, cursor: Any = None, **said: Any) -> list[Page]:
    return list(source.read(Ask(SETTINGS, cursor, **said)))


def rows(found: list[Page]) -> list[dict[str, Any]]:
    return [row for page in found for row in page.rows.to_pylist()]


def ids(found: list[Page]) -> list[str]:
    return [row["id"] for row in rows(found)]


def things(*numbers: int, **around: Any) -> bytes:
    return json.dumps({"data": {"items": [{"id": n} for n in numbers]}, **around}).encode()


def test_a_table_is_read_as_it_is_written(site: WebSite) -> None:
    site.pages["/things.csv"] = CSV
    found = pages(HttpSource(site.url("/things.csv")))
    assert rows(found) == [{"id": "1", "name": "Ada", ROW: 2}, {"id": "2", "name": "", ROW: 3}]
    assert found[0].name == site.url("/things.csv")


@pytest.mark.parametrize(
    ("path", "body", "options"),
    [
        ("/a", b'{"id":1,"name":"Ada"}\n{"id":2}\n', {}),
        ("/a", b'[{"id":1,"name":"Ada"},{"id":2}]', {}),
        ("/a", b'[{"id":1,"name":"Ada"},\n{"id":2}]', {"format": "json"}),
        ("/a", b'{"of":{"things":[{"id":1,"name":"Ada"},{"id":2}]}}', {"items": "of.things"}),
        ("/a.csv.gz", gzip.compress(CSV, mtime=0), {}),
        ("/a", b"id;name\r\n1;Ada\r\n2;\r\n", {"reading": {"delimiter": ";"}}),
        ("/a", "id\tname\n1\tAda\n2\t\n".encode("utf-16"), {"format": "tsv"}),
    ],
)
def test_formats(site: WebSite, path: str, body: bytes, options: Mapping[str, Any]) -> None:
    site.pages[path] = body
    found = rows(pages(HttpSource(site.url(path), **options)))
    assert [(row["id"], row["name"] or None) for row in found] == [("1", "Ada"), ("2", None)]


def test_packed_answers(site: WebSite) -> None:
    reply = Reply(gzip.compress(things(1, 2)), headers={"Content-Encoding": "gzip"})
    site.pages["/a"] = reply
    assert ids(pages(HttpSource(site.url("/a"), items="data.items"))) == ["1", "2"]


def test_numbers_in_json_stay_as_written(site: WebSite) -> None:
    site.pages["/a"] = b'{"d": [{"id": 1.10, "n": 12345678901234567890, "o": {"a": [1.0]}}]}'
    assert rows(pages(HttpSource(site.url("/a"), items="d"))) == [
        {"id": "1.10", "n": "12345678901234567890", "o": '{"a":[1.0]}', ROW: 1}
    ]


@pytest.mark.parametrize(
    ("reply", "options"),
    [
        (Reply(b"", 204), {}),
        (Reply(b""), {"format": "json-lines"}),
        (Reply(b"id,name\n"), {}),
        (Reply(b"[]"), {"format": "json"}),
        (Reply(b'{"d": null}'), {"items": "d"}),
    ],
)
def test_no_rows_are_no_error(site: WebSite, reply: Reply, options: Mapping[str, Any]) -> None:
    site.pages["/a"] = reply
    found = pages(HttpSource(site.url("/a"), **options))
    assert [(page.rows.num_rows, page.note) for page in found] == [
        (0, f"{site.url('/a')}: no rows.")
    ]


def test_a_row_with_other_cells_is_one_failure_in_its_place(site: WebSite) -> None:
    site.pages["/a"] = b"id,name\n1,a\n2\n3,c\n4,d,e\n"
    found = pages(HttpSource(site.url("/a")))
    told = [(p.base + 1, p.refused.code) if p.refused else ids([p])[0] for p in found]
    assert told == ["1", (3, "wrong_cell_count"), "3", (5, "wrong_cell_count")]
    assert [row[ROW] for row in rows(found)] == [2, 4]


def test_what_has_not_changed_is_not_sent_again(site: WebSite) -> None:
    def answer(headers: Mapping[str, str]) -> Reply:
        same = headers.get("If-None-Match") == '"v1"'
        return Reply(b"" if same else CSV, 304 if same else 200, {"ETag": '"v1"'})

    site.pages["/a"] = answer
    source = HttpSource(site.url("/a"))
    first = pages(source)
    assert first[-1].cursor == {"etag": '"v1"'}
    second = pages(source, first[-1].cursor)
    assert (rows(second), second[0].cursor) == ([], first[-1].cursor)
    assert "nothing has changed" in second[0].note
    assert len(rows(pages(source))) == 2


def test_a_time_tells_it_too(site: WebSite) -> None:
    stamp = "Sat, 31 Jan 2026 05:30:00 GMT"
    site.pages["/a"] = Reply(CSV, headers={"Last-Modified": stamp})
    source = HttpSource(site.url("/a"))
    pages(source, pages(source)[-1].cursor)
    assert site.asked[1][1]["If-Modified-Since"] == stamp


def test_pages_by_link_header(site: WebSite) -> None:
    link = f'<{site.url("/a?p=2")}>; rel="next", </a?p=9>; rel="last"'
    site.pages["/a"] = Reply(b"id\n1\n2\n", headers={"Link": link})
    site.pages["/a?p=2"] = Reply(b"id\n3\n", headers={"Link": '</a>; rel="prev"'})
    found = pages(HttpSource(site.url("/a"), paging=LinkHeader()))
    assert [(row["id"], row[ROW]) for row in rows(found)] == [("1", 2), ("2", 3), ("3", 5)]
    assert [page.name for page in found] == [site.url(f"/a (page {n})") for n in (1, 2)]
    assert found[1].base == 3


def test_pages_by_url(site: WebSite) -> None:
    site.pages["/a"] = things(1, 2, paging={"next": "?after=2"})
    site.pages["/a?after=2"] = things(3, paging={"next": None})
    source = HttpSource(site.url("/a"), items="data.items", paging=NextUrl("paging.next"))
    assert ids(pages(source)) == ["1", "2", "3"]


def test_pages_by_number(site: WebSite) -> None:
    site.pages |= {"/a?x=1&page=1": things(1, 2), "/a?x=1&page=2": things(3)}
    site.pages["/a?x=1&page=3"] = things()
    source = HttpSource(site.url("/a?x=1"), items="data.items", paging=PageNumber())
    assert ids(pages(source)) == ["1", "2", "3"]
    assert site.paths == ["/a?x=1&page=1", "/a?x=1&page=2", "/a?x=1&page=3"]


def test_pages_by_cursor(site: WebSite) -> None:
    site.pages |= {"/a": things(1, next="b c&d"), "/a?cursor=b+c%26d": things(2, next="")}
    paging = CursorField("next")
    assert ids(pages(HttpSource(site.url("/a"), items="data.items", paging=paging))) == ["1", "2"]


def test_a_later_run_asks_for_what_is_new(site: WebSite) -> None:
    first = b"id,at\n1,2026-01-31T05:30:00Z\n2,2026-01-31T05:30:01+02:00\n"
    site.pages["/a"] = first
    site.pages["/a?since=2026-01-31T05%3A30%3A00Z"] = b"id,at\n3,2026-02-01T00:00:00Z\n"
    source = HttpSource(site.url("/a"), cursor=CursorParameter("at", "since"))
    cursor = pages(source)[-1].cursor
    assert cursor == {"value": "2026-01-31T05:30:00Z"}
    assert pages(source, cursor)[-1].cursor == {"value": "2026-02-01T00:00:00Z"}
    assert source.rereads


def test_no_news_keep_the_cursor(site: WebSite) -> None:
    site.pages["/a?since=9"] = b"id\n"
    source = HttpSource(site.url("/a"), cursor=CursorParameter("id", "since", exclusive=True))
    assert pages(source, {"value": "9"})[-1].cursor == {"value": "9"}
    assert not source.rereads


def test_a_lag_asks_for_a_while_before(site: WebSite) -> None:
    site.pages["/a?since=7"] = b"id\n10\n"
    source = HttpSource(site.url("/a"), cursor=CursorParameter("id", "since", lag=2))
    assert pages(source, {"value": "9"})[-1].cursor == {"value": "10"}


AUTHS = [
    (Bearer(Secret("token")), "Authorization", "Bearer hidden"),
    (Basic("me", Secret("token")), "Authorization", "Basic bWU6aGlkZGVu"),
    (Header("X-Api-Key", Secret("token")), "X-Api-Key", "hidden"),
]


@pytest.mark.parametrize(("auth", "name", "value"), AUTHS)
def test_signing_in(site: WebSite, auth: Any, name: str, value: str) -> None:
    site.pages["/a"] = CSV
    source = HttpSource(site.url("/a"), auth=auth, headers={"Accept": "text/csv"})
    assert source.secret_names == ("token",)
    pages(source, secrets={"token": "hidden\n"})
    assert site.asked[0][1][name] == value
    assert site.asked[0][1]["Accept"] == "text/csv"
    assert "hidden" not in repr(source)


def test_a_secret_that_is_missing_or_no_header(
    site: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceError, match="token of the source is not set"):
        pages(HttpSource(site.url("/a"), auth=Bearer(Secret("token"))))
    monkeypatch.setenv("SHOP_TOKEN", "wörd")
    with pytest.raises(SourceError, match="SHOP_TOKEN holds characters"):
        pages(HttpSource(site.url("/a"), auth=Bearer(Environment("SHOP_TOKEN"))))
    assert site.asked == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_when_it_says(site: WebSite, status: int) -> None:
    busy = Reply(b"", status, {"Retry-After": "0"})
    site.pages["/a"] = [busy, Reply(b"", status, {"Retry-After": "Sat, 31 Jan 2026 05:30:00 GMT"}),
                        Reply(CSV)]  # fmt: skip
    assert len(rows(pages(HttpSource(site.url("/a"))))) == 2
    assert len(site.asked) == 3


def test_a_busy_server_is_not_waited_for_beyond_the_deadline(site: WebSite) -> None:
    site.pages["/a"] = Reply(b"", 429, {"Retry-After": "3600"})
    with pytest.raises(BadStatus, match="asks to wait 3600 seconds") as busy:
        pages(HttpSource(site.url("/a"), deadline=5))
    assert not busy.value.permanent


def test_a_server_that_stays_busy_is_given_up(site: WebSite) -> None:
    site.pages["/a"] = Reply(b"", 429, {"Retry-After": "0"})
    with pytest.raises(BadStatus, match="status 429"):
        pages(HttpSource(site.url("/a")))
    assert len(site.asked) == 5


def test_a_run_that_is_stopped_while_it_waits(site: WebSite) -> None:
    site.pages["/a"] = Reply(b"", 429, {"Retry-After": "3"})

    def stopped() -> None:
        if site.asked:
            raise LeaseLost("elsewhere")

    with pytest.raises(LeaseLost):
        pages(HttpSource(site.url("/a")), check=stopped)


@pytest.mark.parametrize(
    "options",
    [
        {"url": "ftp://shop.example/"},
        {"url": "https://me:hidden@shop.example/"},
        {"url": "https://127.1/"},
        {"url": "https://shop.example/", "format": "xml"},
        {"url": "https://shop.example/", "format": "csv", "items": "data"},
        {"url": "https://shop.example/", "paging": NextUrl()},
        {"url": "https://shop.example/", "headers": {"Host": "a"}},
        {"url": "https://shop.example/", "reading": {"delimiter": "||"}},
        {"url": "https://shop.example/", "deadline": 0},
        {"url": "https://shop.example/", "cursor": CursorParameter("a", "b", lag=-1)},
    ],
)
def test_options_are_checked_when_the_source_is_made(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        HttpSource(**options)
    assert "hidden" not in refused.value.message


@pytest.mark.parametrize("make", [Bearer, lambda word: Basic("me", word),
                                  lambda word: Header("X-Key", word)])  # fmt: skip
def test_no_secret_stands_in_the_options(make: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"use Secret"):
        make("hidden")
