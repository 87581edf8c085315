"""Which export types a person may run, and what each of them can export."""

from dashboard.errors import Forbidden, InputRefused
from dashboard.exporters.export_table import ExportTable
from dashboard.exporters.exporter import exporter_for
from dashboard.exporters.quoting import brief
from dashboard.exporters.submitted import table_to_export
from dashboard.jobs.registry import JobType, Kind
from dashboard.web.engine import engine_context
from dashboard.web.import_types import may_run


def own_types() -> list[JobType]:
    return [found for found in engine_context().registry.all(Kind.EXPORT) if may_run(found)]


def export_type(name: str) -> JobType:
    """Raises InputRefused (none chosen, unknown, no export) and Forbidden."""
    if not name:
        raise InputRefused("Choose what to export.", details={"field": "type"})
    job_type = engine_context().registry.get(brief(name))
    if job_type.kind is not Kind.EXPORT:
        message = f"{job_type.label} is no export. Choose one from the list."
        raise InputRefused(message, details={"field": "type"})
    if not may_run(job_type):
        raise Forbidden(f"Your role may not export {job_type.label}. An admin can change that.")
    return job_type


def exported(job_type: JobType) -> tuple[ExportTable, bool]:
    """What can be exported, and whether files have labels by themselves. Raises InputRefused."""
    table = table_to_export(job_type, engine_context().target.connect)
    return table, exporter_for(job_type).labels
