"""Rows from a URL: CSV, JSON, JSON Lines or any other format an import reads."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dashboard.lib.outbound_url import parse_url
from dashboard.sync.http_source_auth import Basic, Bearer, Header
from dashboard.sync.http_source_fetching import Fetcher
from dashboard.sync.http_source_options import CursorParameter, HttpOptions
from dashboard.sync.http_source_paging import (
    CursorField,
    LinkHeader,
    NextUrl,
    OnePage,
    PageNumber,
)
from dashboard.sync.http_source_reading import Reader
from dashboard.sync.source import Ask, Page, names_of

__all__ = [
    "Basic",
    "Bearer",
    "CursorField",
    "CursorParameter",
    "Header",
    "HttpSource",
    "LinkHeader",
    "NextUrl",
    "OnePage",
    "PageNumber",
]


@dataclass(frozen=True, slots=True)
class HttpSource(HttpOptions):
    """The options are those of HttpOptions; the secret of `auth` goes to the URL's host only."""

    @property
    def secret_names(self) -> tuple[str, ...]:
        return names_of(self.auth.word if self.auth else None)

    @property
    def whole(self) -> bool:
        return True

    @property
    def rereads(self) -> bool:
        return self.cursor is not None and self.cursor.rereads

    def describe(self) -> str:
        return parse_url(self.url).shown

    def read(self, ask: Ask) -> Iterator[Page]:
        """Raises OutboundError, SourceError, FileRefused."""
        headers = {**self.headers, **(self.auth.headers(ask) if self.auth else {})}
        most = self.max_bytes or ask.settings.max_upload_bytes
        fetcher = Fetcher(ask, headers, self.deadline, self.idle, most)
        with tempfile.TemporaryDirectory(prefix="jobengine-source-") as folder:
            yield from Reader(self, ask, fetcher, Path(folder)).pages()
