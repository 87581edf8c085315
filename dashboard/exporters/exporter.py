"""What an engineer writes to export from a table; everything left out is derived from it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import Select, Table

from dashboard.exporters.export_table import ExportTable, export_table
from dashboard.jobs.chunk_job import Connect
from dashboard.jobs.registry import JobType
from dashboard.records.reflecting import reflect

if TYPE_CHECKING:
    import pandas as pd


class Exporter:
    """Export from `model` (a SQLAlchemy class) or `table` (a name or Table).

    `fields` limits and orders the fields, `key` names what the file is ordered by (default: the
    primary key), `sensitive` names fields that are never exported, `references` reads foreign keys
    (`{"airport": ("airport_id", "faa")}` writes airports.faa), `labels` heads the columns with the
    fields' labels instead of their names.
    """

    model: ClassVar[Any] = None
    table: ClassVar[str | Table | None] = None
    fields: ClassVar[Sequence[str] | None] = None
    key: ClassVar[Sequence[str] | str | None] = None
    sensitive: ClassVar[Sequence[str]] = ()
    references: ClassVar[Mapping[str, tuple[str, str]]] = {}
    labels: ClassVar[bool] = False

    def query(self, select: Select[Any]) -> Select[Any]:
        """Restrict the records, or join and add computed columns (each with a `.label()`)."""
        return select

    def transform(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """Change, compute or drop columns and rows of a part, some ten thousand rows at a time.

        The frame's columns are Arrow-backed. The first part decides which columns the file has.
        """
        return frame

    def has(self, hook: str) -> bool:
        """Does this exporter bring a hook of its own?"""
        return getattr(type(self), hook) is not getattr(Exporter, hook)

    def describe(self, connect: Connect | None = None) -> ExportTable:
        """Its fields; a table known by name only is read from the target."""
        source = self.model if self.model is not None else self.table
        if isinstance(source, str):
            source = reflect(source, connect)
        return export_table(
            source,
            self.fields,
            self.key,
            references=self.references,
            hidden=self.sensitive,
            hook=self.query if self.has("query") else None,
        )


def exporter_for(job_type: JobType) -> Exporter:
    """The type's own exporter, or one derived from its model or table."""
    named: type[Exporter] = job_type.load_exporter() or Exporter
    body: dict[str, Any] = {"sensitive": (*named.sensitive, *job_type.sensitive)}
    if named.model is None and named.table is None:
        body |= {"model": job_type.load_model(), "table": job_type.table}
    derived: Exporter = type(named.__name__, (named,), body)()
    return derived
