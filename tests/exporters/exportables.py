"""A table to filter, without an exporter around it: every field of a model, or those named."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement

from dashboard.records.fields import Field
from dashboard.records.table import describe
from tests.records.travel import Trip


class Fields:
    """What filters and options ask of a table."""

    def __init__(self, model: Any = Trip, *names: str) -> None:
        found = describe(model, names or None)
        self.fields: tuple[Field, ...] = found.fields
        self.expressions: Mapping[str, ColumnElement[Any]] = {
            field.name: found.table.c[field.column] for field in found.fields
        }
