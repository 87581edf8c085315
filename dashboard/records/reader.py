"""How each field type reads text: one fast conversion, and an exact judge for single cells.

A reader is at least as strict as PostgreSQL and means the same, so a column that converts may be
sent on as it was written (`raw_safe`). Dates are ISO; a time zone is `Z` or an offset. In a column
without time zone `Z` is accepted and the wall time kept, as PostgreSQL does; another offset, which
PostgreSQL would drop without a word, is refused. In a column with time zone a text without one is
UTC.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from dashboard.records.cells import Cells
from dashboard.records.fields import Field

pc: Any = pyarrow.compute  # its published types know only some calls

Problem = tuple[str, str]
"""Code, and what is allowed (ends the message)."""


class Reader:
    """Reads one field. `sure` (RE2) names cells that need no judge; "" means none is sure."""

    sure = ""

    def __init__(self, field: Field) -> None:
        self.field = field

    def convert(self, texts: Any) -> Any:
        """Texts (blank = null) to values; raises ArrowInvalid when any cell is wrong."""
        raise NotImplementedError

    def fast(self, cells: Cells) -> Any:
        """`convert`, or ArrowInvalid too when only the slow way can tell."""
        return self.convert(cells.texts)

    def suspects(self, cells: Cells) -> Any:
        """A mask of the filled cells that `judge` must see."""
        if not self.sure:
            return cells.filled
        sure = pc.match_substring_regex(pc.fill_null(cells.texts, ""), self.sure)
        return cells.filled & ~np.asarray(sure)

    def judge(self, cell: str) -> Problem | None:
        """What is wrong with one cell, if anything."""
        raise NotImplementedError

    def raw_safe(self, cells: Cells, values: Any) -> bool:
        """Does PostgreSQL read these bytes as the same values?"""
        return True

    def refuse(self, condition: Any) -> None:
        if condition:
            raise pa.ArrowInvalid("refused")
