"""Reading what a request brings; everything wrong with it is named."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import request

from dashboard.api.errors import BrokenJson, WrongContentType
from dashboard.errors import InputRefused

MOST_ITEMS = 100
LARGEST_PAGE = 1_000_000


def refused(name: str, message: str) -> InputRefused:
    return InputRefused(message, details={"field": name})


def json_body() -> dict[str, Any]:
    """The body as an object. Raises WrongContentType, BrokenJson, InputRefused."""
    if not request.is_json:
        raise WrongContentType("Send the body as application/json.")
    return json_object(request.get_data(), "The body")


def json_object(data: bytes | str, what: str) -> dict[str, Any]:
    try:
        found = json.loads(data, object_pairs_hook=once, parse_constant=no_number)
    except (ValueError, RecursionError) as error:
        raise BrokenJson(f"{what} is not JSON: {str(error)[:200]}.") from None
    if not isinstance(found, dict):
        raise InputRefused(f"{what} is not a JSON object.")
    return found


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values under one key nobody knows which is meant."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands in it twice")
    return found


def no_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON number")


def text_of(body: Mapping[str, Any], name: str) -> str:
    """A required text; raises InputRefused when it is missing, blank or no text."""
    value = body.get(name)
    if value is None or value == "":
        raise refused(name, f"{name} is missing.")
    if not isinstance(value, str):
        raise refused(name, f"{name} is not a text.")
    return value


def no_others(body: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in body:
        if name not in known:
            raise refused(name, f"There is no key {name!r} here. Use {', '.join(known)}.")


def whole(name: str, default: int, low: int, high: int) -> int:
    """A number of the query."""
    text = request.args.get(name)
    if text is None:
        return default
    plain = text.isascii() and text.isdigit() and len(text) < 19
    if not plain or not low <= int(text) <= high:
        raise refused(name, f"{name}={text[:40]!r}: use a whole number from {low} to {high}.")
    return int(text)


def one_of(name: str, allowed: Mapping[str, Any]) -> Any:
    """What a word of the query stands for; None when it is not given."""
    word = request.args.get(name)
    if word is None:
        return None
    if word not in allowed:
        raise refused(name, f"{name}={word[:40]!r}: use one of {', '.join(sorted(allowed))}.")
    return allowed[word]


def moment(name: str, *, day_ends: bool = False) -> datetime | None:
    """An ISO 8601 time with offset, or a date: its midnight in UTC (`day_ends`: the next)."""
    text = request.args.get(name)
    if text is None:
        return None
    try:
        day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        return day + timedelta(days=1) if day_ends else day
    except (ValueError, OverflowError):
        # A plus sign that was not escaped arrives as a blank.
        return aware(name, text.replace(" ", "+"))


def aware(name: str, text: str) -> datetime:
    """A time with its offset from UTC; raises InputRefused."""
    try:
        found = datetime.fromisoformat(text).astimezone(UTC) if offset_in(text) else None
    except (ValueError, OverflowError):
        found = None
    if found is None:
        message = f"{name}={text[:40]!r} is not a time with offset. Use 2026-11-30T08:00:00+01:00."
        raise refused(name, message)
    return found


def offset_in(text: str) -> bool:
    return datetime.fromisoformat(text).tzinfo is not None


def page_and_limit() -> tuple[int, int]:
    return whole("page", 1, 1, LARGEST_PAGE), whole("limit", 10, 1, MOST_ITEMS)


def pagination(total: int, page: int, limit: int) -> dict[str, int]:
    return {"total": total, "page": page, "limit": limit, "pages": -(-total // limit)}
