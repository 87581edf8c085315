"""What a person chose about a file that is written: its format and how its cells look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from dashboard.errors import InputRefused

DELIMITERS = {"csv": ",", "tsv": "\t"}
FORMATS = (*DELIMITERS, "xlsx", "json-lines", "parquet")
# The codec that writes the text behind the mark, and the mark.
ENCODINGS = {
    "utf-8": ("utf-8", b""),
    "utf-8-sig": ("utf-8", b"\xef\xbb\xbf"),
    "windows-1252": ("cp1252", b""),
    "iso-8859-1": ("latin-1", b""),
    "utf-16": ("utf-16-le", b"\xff\xfe"),
}
DECIMALS = (".", ",")
COMPRESSIONS = ("none", "gzip", "zip")
SPELLED_DELIMITERS = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
# No cell could be told from its neighbour, or a number from a text.
NO_DELIMITERS = frozenset("\r\n\0\"'.+-")

SUFFIXES = {
    "csv": ".csv",
    "tsv": ".tsv",
    "xlsx": ".xlsx",
    "json-lines": ".jsonl",
    "parquet": ".parquet",
}
PACKED_SUFFIXES = {"none": "", "gzip": ".gz", "zip": ".zip"}
MEDIA_TYPES = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json-lines": "application/jsonl",
    "parquet": "application/vnd.apache.parquet",
}
PACKED_MEDIA_TYPES = {"gzip": "application/gzip", "zip": "application/zip"}


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """`delimiter` is "" in formats without one; `decimal` and `encoding` concern CSV and TSV alone.

    Raises InputRefused, `details["field"]` naming the choice as the API does.
    """

    format: str = "csv"
    delimiter: str = ""
    decimal: str = "."
    encoding: str = "utf-8"
    compression: str = "none"
    escape_formulas: bool = True
    header: bool = True

    def __post_init__(self) -> None:
        one_of("format", self.format, FORMATS)
        one_of("decimal", self.decimal, DECIMALS)
        one_of("encoding", self.encoding, tuple(ENCODINGS))
        one_of("compression", self.compression, COMPRESSIONS)
        if not self.delimiter:
            object.__setattr__(self, "delimiter", self._usual_delimiter())
        if self.is_delimited:
            self._check_marks()
        else:
            self._refuse_meaningless()

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> "WriteOptions":
        """From the names of the API; other keys are passed over, null and blank mean the usual."""
        values: dict[str, Any] = {}
        for name, field in NAMES.items():
            value = options.get(name)
            if value is not None and value != "":
                values[field] = as_choice(name, value)
        return cls(**values)

    def to_options(self) -> dict[str, Any]:
        """The names of the API, without what the format has no choice of."""
        found = {name: getattr(self, field) for name, field in NAMES.items()}
        if not self.is_delimited:
            del found["delimiter"], found["decimal"], found["encoding"]
        return found

    @property
    def is_delimited(self) -> bool:
        return self.format in DELIMITERS

    @property
    def concatenates(self) -> bool:
        """Are parts that were written one by one, put one behind the other, the file?"""
        return self.is_delimited or self.format == "json-lines"

    @property
    def escapes(self) -> bool:
        """Do texts that a spreadsheet would run get their apostrophe?"""
        return self.escape_formulas and (self.is_delimited or self.format == "xlsx")

    @property
    def is_utf8(self) -> bool:
        return self.codec == "utf-8"

    @property
    def codec(self) -> str:
        return ENCODINGS[self.encoding][0]

    @property
    def mark(self) -> bytes:
        """The byte order mark that begins the file."""
        return ENCODINGS[self.encoding][1]

    @property
    def inner_suffix(self) -> str:
        """Of the file before it is packed."""
        return SUFFIXES[self.format]

    @property
    def suffix(self) -> str:
        return self.inner_suffix + PACKED_SUFFIXES[self.compression]

    @property
    def media_type(self) -> str:
        return PACKED_MEDIA_TYPES.get(self.compression) or MEDIA_TYPES[self.format]

    def _usual_delimiter(self) -> str:
        if self.format == "csv" and self.decimal == ",":
            return ";"  # as spreadsheets do where the decimal mark is a comma
        return DELIMITERS.get(self.format, "")

    def _check_marks(self) -> None:
        mark = self.delimiter
        plain = len(mark) == 1 and mark.isascii() and not mark.isalnum() and mark.isprintable()
        if mark in NO_DELIMITERS or not (plain or mark == "\t"):
            refuse("delimiter", f"delimiter {mark!r:.60}: use one character such as , ; | or tab.")
        if self.format == "tsv" and mark != "\t":
            refuse("delimiter", f"delimiter {mark!r:.60}: TSV has a tab. Use the format csv.")
        if mark == self.decimal:
            message = "decimal and delimiter cannot both be ','. Use the delimiter ';'."
            refuse("decimal", message)

    def _refuse_meaningless(self) -> None:
        for name, usual in (("delimiter", ""), ("decimal", "."), ("encoding", "utf-8")):
            if getattr(self, name) != usual:
                refuse(name, f"{name}: {self.format} has none to choose. Leave it out.")
        if self.compression != "none" and not self.concatenates:
            message = f"compression: {self.format} is packed by itself. Use 'none'."
            refuse("compression", message)


NAMES = {
    "format": "format",
    "delimiter": "delimiter",
    "decimal": "decimal",
    "encoding": "encoding",
    "compression": "compression",
    "escapeFormulas": "escape_formulas",
    "header": "header",
}
TRUTHS = ("escapeFormulas", "header")


def as_choice(name: str, value: Any) -> str | bool:
    if name in TRUTHS:
        if not isinstance(value, bool):
            refuse(name, f"{name} is true or false, not {value!r:.60}.")
        return value
    if not isinstance(value, str):
        refuse(name, f"{name} is a text, not {value!r:.60}.")
    if name == "delimiter":
        return SPELLED_DELIMITERS.get(value, value)
    return value if name == "decimal" else value.strip().lower()


def one_of(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        shown = ", ".join(map(repr, allowed))
        refuse(name, f"{name} {value!r:.60} is not available. Use {shown}.")


def refuse(name: str, message: str) -> NoReturn:
    raise InputRefused(message, details={"field": name})
