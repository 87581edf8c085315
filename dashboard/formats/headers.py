"""Which record is the header, and what its names come to."""

import re
from collections.abc import Collection, Sequence

from dashboard.formats import refusals
from dashboard.formats.cells import split_cells
from dashboard.formats.heads import HeadRecord
from dashboard.formats.layout import MAX_COLUMNS
from dashboard.formats.record_index import RecordScan

MOST_TITLES = 20
FEWEST_CELLS = 3
NUMBER = re.compile(r"[-+]?[\d.,' ]*\d[\d.,' ]*%?$")
SEPARATOR_LINE = re.compile(rb'"?sep=([!-~\t ])"?\r?\n?')


def separator_hint(data: bytes) -> tuple[str, int] | None:
    """Excel's first line `sep=;`: the delimiter and the bytes of the line."""
    match = SEPARATOR_LINE.match(data)
    if match is None or not (match[0].endswith(b"\n") or match.end() == len(data)):
        return None
    return match[1].decode(), match.end()


def count_titles(records: Sequence[HeadRecord], delimiter: str, quote: str) -> int:
    """How many records at the start are surely titles: one filled cell each, and below them a
    header of names and at least one more record, all with the same three cells or more.
    """
    cut = [split_cells(record.sample, delimiter, quote) for record in records[: MOST_TITLES + 2]]
    titles = 0
    while titles < len(cut) and sum(bool(cell.strip()) for cell in cut[titles]) == 1:
        titles += 1
    if not 0 < titles <= MOST_TITLES or titles + 1 >= len(cut):
        return 0
    header, below = cut[titles], cut[titles + 1]
    if len(header) < FEWEST_CELLS or len(below) != len(header) or not are_names(header):
        return 0
    sure = all(len(cells) < len(header) or is_padded(cells) for cells in cut[:titles])
    return titles if sure else 0


def is_padded(cells: Sequence[str]) -> bool:
    """A title as a spreadsheet writes it: in the first cell, the others blank."""
    return bool(cells[0].strip())


def are_names(cells: Sequence[str]) -> bool:
    """All filled, no two alike, none a number."""
    names = [cell.strip() for cell in cells]
    return all(names) and len(set(names)) == len(names) and not any(map(NUMBER.match, names))


def split_header(header: HeadRecord, delimiter: str, quote: str) -> tuple[str, ...]:
    """The header's cells as written. Raises FileRefused."""
    text = header.text
    scan = RecordScan(text.encode(), delimiter, quote, last=True)
    scan.check_returns(header.row)
    scan.check_quotes(header.row)
    names = split_cells(text, delimiter, quote)
    if len(names) > MAX_COLUMNS:
        raise refusals.too_many_columns(header.row, len(names))
    return tuple(names)


def check_headers(
    columns: Sequence[str], headers: Sequence[str], row: int, chosen: Collection[str] = ()
) -> None:
    """Refuse blank and doubled headers where columns are matched by name.

    `columns` are the unique names, `headers` what is written in file row `row`. A header is let
    pass when all columns of that header are among `chosen`, those a person mapped by hand.
    """
    first_seen: dict[str, int] = {}
    for number, name in enumerate(headers, 1):
        if not name.strip():
            if columns[number - 1] not in chosen:
                raise refusals.missing_header(row, number)
        elif name in first_seen:
            first = first_seen[name]
            if not {columns[number - 1], columns[first - 1]} <= set(chosen):
                raise refusals.duplicate_header(row, name, first, number)
        else:
            first_seen[name] = number
