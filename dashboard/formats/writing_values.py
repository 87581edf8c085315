"""Values of records as texts and as JSON, exactly: what reading gives back as the same values."""

import enum
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from dashboard.errors import InputRefused

BARE = (int, float, Decimal)


def as_text(value: Any) -> str | None:
    """ISO 8601 for dates and times (with a zone: UTC and Z), floats and decimals in full, true and
    false, compact JSON for what is nested, an enum's name. Raises InputRefused for bytes.
    """
    if isinstance(value, enum.Enum):
        return value.name
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | time):
        return iso(value)
    if isinstance(value, Mapping | list | tuple):
        return as_json(value)
    if isinstance(value, bytes | bytearray | memoryview):
        raise InputRefused("Bytes cannot be written as text. Leave the column out.", code="bytes")
    return str(value)


def float_text(value: float) -> str:
    if math.isfinite(value):
        return repr(float(value))
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def iso(value: date | time) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return value.isoformat()


def as_json(value: Any) -> str:
    """Compact JSON: numbers and truth stay typed, all else is text; NaN is text, JSON has none."""
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        inner = (f"{encode_basestring(str(key))}:{as_json(item)}" for key, item in value.items())
        return f"{{{','.join(inner)}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(as_json, value))}]"
    text = as_text(value) or ""
    bare = isinstance(value, BARE) and not isinstance(value, enum.Enum) and math.isfinite(value)
    return text if bare else encode_basestring(text)
