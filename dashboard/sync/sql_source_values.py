"""Values of other databases as texts, exactly: what drivers would round or refuse stays as sent.

Times with a zone are UTC and end in Z, bytes are hexadecimal after \\x, what is nested is JSON.
"""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from dashboard.formats.writing_values import as_text

JSON_TYPES = ("json", "jsonb")
DAY_TYPES = ("date", "time", "interval")
STAMP_TYPES = ("timestamp", "timestamptz", "timetz")
TEXTS = {str, type(None)}
ISO = re.compile(r"\d{4,}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?")
# MySQL's own numbers of its types.
MYSQL_TIMESTAMP, MYSQL_DATE, MYSQL_TIME, MYSQL_DATETIME = 7, 10, 11, 12


def texts_of(values: Sequence[Any]) -> list[str | None]:
    """A column's values as cells. Most columns are of one kind, and then soon done."""
    kinds = set(map(type, values))
    if kinds <= TEXTS:
        return list(values)
    if kinds == {int}:
        return list(map(str, values))
    return [text_of(value) for value in values]


def text_of(value: Any) -> str | None:
    if isinstance(value, bytes | bytearray | memoryview):
        return "\\x" + bytes(value).hex()
    if isinstance(value, UUID | timedelta):
        return str(value)
    return as_text(value)


def iso_stamp(text: str) -> str:
    """`2026-01-31 05:30:00+00` as `2026-01-31T05:30:00Z`; what is no such time stays."""
    return text.replace(" ", "T", 1).replace("+00", "Z") if text[:1].isdigit() else text


def as_postgres_texts(driver: Any) -> None:
    """Times beyond the year 9999, infinity, and the numbers inside of JSON come as they are."""
    from psycopg.adapt import Buffer, Loader

    class Plain(Loader):
        def load(self, data: Buffer) -> str:
            return bytes(data).decode()

    class Stamp(Loader):
        def load(self, data: Buffer) -> str:
            return iso_stamp(bytes(data).decode())

    for name in (*JSON_TYPES, *DAY_TYPES):
        driver.adapters.register_loader(name, Plain)
    for name in STAMP_TYPES:
        driver.adapters.register_loader(name, Stamp)


def as_mysql_texts() -> dict[Any, Any]:
    """Times above 24 hours and days such as 0000-00-00 come as they are."""
    from pymysql.converters import conversions

    readers: dict[int, Callable[[str], str]] = {
        MYSQL_DATE: str,
        MYSQL_TIME: str,
        MYSQL_DATETIME: lambda text: text.replace(" ", "T", 1),
        MYSQL_TIMESTAMP: lambda text: text.replace(" ", "T", 1) + "Z",
    }
    return {**conversions, **readers}


def cursor_json(value: Any) -> dict[str, str]:
    """A cursor's value with its kind, so that it can be bound again as what it was.

    Raises TypeError for a kind no order can be told from.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise TypeError(type(value).__name__)
    kind = "text" if isinstance(value, str) else type(value).__name__.lower()
    return {"kind": kind, "value": str(value)}


def cursor_value(kind: str, text: str, *, mysql: bool) -> Any:
    """What `cursor_json` kept. MySQL reads no T and Z in times."""
    if kind != "text":
        return {"int": int, "float": float, "decimal": Decimal}[kind](text)
    if mysql and ISO.fullmatch(text):
        return text.replace("T", " ").removesuffix("Z")
    return text


def same_place(one: Any, other: Any) -> bool:
    """May a database take these for equal? Some do not tell letters' cases apart."""
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold().rstrip() == other.casefold().rstrip()
    return bool(one == other)
