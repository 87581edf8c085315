"""The options of an export job, checked: which records, which columns, and how they are written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.errors import InputRefused
from dashboard.exporters.filters import Exportable, Filter, read_filters
from dashboard.exporters.quoting import brief, shown
from dashboard.formats.write_options import NAMES as WRITE_NAMES
from dashboard.formats.write_options import WriteOptions
from dashboard.records.fields import Field

# The keys of a job's options, and so of a preset's.
NAMES = ("filters", "columns", "labels", *WRITE_NAMES)


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """`columns` are names of fields in the file's order. `labels` heads them with the fields'
    labels instead of their names; None leaves that to the exporter.
    """

    filters: tuple[Filter, ...]
    columns: tuple[str, ...]
    write: WriteOptions
    labels: bool | None = None

    @classmethod
    def from_options(cls, options: Mapping[str, Any], table: Exportable) -> "ExportOptions":
        """From a job's options. Raises InputRefused, `details["field"]` naming the key."""
        return cls(
            filters=read_filters(options.get("filters") or [], table),
            columns=read_columns(options.get("columns"), table),
            write=WriteOptions.from_options({name: cut(options.get(name)) for name in WRITE_NAMES}),
            labels=read_labels(options.get("labels")),
        )

    def fields(self, table: Exportable) -> tuple[Field, ...]:
        """The chosen fields, in order."""
        known = {field.name: field for field in table.fields}
        return tuple(known[name] for name in self.columns)


def read_columns(columns: Any, table: Exportable) -> tuple[str, ...]:
    """All when none are chosen."""
    known = [field.name for field in table.fields]
    if not columns:
        return tuple(known)
    if not isinstance(columns, list | tuple) or not all(isinstance(one, str) for one in columns):
        raise refuse("columns", f'columns is a list of field names, such as ["{known[0]}"].')
    for place, name in enumerate(columns):
        if name not in known:
            names = ", ".join(known)
            raise refuse("columns", f"columns: there is no field {shown(name)}. Fields: {names}.")
        if name in columns[:place]:
            raise refuse("columns", f"columns: {name} is named twice. Name each field once.")
    return tuple(columns)


def read_labels(labels: Any) -> bool | None:
    if labels is None or isinstance(labels, bool):
        return labels
    raise refuse("labels", f"labels is true or false, not {shown(labels)}.")


def cut(value: Any) -> Any:
    """A choice about the file; what is longer than any of them stays wrong when it is cut."""
    text = brief(value if isinstance(value, str) else repr(value))
    return text if text.endswith("…") else value


def refuse(name: str, message: str) -> InputRefused:
    return InputRefused(message, details={"field": name})
