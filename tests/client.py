"""A test client that sends CSRF tokens and checks every page it fetches."""

from collections import Counter
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from dashboard.web.security import POLICY

VOID_TAGS = "area base br col embed hr img input link meta source track wbr"
SVG_TAGS = "svg use rect path circle line polyline text g title symbol"
BLOCK_TAGS = (
    "address article aside blockquote details div dl fieldset footer form h1 h2 h3 h4 header hr"
    " main nav ol p pre section table ul"
)
VOID = frozenset(VOID_TAGS.split())
SVG = frozenset(SVG_TAGS.split())
# What ends an open <p> in a browser, so that the page nests otherwise than it reads.
BLOCKS = frozenset(BLOCK_TAGS.split())
REFERENCES = ("for", "aria-describedby", "aria-labelledby", "aria-controls")


class CheckedClient(FlaskClient):
    """`csrf=False` leaves the token out, `check=False` looks at nothing but the answer."""

    def open(self, *args: Any, csrf: bool = True, check: bool = True, **kwargs: Any) -> Any:
        if csrf and kwargs.get("method", "GET") not in ("GET", "HEAD", "OPTIONS"):
            kwargs["headers"] = {"X-CSRFToken": self.csrf_token(), **kwargs.get("headers", {})}
        response = super().open(*args, **kwargs)
        # A redirect's body is Werkzeug's, and nobody sees it.
        if check and response.mimetype == "text/html" and not response.location:
            check_page(response)
        return response

    def csrf_token(self) -> str:
        with self.session_transaction() as session:
            raw = session.setdefault("csrf_token", "0" * 40)
        secret = self.application.config["SECRET_KEY"]
        return str(URLSafeTimedSerializer(secret, salt="wtf-csrf-token").dumps(raw))


def check_page(response: TestResponse) -> None:
    """Raise AssertionError with everything that is wrong with a page or fragment."""
    assert response.headers.get("Content-Security-Policy") == POLICY
    page = Page()
    page.feed(response.text)
    page.close()
    assert not page.faults(), f"{response.request.path}: {page.faults()}"


class Page(HTMLParser):
    """Reads a page once and notes what a browser or the CSP would not forgive."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = False
        self.open_tags: list[str] = []
        self.seen: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.references: set[str] = set()
        self.title = ""

    def faults(self) -> list[str]:
        found = [*self.seen, *(f"<{tag}> is never closed" for tag in self.open_tags)]
        found += [f"id {name!r} {count} times" for name, count in self.ids.items() if count > 1]
        found += [f"no element has the id {name!r}" for name in self.references - set(self.ids)]
        if self.whole:
            found += [] if self.title.strip() else ["no title"]
            found += [f"{self.tags[t]} <{t}>" for t in ("h1", "main") if self.tags[t] != 1]
        return found

    def handle_decl(self, decl: str) -> None:
        self.whole = decl.lower() == "doctype html"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.check_attributes(tag, attrs)
        self.tags[tag] += 1
        if tag in self.open_tags and tag in ("form", "a", "button", "p"):
            self.seen.append(f"<{tag}> in <{tag}>")
        elif tag in BLOCKS and "p" in self.open_tags:
            self.seen.append(f"<{tag}> in <p>")
        if tag not in VOID:
            self.open_tags.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.check_attributes(tag, attrs)
        if tag not in VOID | SVG:
            self.seen.append(f"<{tag} /> closes nothing")

    def handle_endtag(self, tag: str) -> None:
        if self.open_tags and self.open_tags[-1] == tag:
            self.open_tags.pop()
        else:
            self.seen.append(f"</{tag}> closes <{self.open_tags[-1:]}>")

    def handle_data(self, data: str) -> None:
        if self.open_tags[-1:] == ["title"] and "svg" not in self.open_tags:
            self.title += data

    def check_attributes(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if len(values) != len(attrs):
            self.seen.append(f"<{tag}> has an attribute twice")
        self.seen += [f"<{tag} {n}>" for n in values if n == "style" or n.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in values):
            self.seen.append(f"inline <{tag}>")
        if values.get("id"):
            self.ids[values["id"] or ""] += 1
        for name in REFERENCES:
            self.references |= set((values.get(name) or "").split())
