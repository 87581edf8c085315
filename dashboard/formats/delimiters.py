"""Find delimiter and quote: those that give the first records the same number of cells."""

from collections.abc import Sequence
from itertools import pairwise

from dashboard.errors import FileRefused
from dashboard.formats.layout import DELIMITERS, RARE_DELIMITERS
from dashboard.formats.record_index import RecordScan

USUAL_QUOTE, OTHER_QUOTE = '"', "'"
# A header below title lines counts a little less than one at the top.
BELOW_TITLES = 0.9


def find_delimiter(records: Sequence[str], quote: str) -> str:
    """The candidate that cuts most records like the header; a comma when none cuts it."""
    outside = ["".join(text.split(quote)[::2]) if quote else text for text in records]
    for candidates in (DELIMITERS, RARE_DELIMITERS):
        scores = {mark: score(mark, outside) for mark in candidates}
        best = max(candidates, key=lambda mark: scores[mark])
        if scores[best] > NOTHING:
            return best
    return DELIMITERS[0]


NOTHING = (-1.0, False, 0)


def score(mark: str, outside: Sequence[str]) -> tuple[float, bool, int]:
    """Share of the records that have as many marks as the header; then is it more than a comma in
    a sentence (", ")?; then how many marks the header has.
    """
    counts = [text.count(mark) for text in outside]
    header = header_place(counts)
    if header is None:
        return NOTHING
    following = counts[header + 1 :]
    share = following.count(counts[header]) / len(following) if following else 0.0
    spaced = all(text.count(mark) == text.count(mark + " ") for text in outside[header:])
    return share * (BELOW_TITLES if header else 1.0), not spaced, counts[header]


def header_place(counts: Sequence[int]) -> int | None:
    """The first record, or below title lines the first of two with the same three cells or more."""
    if not counts or counts[0]:
        return 0 if counts else None
    for place, (here, below) in enumerate(pairwise(counts)):
        if here:
            return place if here == below and here > 1 else None
    return None


def find_quote(records: Sequence[str]) -> str:
    """A single quote only where header and a whole column are wrapped by it; else a double one."""
    if len(records) < 2 or not records[0].startswith(OTHER_QUOTE):
        return USUAL_QUOTE
    delimiter = find_delimiter(records, OTHER_QUOTE)
    wrapped = [
        [is_wrapped(cell, OTHER_QUOTE) for cell in cut_roughly(text, delimiter)] for text in records
    ]
    same = [cells for cells in wrapped if len(cells) == len(wrapped[0])]
    columns = zip(*same, strict=True)
    consistent = all(wrapped[0]) and len(same) > 1 and any(all(column) for column in columns)
    if consistent and quotes_in_order(records, delimiter, OTHER_QUOTE):
        return OTHER_QUOTE
    return USUAL_QUOTE


def cut_roughly(text: str, delimiter: str) -> list[str]:
    """Cells with their quotes."""
    pieces = text.split(OTHER_QUOTE)
    pieces[::2] = [piece.replace(delimiter, "\0") for piece in pieces[::2]]
    return OTHER_QUOTE.join(pieces).split("\0")


def is_wrapped(cell: str, quote: str) -> bool:
    return len(cell) > 1 and cell[0] == cell[-1] == quote


def quotes_in_order(records: Sequence[str], delimiter: str, quote: str) -> bool:
    data = "\n".join(records).encode()
    scan = RecordScan(data, delimiter, quote, last=True)
    try:
        scan.check_quotes(1)
    except FileRefused:
        return False
    return not scan.open_quote()
