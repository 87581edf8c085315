"""The rule of lib/cells.py for whole Arrow columns: cells that a spreadsheet would run."""

from typing import Any

import numpy as np
import pyarrow.compute

from dashboard.lib.cells import FORMULA_STARTS, PLAIN_NUMBER

pc: Any = pyarrow.compute  # its published types know only some calls

APOSTROPHE = b"'"
STARTS = f"^'*[{FORMULA_STARTS.replace('-', '')}-]"
NUMBER = f"^'*{PLAIN_NUMBER}$"
# First bytes of what may have to be escaped: most columns have none and are done with that look.
FIRST_BYTES = frozenset(character.encode()[0] for character in FORMULA_STARTS) | {APOSTROPHE[0]}


def escape_cells(texts: Any) -> Any:
    """Every text as `escape_formula` makes it, null stays null; `texts` itself if none changes."""
    if not begins_with(texts, FIRST_BYTES):
        return texts
    risky = risky_cells(texts)
    if not pc.any(risky).as_py():
        return texts
    return pc.if_else(risky, pc.binary_join_element_wise("'", texts, ""), texts)


def unescape_cells(texts: Any) -> Any:
    """Every text as `unescape_formula` makes it; `texts` itself if none changes."""
    if not begins_with(texts, APOSTROPHE):
        return texts
    escaped = pc.and_(pc.starts_with(texts, "'"), risky_cells(texts))
    if not pc.any(escaped).as_py():
        return texts
    return pc.if_else(escaped, pc.utf8_slice_codeunits(texts, 1), texts)


def risky_cells(texts: Any) -> Any:
    """A mask, null where the text is."""
    risky = pc.match_substring_regex(texts, STARTS)
    # `$` of RE2 is the very end of the text.
    return pc.and_not(risky, pc.match_substring_regex(texts, NUMBER))


def begins_with(texts: Any, first_bytes: Any) -> bool:
    """Does any cell begin with one of these bytes? `texts` is a string array, not chunked."""
    _, offsets, data = texts.buffers()
    if data is None or not len(texts):
        return False
    bounds = np.frombuffer(offsets, np.int32, texts.offset + len(texts) + 1)[texts.offset :]
    filled = bounds[:-1][bounds[1:] > bounds[:-1]]
    wanted = np.zeros(256, np.bool_)
    wanted[list(first_bytes)] = True
    return bool(wanted[np.frombuffer(data, np.uint8)[filled]].any())
