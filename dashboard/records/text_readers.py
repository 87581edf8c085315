"""How texts, choices, UUIDs and JSON are read."""

import json
import re
import uuid
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from dashboard.records.cells import Cells
from dashboard.records.fields import Field
from dashboard.records.reader import Problem, Reader

pc: Any = pyarrow.compute  # its published types know only some calls

UUID_TEXT = r"[0-9A-Fa-f]{8}(?:-?)[0-9A-Fa-f]{4}(?:-?)[0-9A-Fa-f]{4}(?:-?)[0-9A-Fa-f]{4}(?:-?)"


class StringReader(Reader):
    def fast(self, cells: Cells) -> Any:
        limit = self.field.max_length
        self.refuse(cells.contains(b"\0"))
        if limit is not None and cells.longest > limit:
            self.refuse(pc.any(pc.greater(pc.utf8_length(cells.texts), limit)).as_py())
        return cells.texts

    def convert(self, texts: Any) -> Any:
        return texts

    def judge(self, cell: str) -> Problem | None:
        limit = self.field.max_length
        if "\0" in cell:
            return "not_a_text", "holds a NUL character. Remove it."
        if limit is not None and len(cell) > limit:
            return "too_long", f"has {len(cell)} characters. Use at most {limit}."
        return None


class ChoiceReader(Reader):
    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self.allowed = pa.array(field.choices, pa.string())

    def convert(self, texts: Any) -> Any:
        self.refuse(pc.any(pc.and_(pc.is_valid(texts), pc.invert(self.known(texts)))).as_py())
        return texts

    def known(self, texts: Any) -> Any:
        return pc.is_in(texts, self.allowed)

    def suspects(self, cells: Cells) -> Any:
        return cells.filled & ~np.asarray(self.known(pc.fill_null(cells.texts, "")))

    def judge(self, cell: str) -> Problem | None:
        if cell in self.field.choices:
            return None
        shown = ", ".join(self.field.choices[:10]) + (" …" if len(self.field.choices) > 10 else "")
        return "not_a_choice", f"is not one of the choices. Use {shown}."


class UuidReader(Reader):
    sure = f"^{UUID_TEXT}[0-9A-Fa-f]{{12}}$"

    def convert(self, texts: Any) -> Any:
        self.refuse(pc.all(pc.match_substring_regex(texts, self.sure)).as_py() is False)
        return texts

    def judge(self, cell: str) -> Problem | None:
        try:
            if re.fullmatch(self.sure[1:-1], cell, re.A):
                uuid.UUID(cell)
                return None
        except ValueError:
            pass
        return "not_a_uuid", "is not a UUID. Use 32 hexadecimal digits, such as 6ba7b810-9dad-…."


class JsonReader(Reader):
    def fast(self, cells: Cells) -> Any:
        self.refuse(any(self.judge(cell) for cell in cells.texts.to_pylist() if cell is not None))
        return cells.texts

    def convert(self, texts: Any) -> Any:
        return texts

    def judge(self, cell: str) -> Problem | None:
        try:
            json.loads(cell, parse_constant=refuse_constant)
        except (ValueError, RecursionError):
            return "not_json", 'is not JSON. Use text such as {"a": 1}.'
        return None


def refuse_constant(name: str) -> Any:
    raise ValueError(name)
