"""A long list as one PostgreSQL parameter: its text, which the server reads as an array.

A driver that walks twenty thousand numbers costs more than the statement they are for.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, cast
from sqlalchemy.types import UserDefinedType


class PackedArray(UserDefinedType[str]):
    """`kind` is the array's type, such as integer[]."""

    cache_ok = True

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def get_col_spec(self, **_options: Any) -> str:
        return self.kind


def packed(values: Iterable[Any]) -> str:
    """Of numbers, or of texts without quotes and backslashes."""
    return "{" + ",".join(f'"{value}"' for value in values) + "}"


def packed_array(name: str, values: Iterable[Any], kind: str) -> Any:
    """The parameter, its type unsaid: the server takes the array's and plans for its values."""
    listed = bindparam(name, packed(values), type_=PackedArray(kind))
    return cast(listed, PackedArray(kind))
