"""What a person chose about reading a file; what is left open is found out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.formats import refusals
from dashboard.formats.encodings import codec_name
from dashboard.formats.layout import MAX_RECORD_BYTES

FORMATS = ("csv", "tsv", "json-lines", "xlsx", "xls", "ods", "parquet")
DELIMITED = ("csv", "tsv")
NAMES = {
    "format": "format",
    "delimiter": "delimiter",
    "quote": "quote",
    "encoding": "encoding",
    "sheet": "sheet",
    "headerRow": "header_row",
}
SPELLED_DELIMITERS = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
MOST_HEADER_ROW = MAX_RECORD_BYTES  # more lines than a header may have bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """None = find it out. `quote` "" = quotes are ordinary text. `header_row` counts from 1, 0 = no
    header. `sheet` is a sheet's name. Raises FileRefused for a choice that cannot be followed.
    """

    format: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    header_row: int | None = None

    def __post_init__(self) -> None:
        if self.format is not None and self.format not in FORMATS:
            raise refusals.bad_format(self.format, FORMATS)
        check_delimiter(self.delimiter, self.quote)
        if self.encoding is not None:
            object.__setattr__(self, "encoding", codec_name(self.encoding))
        if self.header_row is not None and not 0 <= self.header_row <= MOST_HEADER_ROW:
            raise refusals.bad_header_row(self.header_row)

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> "Reading":
        """From the names of the API; other keys are passed over.

        Blank text means "find it out" (a form's empty field); for `quote` it is a choice.
        """
        values: dict[str, Any] = {}
        for name, field in NAMES.items():
            value = options.get(name)
            if value is not None and (value != "" or field == "quote"):
                values[field] = read_choice(name, value)
        return cls(**values)

    def to_options(self) -> dict[str, Any]:
        """The names of the API, without what is left open."""
        found = {name: getattr(self, field) for name, field in NAMES.items()}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def wants_delimited(self) -> bool:
        return self.format in DELIMITED

    @property
    def mark(self) -> str | None:
        """The delimiter chosen, by itself or by the format."""
        return "\t" if self.delimiter is None and self.format == "tsv" else self.delimiter


def read_choice(name: str, value: Any) -> str | int:
    if name == "headerRow":
        text = str(value).strip() if isinstance(value, int | str) else ""
        if isinstance(value, bool) or not (text.isascii() and text.isdigit()):
            raise refusals.bad_header_row(value)
        return int(text[:12])
    if not isinstance(value, str):
        raise refusals.bad_choice(name, value)
    if name == "delimiter":
        return SPELLED_DELIMITERS.get(value, value)
    return value


def check_delimiter(delimiter: str | None, quote: str | None) -> None:
    """Single ASCII characters that differ and end no line. Raises FileRefused."""
    if quote and not is_mark(quote):
        raise refusals.bad_quote(quote)
    if delimiter is None:
        return
    if not is_mark(delimiter) or delimiter == quote:
        raise refusals.bad_delimiter(delimiter)


def is_mark(text: str) -> bool:
    return len(text) == 1 and text.isascii() and text not in "\r\n\0"
