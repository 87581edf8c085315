"""Simple declarative checks of typed columns: min, max, pattern, one_of, length."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from dashboard.errors import ConfigurationError

pc: Any = pyarrow.compute  # its published types know only some calls

Rule = Mapping[str, Any]
Found = tuple[Any, str, str]
"""Mask of the bad cells, code, what is allowed."""


def check_rules(rule: Rule, values: Any) -> Iterator[Found]:
    """Every broken part of one field's rule; blank cells break none."""
    for part, wanted in rule.items():
        if part not in PARTS:
            raise ConfigurationError(f"Unknown rule {part!r}. Use {', '.join(PARTS)}.")
        broken, code, allowed = PARTS[part](values, wanted)
        mask = np.asarray(pc.fill_null(broken, False))
        if mask.any():
            yield mask, code, allowed


def below(values: Any, wanted: Any) -> tuple[Any, str, str]:
    limit = as_scalar(values, wanted)
    return pc.less(values, limit), "too_small", f"is too small. Use {wanted} or more."


def above(values: Any, wanted: Any) -> tuple[Any, str, str]:
    limit = as_scalar(values, wanted)
    return pc.greater(values, limit), "too_large", f"is too large. Use {wanted} or less."


def unlike(values: Any, wanted: Any) -> tuple[Any, str, str]:
    pattern, described = (wanted, f"the pattern {wanted}") if isinstance(wanted, str) else wanted
    matches = pc.match_substring_regex(values, f"^(?:{pattern})$")
    return pc.invert(matches), "not_matching", f"does not match. Use {described}."


def other(values: Any, wanted: Any) -> tuple[Any, str, str]:
    allowed = pa.array(list(wanted)).cast(values.type)
    known = pc.or_(pc.is_in(values, allowed), pc.is_null(values))
    shown = ", ".join(str(value) for value in wanted)
    return pc.invert(known), "not_a_choice", f"is not one of the choices. Use {shown}."


def missized(values: Any, wanted: Any) -> tuple[Any, str, str]:
    """`length` is an exact number of characters or (least, most)."""
    least, most = wanted if isinstance(wanted, tuple) else (wanted, wanted)
    size = pc.utf8_length(values)
    span = str(least) if least == most else f"{least} to {most}"
    bad = pc.or_(pc.less(size, least), pc.greater(size, most))
    return bad, "wrong_length", f"has the wrong length. Use {span} characters."


def as_scalar(values: Any, wanted: Any) -> Any:
    written = str(wanted) if pa.types.is_decimal(values.type) else wanted
    return pa.array([written]).cast(values.type)[0]


PARTS = {"min": below, "max": above, "pattern": unlike, "one_of": other, "length": missized}
