"""How records an import wrote stand now."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Standing:
    """`rows` may be taken back, `edited` may not (row numbers); so many are `gone`."""

    rows: Any
    edited: list[int]
    gone: int
