"""Typed Arrow columns as the texts of cells: exact, in ISO 8601, nothing rounded.

Floats are the shortest text that reads back the same (1.0, 0.1, 1e+16, NaN), decimals keep their
scale, times with a zone end in Z (UTC), bytes must be UTF-8, what is nested becomes compact JSON.
"""

import uuid
from collections.abc import Callable
from json.encoder import encode_basestring
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

pc: Any = pyarrow.compute  # its published types know only some calls
types = pa.types
# Where Arrow and Python write floats alike but for the point of whole ones.
ALIKE_LEAST, ALIKE_MOST = 1e-4, 1e10

NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


class CellProblem(ValueError):
    """A cell that no text can stand for; `position` counts from 0 in the array."""

    def __init__(self, position: int, what: str, code: str) -> None:
        super().__init__(what)
        self.position, self.code = position, code


def texts(array: Any) -> Any:
    """An array of any type as an array of strings, null where it is null. Raises CellProblem."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    for applies, convert in CONVERTERS:
        if applies(array.type):
            return convert(array)
    raise CellProblem(0, f"a value of type {array.type}", "unsupported_type")


def plain(array: Any) -> Any:
    return pc.cast(array, pa.string())


def text(array: Any) -> Any:
    """Strings and bytes; those of a file may say they are UTF-8 and not be."""
    found = array.cast(pa.large_binary()) if not types.is_binary(array.type) else array
    try:
        return pc.cast(found, pa.string())
    except pa.ArrowInvalid:
        for position, value in enumerate(found.to_pylist()):
            if value is not None and not is_utf8(value):
                what = "bytes that are no UTF-8 text"
                raise CellProblem(position, what, "wrong_encoding") from None
        raise


def is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def decoded(array: Any) -> Any:
    return texts(array.dictionary_decode())


def extension(array: Any) -> Any:
    if array.type.extension_name == "arrow.uuid":
        return uuids(array.storage)
    return texts(array.storage)


def uuids(array: Any) -> Any:
    found = [None if value is None else str(uuid.UUID(bytes=value)) for value in array.to_pylist()]
    return pa.array(found, pa.string())


def decimals(array: Any) -> Any:
    """Arrow itself writes small ones with an exponent."""
    found = pc.cast(array, pa.string()) if array.type.scale >= 0 else None
    if found is not None and not pc.any(pc.match_substring(found, "E")).as_py():
        return found
    values = (None if value is None else format(value, "f") for value in array.to_pylist())
    return pa.array(values, pa.string())


def floats(array: Any) -> Any:
    if types.is_float16(array.type):
        array = array.cast(pa.float64())
    numbers = array.drop_null().to_numpy(zero_copy_only=False)
    sizes = np.abs(numbers[numbers != 0])
    if ((sizes >= ALIKE_LEAST) & (sizes < ALIKE_MOST)).all():
        return pc.replace_substring_regex(pc.cast(array, pa.string()), r"^(-?\d+)$", r"\1.0")
    shortest = repr if types.is_float64(array.type) else lambda value: str(np.float32(value))
    found = [None if value is None else shortest(value) for value in array.to_pylist()]
    return pa.array([value and NOT_FINITE.get(value, value) for value in found], pa.string())


def times(array: Any) -> Any:
    return pc.replace_substring_regex(in_range(array), r"\.0+$", "")


def timestamps(array: Any) -> Any:
    if array.type.tz is not None:
        array = array.cast(pa.timestamp(array.type.unit, "UTC"))
    found = pc.replace_substring(in_range(array), " ", "T", max_replacements=1)
    # Whole seconds have no point; nanoseconds only those that need them.
    found = pc.replace_substring_regex(found, r"\.0+(Z?)$", r"\1")
    return pc.replace_substring_regex(found, r"(\.\d{6})000(Z?)$", r"\1\2")


def in_range(array: Any) -> Any:
    found = pc.cast(array, pa.string())
    wrong = pc.fill_null(pc.match_substring(found, "<"), False)
    if pc.any(wrong).as_py():
        position = int(np.flatnonzero(np.asarray(wrong))[0])
        raise CellProblem(position, "a date or time that no calendar knows", "out_of_range")
    return found


def durations(array: Any) -> Any:
    """ISO 8601, in seconds: PT93784.5S."""
    digits = {"s": 0, "ms": 3, "us": 6, "ns": 9}[array.type.unit]
    counts = array.cast(pa.int64()).to_pylist()
    found = [None if count is None else f"PT{shifted(count, digits)}S" for count in counts]
    return pa.array(found, pa.string())


def shifted(count: int, digits: int) -> str:
    """`count` with the point `digits` places to the left, without needless zeros."""
    whole, part = divmod(abs(count), 10**digits)
    fraction = f".{part:0{digits}}".rstrip("0") if part else ""
    return f"{'-' if count < 0 else ''}{whole}{fraction}"


def nested(array: Any) -> Any:
    return pa.array(json_values(array, null=None), pa.string())


def json_values(array: Any, null: str | None = "null") -> list[str | None]:
    """The values of an array as compact JSON."""
    kind = array.type
    if types.is_struct(kind):
        found = struct_values(array)
    elif types.is_map(kind):
        found = map_values(array)
    elif types.is_nested(kind):
        found = [f"[{','.join(items)}]" for items in split(array, json_values(array.flatten()))]
    else:
        return leaf_values(array, null)
    valid = array.is_valid().to_pylist()
    return [value if there else null for value, there in zip(found, valid, strict=True)]


def leaf_values(array: Any, null: str | None) -> list[str | None]:
    found = texts(array).to_pylist()
    bare = is_json_number(array.type) or types.is_boolean(array.type)
    if not bare:
        return [null if value is None else encode_basestring(value) for value in found]
    odd = {text: f'"{text}"' for text in NOT_FINITE.values()}
    return [null if value is None else odd.get(value, value) for value in found]


def is_json_number(kind: Any) -> bool:
    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)


def struct_values(array: Any) -> list[str]:
    names = [encode_basestring(field.name) for field in array.type]
    columns = [json_values(column) for column in array.flatten()]
    rows = zip(*columns, strict=True) if columns else [()] * len(array)
    return [f"{{{','.join(map(':'.join, zip(names, row, strict=True)))}}}" for row in rows]


def map_values(array: Any) -> list[str]:
    """An object where the keys are texts, else pairs."""
    kind, entries = array.type, array.cast(as_pairs(array.type))
    flat = entries.flatten()
    keys, items = (json_values(column) for column in flat.flatten())
    named = types.is_string(kind.key_type) or types.is_large_string(kind.key_type)
    form, around = ("{}:{}", "{{{}}}") if named else ("[{},{}]", "[{}]")
    pairs = [form.format(key, item) for key, item in zip(keys, items, strict=True)]
    return [around.format(",".join(group)) for group in split(entries, pairs)]


def as_pairs(kind: Any) -> Any:
    return pa.list_(pa.struct([kind.key_field, kind.item_field]))


def split(array: Any, flat: list[Any]) -> list[list[Any]]:
    """The values of a list array's `flatten` by its elements; null ones are empty."""
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_pylist()
    groups, start = [], 0
    for length in lengths:
        groups.append(flat[start : start + length])
        start += length
    return groups


CONVERTERS: tuple[tuple[Callable[[Any], bool], Callable[[Any], Any]], ...] = (
    (lambda kind: isinstance(kind, pa.BaseExtensionType), extension),
    (types.is_dictionary, decoded),
    (types.is_integer, plain),
    (types.is_boolean, plain),
    (types.is_null, plain),
    (types.is_floating, floats),
    (types.is_decimal, decimals),
    (types.is_timestamp, timestamps),
    (types.is_date, in_range),
    (types.is_time, times),
    (types.is_duration, durations),
    (types.is_nested, nested),
    (lambda kind: types.is_string(kind) or types.is_binary(kind), text),
    (lambda kind: types.is_large_string(kind) or types.is_large_binary(kind), text),
    (lambda kind: types.is_string_view(kind) or types.is_binary_view(kind), text),
    (types.is_fixed_size_binary, text),
)
