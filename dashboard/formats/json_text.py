"""JSON values as the texts of cells: numbers as written, nothing rounded, nothing dropped."""

import json
from collections.abc import Callable
from json.encoder import encode_basestring
from typing import Any

from dashboard.formats import json_refusals

WHITESPACE = " \t\r\n"


class Digits(str):
    """A number's own text, told apart from a text that looks like one."""

    __slots__ = ()


class Doubled(ValueError):
    """A name that stands twice in one object."""


class Constant(ValueError):
    """NaN or Infinity, which Python's reader would take."""


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise Doubled(next(name for name in names if names.count(name) > 1))
    return found


def refuse_constant(text: str) -> Any:
    raise Constant(text)


def scanner(number: Callable[[str], str]) -> Callable[[str, int], tuple[Any, int]]:
    decoder: Any = json.JSONDecoder(
        parse_float=number,
        parse_int=number,
        parse_constant=refuse_constant,
        object_pairs_hook=unique,
    )
    scan: Callable[[str, int], tuple[Any, int]] = decoder.scan_once
    return scan


# Plain texts cost half of what Digits do; the exact one is needed only for what is nested.
scan_flat, scan_exact = scanner(str), scanner(Digits)


def parse_object(text: str, row: int, scan: Any = scan_flat) -> dict[str, Any]:
    """The object that is the whole of `text`. Raises FileRefused naming row and character."""
    try:
        value, end = scan_value(text, 0, row, scan)
    except json.JSONDecodeError as error:
        raise json_refusals.not_json(row, error.pos + 1, reason_of(error)) from None
    if end != len(text) and text[end:].strip(WHITESPACE):
        raise json_refusals.not_json(row, end + 1, "more text follows after the object")
    if type(value) is not dict:
        raise json_refusals.not_an_object(row, value)
    return value


def scan_value(text: str, start: int, row: int, scan: Any = scan_flat) -> tuple[Any, int]:
    """One value and the character after it; JSONDecodeError when it may only be unfinished."""
    try:
        return scan(text, start)  # type: ignore[no-any-return]  # json.scanner is untyped
    except StopIteration as stop:
        if text[start : start + 1] in tuple(WHITESPACE):
            start = len(text) - len(text[start:].lstrip(WHITESPACE))
            return scan_value(text, start, row, scan)
        raise json.JSONDecodeError("Expecting value", text, stop.value) from None
    except Doubled as error:
        raise json_refusals.duplicate_key(row, str(error)) from None
    except Constant as error:
        raise json_refusals.not_a_json_number(row, str(error)) from None
    except RecursionError:
        raise json_refusals.nested_too_deep(row) from None


def reason_of(error: json.JSONDecodeError) -> str:
    return (error.msg[:1].lower() + error.msg[1:]).removesuffix(" at")


def cell_text(value: Any) -> str | None:
    """What one value of an object parsed by `scan_exact` is as a cell."""
    if value is None or isinstance(value, str):
        return value
    return compact(value)


def compact(value: Any) -> str:
    """JSON without needless spaces, letters beyond ASCII kept, numbers as they were written."""
    if isinstance(value, Digits):
        return value
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict):
        inner = (f"{encode_basestring(name)}:{compact(item)}" for name, item in value.items())
        return f"{{{','.join(inner)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(compact, value))}]"
    return {None: "null", True: "true", False: "false"}[value]
