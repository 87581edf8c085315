"""What an engineer says about a source over HTTP, checked when it is said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.errors import ConfigurationError, FileRefused
from dashboard.formats.reading_choices import FORMATS, Reading
from dashboard.lib.outbound import checked
from dashboard.lib.outbound_errors import UrlRefused
from dashboard.lib.outbound_url import parse_url
from dashboard.sync.http_source_auth import Auth
from dashboard.sync.http_source_paging import OnePage, Paging
from dashboard.sync.source import expect

JSON, JSON_LINES = "json", "json-lines"
ALL_AT_ONCE = OnePage()


@dataclass(frozen=True, slots=True)
class CursorParameter:
    """A later run sends the greatest value of `column` so far as `parameter`, `lag` before it.

    Servers mostly send the rows of that very value again; `exclusive`: this one does not.
    """

    column: str
    parameter: str
    lag: float = 0
    exclusive: bool = False

    @property
    def rereads(self) -> bool:
        return self.lag > 0 or not self.exclusive


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """`format` None: found out from the answer. `items`: where the list of rows stands in JSON
    ("data.items"); blank, the answer itself is the list. `reading`: delimiter, quote, encoding,
    sheet and headerRow as for an import. `deadline` (seconds) is for all pages together, `idle` for
    a server that sends nothing, `max_bytes` for each page (as large as an upload when None).
    """

    url: str
    format: str | None = None
    items: str | None = None
    paging: Paging = ALL_AT_ONCE
    auth: Auth | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cursor: CursorParameter | None = None
    reading: Mapping[str, Any] = field(default_factory=dict)
    deadline: float = 600
    idle: float = 30
    max_bytes: int | None = None

    def __post_init__(self) -> None:
        known = (*FORMATS, JSON)
        expect(self.format in (None, *known), f"format: use one of {', '.join(known)}.")
        try:
            parse_url(self.url)
            checked(self.headers)
            Reading.from_options({**self.reading, "format": self.row_format})
        except (UrlRefused, FileRefused, ValueError) as error:
            raise ConfigurationError(f"An HTTP source: {error}") from None
        expect(not self.items or self.format in (None, JSON), "items: only JSON has them.")
        expect(self.items or not self.paging.needs_json, "This paging needs items as well.")
        expect(self.deadline > 0 and self.idle > 0, "deadline and idle: use seconds above 0.")
        expect(self.cursor is None or self.cursor.lag >= 0, "lag: use a number from 0.")

    @property
    def in_json(self) -> bool:
        """Are the rows one list, to be taken out of what is around it?"""
        return self.format == JSON or bool(self.items)

    @property
    def row_format(self) -> str | None:
        """The format that reads the rows."""
        return JSON_LINES if self.in_json else self.format

    @property
    def one_page(self) -> bool:
        return type(self.paging) is OnePage
