"""What an export was asked for, in words: for the page of its job."""

from collections.abc import Mapping
from typing import Any

from dashboard.web.export_form import (
    COMPRESSION_WORDS,
    DECIMAL_WORDS,
    DELIMITER_WORDS,
    ENCODING_WORDS,
    FORMATS,
)

SIGNS = {"eq": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥"}
CHOICES: Mapping[str, tuple[str, Mapping[Any, str]]] = {
    "format": ("Format", FORMATS),
    "delimiter": ("Delimiter", DELIMITER_WORDS),
    "decimal": ("Decimal mark", DECIMAL_WORDS),
    "encoding": ("Encoding", ENCODING_WORDS),
    "compression": ("Compression", COMPRESSION_WORDS),
    "escapeFormulas": ("Formulas", {True: "escaped", False: "left as they are"}),
    "header": ("Header line", {True: "yes", False: "none"}),
    "labels": ("Columns are called by", {True: "their labels", False: "their fields' names"}),
}


def export_words(options: Mapping[str, Any], meta: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Pairs of what and which. A finished job's `meta` says what relative dates came to."""
    found = []
    if filters := meta.get("filters") or options.get("filters"):
        found.append(("Rows", "; ".join(filter_words(item) for item in filters)))
    if columns := options.get("columns"):
        found.append(("Columns", ", ".join(map(str, columns))))
    for name, (title, words) in CHOICES.items():
        value = options.get(name)
        if value is not None and value != "":
            found.append((title, words.get(value, str(value))))
    return found


def filter_words(item: Mapping[str, Any]) -> str:
    """`year ≥ 2013`, `day ≥ -7d (2026-11-15)`, `carrier in AA, UA`, `tailnum has no value`."""
    name, op, value = str(item.get("field")), item.get("op"), item.get("value")
    if op == "null":
        return f"{name} has {'no' if value else 'a'} value"
    shown = listed(value)
    if "resolved" in item:
        shown += f" ({listed(item['resolved'])})"
    return f"{name} {SIGNS.get(str(op), op)} {shown}"


def listed(value: Any) -> str:
    values = value if isinstance(value, list) else [value]
    return ", ".join(str(one).lower() if isinstance(one, bool) else str(one) for one in values)
