"""How a job's file was read, in words: what was found in it, not the form it was brought into."""

from collections.abc import Mapping
from typing import Any

MARKS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
FORMATS = {"json-lines": "JSON Lines", "parquet": "Parquet", "rows": "Rows"}


def read_as(layout: Mapping[str, Any]) -> str:
    """For example `WINDOWS-1252, semicolon, 8 columns, header in line 1`; "" before it was read."""
    found: Mapping[str, Any] = layout.get("found") or layout
    if not found.get("columns"):
        return ""
    kind = found.get("format", "delimited")
    parts = [FORMATS.get(kind, kind.upper())] if kind != "delimited" else []
    parts += [f"in {found['compression']}"] if found.get("compression") else []
    parts += [f"sheet “{found['sheet']}”"] if found.get("sheet") else []
    if kind == "delimited" and found.get("encoding"):
        delimiter = found.get("delimiter") or ""
        parts += [found["encoding"].upper(), MARKS.get(delimiter, delimiter)]
    count = len(found["columns"])
    parts.append(f"{count} column" + ("s" if count != 1 else ""))
    if kind not in FORMATS:
        row = found.get("header_row")
        parts.append(f"header in line {row}" if row else "no header")
    return ", ".join(part for part in parts if part)
