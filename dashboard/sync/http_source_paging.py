"""How a source over HTTP goes on to its next page: on the same host, or not at all."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from dashboard.lib.outbound_errors import UrlRefused
from dashboard.lib.outbound_url import Target, parse_url
from dashboard.sync.source import SourceError

LINK = re.compile(r"<([^<>]*)>([^<]*)")
NEXT = re.compile(r";\s*rel\s*=\s*(?:\"[^\"]*\bnext\b[^\"]*\"|next\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What is known of a page once it was read; `around` is its JSON without the items."""

    target: Target
    number: int
    rows: int
    headers: Mapping[str, str]
    around: Any = None


class Paging(Protocol):
    """`needs_json`: the next page is named inside of a JSON object, around the items."""

    @property
    def needs_json(self) -> bool: ...

    def first(self, target: Target) -> Target: ...

    def following(self, page: Fetched) -> Target | None:
        """None: that was the last page. Raises SourceError."""


@dataclass(frozen=True, slots=True)
class OnePage:
    """All rows at once."""

    @property
    def needs_json(self) -> bool:
        return False

    def first(self, target: Target) -> Target:
        return target

    def following(self, page: Fetched) -> Target | None:
        return None


@dataclass(frozen=True, slots=True)
class LinkHeader(OnePage):
    """`Link: <https://…>; rel="next"`, as many APIs send it."""

    def following(self, page: Fetched) -> Target | None:
        for reference, parameters in LINK.findall(page.headers.get("link", "")):
            if NEXT.search(parameters):
                return named(page, reference)
        return None


@dataclass(frozen=True, slots=True)
class NextUrl(OnePage):
    """The next page's URL stands in the answer, at `path` ("paging.next")."""

    path: str = "next"

    @property
    def needs_json(self) -> bool:
        return True

    def following(self, page: Fetched) -> Target | None:
        reference = look_up(page.around, self.path)
        if reference in (None, "", False):
            return None
        if not isinstance(reference, str):
            raise no_next(page, self.path)
        return named(page, reference)


@dataclass(frozen=True, slots=True)
class PageNumber(OnePage):
    """`parameter` counts the pages; one without rows is behind the last."""

    parameter: str = "page"
    start: int = 1

    def first(self, target: Target) -> Target:
        return with_parameters(target, {self.parameter: str(self.start)})

    def following(self, page: Fetched) -> Target | None:
        if not page.rows:
            return None
        return with_parameters(page.target, {self.parameter: str(self.start + page.number)})


@dataclass(frozen=True, slots=True)
class CursorField(OnePage):
    """What stands in the answer at `path` is sent as `parameter` to get the next page."""

    path: str = "next_cursor"
    parameter: str = "cursor"

    @property
    def needs_json(self) -> bool:
        return True

    def following(self, page: Fetched) -> Target | None:
        found = look_up(page.around, self.path)
        if found in (None, "", False):
            return None
        if not isinstance(found, str | int):
            raise no_next(page, self.path)
        return with_parameters(page.target, {self.parameter: str(found)})


def look_up(around: Any, path: str) -> Any:
    """The value at a path of names; None where there is none."""
    for name in path.split("."):
        if not isinstance(around, dict):
            return None
        around = around.get(name)
    return around


def named(page: Fetched, reference: str) -> Target:
    """Raises SourceError for a next page on another host: credentials would go there."""
    try:
        target = page.target.join(reference)
    except (UrlRefused, ValueError):
        raise SourceError(
            f"Page {page.number} ({page.target.shown}) names a next page that is no URL.",
            code="next_page",
        ) from None
    if target.origin != page.target.origin:
        raise SourceError(
            f"Page {page.number} ({page.target.shown}) names a next page on {target.site}. Pages"
            f" are read from {page.target.site} only.",
            code="next_page",
        )
    return target


def no_next(page: Fetched, path: str) -> SourceError:
    return SourceError(
        f"Page {page.number} ({page.target.shown}): what stands at {path} does not tell the next"
        " page. Check the source's paging.",
        code="next_page",
    )


def with_parameters(target: Target, parameters: Mapping[str, str]) -> Target:
    """The URL with these in its query, in place of those of the same names."""
    parts = urlsplit(target.url)
    kept = [
        pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in parameters
    ]
    query = urlencode([*kept, *parameters.items()])
    return parse_url(urlunsplit(parts._replace(query=query)))
