"""What is exported and how, settled before the first record is read."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import Select

from dashboard.exporters.export_table import ExportTable
from dashboard.exporters.exporter import Exporter
from dashboard.formats.write_options import WriteOptions
from dashboard.records.casting import arrow_type
from dashboard.records.fields import Field, FieldType

# What formats/write_json.py puts in as it is.
JSON = {b"json": b"1"}


@dataclass(frozen=True, slots=True)
class Export:
    """`heads` are the columns' headings, in the order of `fields`; `name` is the file's, bare."""

    table: ExportTable
    fields: tuple[Field, ...]
    heads: tuple[str, ...]
    options: WriteOptions
    exporter: Exporter
    name: str

    @property
    def query(self) -> Select[Any]:
        return self.table.select(*(self.table.expressions[field.name] for field in self.fields))

    @property
    def schema(self) -> Any:
        """Of the columns as they are read, headed as they will be written."""
        return pa.schema([column(*pair) for pair in zip(self.heads, self.fields, strict=True)])

    @property
    def transforms(self) -> bool:
        return self.exporter.has("transform")


def column(head: str, field: Field) -> Any:
    metadata = JSON if field.type is FieldType.JSON else None
    return pa.field(head, arrow_type(field), metadata=metadata)
