"""One record's text to its cells, for the few records that are read one by one."""

import re
from functools import lru_cache


@lru_cache(maxsize=16)
def cell_pattern(delimiter: str, quote: str) -> re.Pattern[str]:
    d, q = re.escape(delimiter), re.escape(quote)
    return re.compile(rf"{q}((?:[^{q}]++|{q}{q})*+){q}|([^{d}]*+)")


def split_cells(record: str, delimiter: str, quote: str) -> list[str]:
    """The cells of a record whose quotes the cutter found in order."""
    if not quote or quote not in record:
        return record.split(delimiter)
    pattern = cell_pattern(delimiter, quote)
    cells: list[str] = []
    position = -1
    while position < len(record):
        match = pattern.match(record, position + 1)
        if match is None:
            break
        quoted, plain = match.groups()
        cells.append(plain if quoted is None else quoted.replace(quote * 2, quote))
        position = match.end()
    return cells
