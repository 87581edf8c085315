"""How the bytes of a delimited file become rows."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

DELIMITERS = (",", ";", "\t", "|")
RARE_DELIMITERS = ("^", "~")
BOM = b"\xef\xbb\xbf"
MAX_COLUMNS = 1_600
MAX_RECORD_BYTES = 8 << 20
BLOCK_BYTES = 2 << 20


@dataclass(frozen=True, slots=True)
class Layout:
    """What `detect` found out; JSON in the job, so that any worker reads the file alike.

    `header_row` and `data_row` are file lines counted from 1 (`header_row` 0: there is no header).
    `data_offset` is the byte where the first line after the header begins. An empty `quote` means
    that quotes are ordinary text. `columns` are unique and never blank; `headers` are those as
    written.
    """

    encoding: str
    delimiter: str
    quote: str
    header_row: int
    columns: tuple[str, ...]
    data_offset: int
    data_row: int
    headers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.headers:
            object.__setattr__(self, "headers", self.columns)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "columns": list(self.columns), "headers": list(self.headers)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Layout":
        lists = {"columns": tuple(data["columns"]), "headers": tuple(data.get("headers", ()))}
        return cls(**{**data, **lists})
