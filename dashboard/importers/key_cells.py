"""Key cells as their type, so that `007` and `7` meet; what cannot be cast is no key."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

Column: TypeAlias = "pa.Array[Any]"

# What a cell must look like before a cast is tried; out of range ones are found by halving.
PLAUSIBLE = (
    (pa.types.is_integer, r"^[+-]?[0-9]+$"),
    (pa.types.is_temporal, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}|^[0-9]{2}:[0-9]{2}"),
    (pa.types.is_decimal, r"^[+-]?[0-9.]+([eE][+-]?[0-9]+)?$"),
    (pa.types.is_floating, r"^[+-]?[0-9.]+([eE][+-]?[0-9]+)?$"),
)


def cast_key(
    column: "pa.ChunkedArray[Any]", kind: pa.DataType, null_tokens: Sequence[str]
) -> Column:
    """Cells as `kind`; a null token or a cell that cannot be cast is null."""
    text: Column = column.combine_chunks()
    if not pa.types.is_string(kind):
        try:
            typed: Column = pc.cast(text, kind)
            return typed
        except pa.ArrowInvalid:
            return cast_plausible(blank_out(text, null_tokens), kind)
    return blank_out(text, null_tokens)


def blank_out(text: Column, null_tokens: Sequence[str]) -> Column:
    hit = pc.is_in(text, pa.array(list(null_tokens), pa.string()))
    return keep_where(text, pc.invert(hit)) if pc.any(hit).as_py() else text


def keep_where(text: Column, mask: Column) -> Column:
    kept: Column = pc.if_else(mask, text, pa.scalar(None, pa.string()))
    return kept


def cast_plausible(text: Column, kind: pa.DataType) -> Column:
    for is_kind, pattern in PLAUSIBLE:
        if is_kind(kind):
            text = keep_where(text, pc.match_substring_regex(text, pattern))
    return cast_or_null(text, kind)


def cast_or_null(text: Column, kind: pa.DataType) -> Column:
    """Cast, halving what fails until the cells at fault stand alone."""
    try:
        typed: Column = pc.cast(text, kind)
        return typed
    except pa.ArrowInvalid:
        if len(text) == 1:
            return pa.array([None], kind)
        half = len(text) // 2
        return pa.concat_arrays([cast_or_null(text[:half], kind), cast_or_null(text[half:], kind)])
