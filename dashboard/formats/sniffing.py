"""Find out how a delimited file is written by reading its first records."""

from collections import Counter
from dataclasses import dataclass
from typing import BinaryIO

from dashboard.formats import refusals
from dashboard.formats.binary_files import check_is_text
from dashboard.formats.cells import split_cells
from dashboard.formats.delimiters import USUAL_QUOTE, find_delimiter, find_quote
from dashboard.formats.headers import NUMBER, count_titles, separator_hint, split_header
from dashboard.formats.heads import Head, HeadRecord, read_head
from dashboard.formats.layout import MAX_COLUMNS, Layout
from dashboard.formats.naming import unique_names
from dashboard.formats.reading_choices import check_delimiter

UTF8_NAMES = {"utf8", "utf-8", "utf-8-sig"}


@dataclass(frozen=True, slots=True)
class Sniffed:
    """`notes` say in plain sentences what was skipped or might be wrong."""

    layout: Layout
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """What is given, None = find it out."""

    delimiter: str | None
    quote: str | None
    header_row: int | None


def detect(
    stream: BinaryIO,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    quote: str | None = None,
    header_row: int | None = None,
) -> Layout:
    """Read the first records of UTF-8 text; what is given is not guessed. Raises FileRefused."""
    if encoding is not None and encoding.lower() not in UTF8_NAMES:
        raise refusals.unreadable_encoding(encoding)
    return sniff(stream, delimiter=delimiter, quote=quote, header_row=header_row).layout


def sniff(
    stream: BinaryIO,
    *,
    delimiter: str | None = None,
    quote: str | None = None,
    header_row: int | None = None,
) -> Sniffed:
    """Like `detect`, with notes."""
    check_delimiter(delimiter, USUAL_QUOTE if quote is None else quote)
    choices = Choices(delimiter, quote, header_row)
    first_quote = USUAL_QUOTE if quote is None else quote
    head = read_head(stream, first_quote, header_row or 1)
    check_is_text(head.data)
    hint = separator_hint(head.data)
    place, line, notes = 0, 1, []
    if hint is not None and header_row != 1:
        place, line = hint[1], 2
        notes.append("Row 1 only names the delimiter (sep=…) and was skipped.")
        if delimiter is None:
            choices = Choices(hint[0], quote, header_row)
    if header_row and header_row > 1:
        place, reached = head.from_line(header_row)
        line = header_row
        if not reached:
            raise refusals.no_such_row(header_row)
    return sniff_from(head, place, line, choices, notes)


def sniff_from(head: Head, place: int, line: int, choices: Choices, notes: list[str]) -> Sniffed:
    """Read the records from this byte of the head on, file line `line`."""
    quote = USUAL_QUOTE if choices.quote is None else choices.quote
    records = head.records(place, line, quote)
    if choices.quote is None and (other := find_quote([r.sample for r in records])) != quote:
        quote = other
        records = head.records(place, line, quote)
        notes.append("Cells are wrapped in single quotes ('), which are not part of them.")
    if not records:
        raise head.refusal(place, line, quote)
    delimiter = choices.delimiter or find_delimiter([r.sample for r in records], quote)
    check_delimiter(delimiter, quote)
    if choices.header_row == 0:
        return Sniffed(
            layout_without_header(head, place, line, records, delimiter, quote), (*notes,)
        )
    titles = count_titles(records, delimiter, quote) if choices.header_row is None else 0
    if titles:
        notes.append(titles_note(records[:titles]))
    header = records[titles]
    if choices.header_row and header.row != choices.header_row:
        raise refusals.no_such_row(choices.header_row)
    layout = layout_below(header, delimiter, quote)
    if all(NUMBER.match(name.strip()) for name in layout.headers):
        notes.append(
            f"Row {header.row} was taken for the header, but holds numbers only. If it is data,"
            " choose header row 0 (no header)."
        )
    return Sniffed(layout, tuple(notes))


def titles_note(titles: list[HeadRecord]) -> str:
    shown = titles[0].text.strip()[:60]
    if len(titles) == 1:
        return f"Row {titles[0].row} was skipped as a title: {shown}"
    return f"Rows {titles[0].row} to {titles[-1].row} were skipped as titles: {shown} …"


def layout_below(header: HeadRecord, delimiter: str, quote: str) -> Layout:
    headers = split_header(header, delimiter, quote)
    after = header.row + header.raw.count(b"\n") + 1
    return Layout(
        "utf-8", delimiter, quote, header.row, unique_names(headers), header.after, after, headers
    )


def layout_without_header(
    head: Head, place: int, line: int, records: list[HeadRecord], delimiter: str, quote: str
) -> Layout:
    """As many columns as most of the first records have cells."""
    counts = Counter(len(split_cells(record.sample, delimiter, quote)) for record in records)
    count = max(counts, key=lambda cells: (counts[cells], cells))
    if count > MAX_COLUMNS:
        raise refusals.too_many_columns(records[0].row, count)
    blank = ("",) * count
    return Layout(
        "utf-8", delimiter, quote, 0, unique_names(blank), head.start + place, line, blank
    )
