"""One run over all pages of a source over HTTP."""

import hashlib
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from dashboard.errors import FileRefused
from dashboard.formats.contents import find_contents
from dashboard.formats.reading_choices import Reading
from dashboard.lib.outbound_url import Target, parse_url
from dashboard.sync.http_source_columns import PageColumns, furthest, stepped_back
from dashboard.sync.http_source_fetching import NO_CONTENT, NOT_MODIFIED, Body, Fetcher
from dashboard.sync.http_source_json import split_items
from dashboard.sync.http_source_options import JSON_LINES, HttpOptions
from dashboard.sync.http_source_paging import Fetched, with_parameters
from dashboard.sync.source import Ask, Page, SourceError
from dashboard.sync.source_files import file_pieces
from dashboard.sync.source_pages import Numbering

MOST_PAGES = 100_000
NOT_CHANGED = "The server says that nothing has changed since the last run (304)."
CONDITIONS = {"etag": "If-None-Match", "lastModified": "If-Modified-Since"}


class Reader:
    """Only the last page has a cursor: servers promise no order."""

    def __init__(self, options: HttpOptions, ask: Ask, fetcher: Fetcher, folder: Path) -> None:
        self.options, self.ask, self.fetcher = options, ask, fetcher
        self.body, self.items = folder / "body", folder / "items"
        self.numbering = Numbering()
        self.columns: PageColumns | None = None
        self.cursor: dict[str, Any] = {}
        self.digest = b""

    def pages(self) -> Iterator[Page]:
        """Raises OutboundError, SourceError, FileRefused."""
        held: Page | None = None
        for page in self._all_pages():
            if held is not None:
                yield held
            held = page
        if held is not None:
            yield replace(held, cursor=held.cursor or self.cursor or None)

    def _all_pages(self) -> Iterator[Page]:
        target, seen = self._first(), set[str]()
        for number in range(1, MOST_PAGES + 1):
            if target.url in seen:
                raise circle(number, target)
            seen.add(target.url)
            body = self.fetcher.fetch(target, self.body, number, self._conditions())
            if body.status == NOT_MODIFIED:
                last = self.ask.cursor
                yield self.numbering.nothing(target.shown, cursor=last, note=NOT_CHANGED)
                return
            fetched = yield from self._page(target, number, body)
            following = self.options.paging.following(fetched)
            if following is None:
                return
            target = following
        raise SourceError(f"{parse_url(self.options.url).shown} has over {MOST_PAGES:,} pages.")

    # -- what is asked ------------------------------------------------------------------------

    @property
    def _conditional(self) -> bool:
        """May the server say that nothing has changed? Of one page of many it means little."""
        return self.options.one_page and self.options.cursor is None

    def _conditions(self) -> dict[str, str]:
        known = self.ask.cursor if self._conditional else None
        return (
            {to: known[name] for name, to in CONDITIONS.items() if name in known} if known else {}
        )

    def _first(self) -> Target:
        target = self.options.paging.first(parse_url(self.options.url))
        value = (self.ask.cursor or {}).get("value")
        if self.options.cursor is None or value is None:
            return target
        self.cursor["value"] = value
        since = stepped_back(value, self.options.cursor.lag)
        return with_parameters(target, {self.options.cursor.parameter: since})

    # -- what is answered ---------------------------------------------------------------------

    def _page(self, target: Target, number: int, body: Body) -> Generator[Page, None, Fetched]:
        """The rows of one page; what is known of it is returned."""
        name = target.shown if self.options.one_page else f"{target.shown} (page {number})"
        if self._conditional:
            self.cursor.update(body.kept)
        self.numbering.begin()
        rows, around = 0, None
        try:
            if not self._blank(body):
                around, path, reading = self._opened(name, target, body)
                for page in self._pages_of(name, target, path, reading):
                    rows += page.rows.num_rows + (page.refused is not None)
                    yield page
        except FileRefused as refused:
            if refused.code != "no_rows":
                raise told_of(name, refused) from None
        if not rows:
            yield self.numbering.nothing(name, note="" if number > 1 else f"{name}: no rows.")
        elif self.columns is not None:
            self.columns.end_page(name)
            self._check_new(name)
        return Fetched(target, number, rows, body.headers, around)

    def _blank(self, body: Body) -> bool:
        """No rows in so many words; a blank answer of another kind is a broken one."""
        lines = self.options.format == JSON_LINES and not body.path.stat().st_size
        return body.status == NO_CONTENT or lines

    def _opened(self, name: str, target: Target, body: Body) -> tuple[Any, Path, Reading]:
        """What is around the rows, the file that has them and how it is read."""
        options = {**self.options.reading, "format": self.options.row_format}
        reading = Reading.from_options(options)
        if not self.options.in_json:
            return None, body.path, reading
        where = self.options.items.split(".") if self.options.items else ()
        contents = find_contents(body.path, file_name(target), reading)
        with contents.open_text() as stream, self.items.open("wb") as out:
            around = split_items(stream, name, where, out)
        return around, self.items, Reading(format=JSON_LINES, encoding="utf-8")

    def _pages_of(self, name: str, target: Target, path: Path, reading: Reading) -> Iterator[Page]:
        kind = find_contents(path, file_name(target), reading).format
        self.columns = self.columns or PageColumns(objects=kind == JSON_LINES)
        column = self.options.cursor.column if self.options.cursor else None
        for batch, ragged in file_pieces(path, file_name(target), reading, self.ask.check):
            self.columns.add(batch)
            if column is not None and batch.num_rows:
                value = furthest(batch, column, self.cursor.get("value"), name)
                self.cursor |= {} if value is None else {"value": value}
            yield from self.numbering.pages(name, batch, ragged)

    def _check_new(self, name: str) -> None:
        """A server that does not know the parameter for pages sends the first one for ever."""
        with self.body.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").digest()
        if digest == self.digest:
            raise SourceError(
                f"{name} is the same as the page before. Check the source's paging.",
                code="next_page",
            )
        self.digest = digest


def file_name(target: Target) -> str:
    """What the URL calls the file: its ending helps to tell JSON."""
    return PurePosixPath(target.path.partition("?")[0]).name


def told_of(name: str, refused: FileRefused) -> FileRefused:
    """The same refusal, naming the page."""
    return FileRefused(f"{name}: {refused.message}", code=refused.code, details=refused.details)


def circle(number: int, target: Target) -> SourceError:
    return SourceError(
        f"Page {number} ({target.shown}) was read before: the pages go in a circle. Check the"
        " source's paging.",
        code="next_page",
    )
