"""The export job every export type runs unless it names its own."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Engine

from dashboard.exporters.assembling import Assembling
from dashboard.exporters.copying_postgres import PostgresSnapshot
from dashboard.exporters.copying_sqlite import SqliteSnapshot
from dashboard.exporters.export import Export
from dashboard.exporters.export_table import ExportTable
from dashboard.exporters.exporter import Exporter, exporter_for
from dashboard.exporters.filters import told, where
from dashboard.exporters.key_ranges import by_number, key_ranges
from dashboard.exporters.making_parts import watched
from dashboard.exporters.memory import lean_memory
from dashboard.exporters.options import ExportOptions
from dashboard.exporters.reading import CursorSnapshot
from dashboard.exporters.snapshot import Snapshot
from dashboard.jobs.whole_job import BaseWholeJob, Desk, Result
from dashboard.lib.clock import now
from dashboard.records.fields import Field, FieldType

SNAPSHOTS: Mapping[str, Callable[[Engine], Snapshot]] = {
    "postgresql": PostgresSnapshot,
    "sqlite": SqliteSnapshot,
}
WIDE = (FieldType.INTEGER, FieldType.NUMBER)


class GenericExportChunkJob(BaseWholeJob):
    """Exports the type's table as it is at one moment, part by part, into one file."""

    @cached_property
    def exporter(self) -> Exporter:
        return exporter_for(self.job_type)

    def run(self, desk: Desk) -> Result:
        desk.check()
        table = self.exporter.describe(self.connect)
        chosen = ExportOptions.from_options(self.options, table)
        snapshot = SNAPSHOTS.get(desk.target.dialect.name, CursorSnapshot)(desk.target)
        with closing(snapshot), lean_memory():
            matching = replace(table, where=tuple(where(table, chosen.filters, snapshot.at)))
            export = self._export(matching, chosen, snapshot)
            cut = key_ranges if snapshot.parallel else by_number
            ranges = watched(desk, snapshot.planner, lambda: cut(snapshot.planner, matching))
            desk.publish(self._layout(export, snapshot), [part.rows for part in ranges])
            assembling = Assembling(desk, export, snapshot, ranges)
            file = assembling.run()
            seconds = (now() - snapshot.at).total_seconds()
        meta = {
            "snapshot_at": shown(snapshot.at),
            "snapshot_seconds": round(seconds, 3),
            "parts": len(ranges),
            "filters": told(table, chosen.filters, snapshot.at),
        }
        return Result(file, export.name + chosen.write.suffix, assembling.rows, meta)

    def _export(self, table: ExportTable, chosen: ExportOptions, snapshot: Snapshot) -> Export:
        fields = tuple(fitting(field, snapshot.dialect) for field in chosen.fields(table))
        labels = self.exporter.labels if chosen.labels is None else chosen.labels
        heads = tuple(field.label if labels else field.name for field in fields)
        name = f"{self.job_type.name}-{snapshot.at:%Y-%m-%d-%H%M%S}"
        return Export(table, fields, heads, chosen.write, self.exporter, name)

    def _layout(self, export: Export, snapshot: Snapshot) -> dict[str, Any]:
        """For the job's page."""
        return {
            "kind": "export",
            "columns": list(export.heads),
            "format": export.options.format,
            "snapshot_at": shown(snapshot.at),
        }


def fitting(field: Field, dialect: str) -> Field:
    """SQLite keeps every number in 64 bits, whatever its column says."""
    return replace(field, bits=64) if dialect == "sqlite" and field.type in WIDE else field


def shown(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
