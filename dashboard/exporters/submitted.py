"""What somebody submits for an export from outside, checked before there is a job."""

from collections.abc import Mapping
from typing import Any, NoReturn

from dashboard.errors import ConfigurationError, InputRefused
from dashboard.exporters.export_table import ExportTable
from dashboard.exporters.exporter import exporter_for
from dashboard.exporters.filters import operators
from dashboard.exporters.options import ExportOptions
from dashboard.exporters.quoting import shown
from dashboard.formats.write_options import NAMES as WRITE_NAMES
from dashboard.jobs.chunk_job import Connect
from dashboard.jobs.registry import JobType
from dashboard.jobs.submission import Submitted, given, later, run_at, wrong

OF_IMPORTS = dict.fromkeys(
    (
        "mode", "key", "mapping", "constants", "values", "formats", "blanks", "duplicates",
        "check", "undo", "file", "table", "quote", "sheet", "headerRow", "chunkRows",
        "mostFailedRows", "mostFailedPercent",
    ),
    "an import; an export takes filters, columns and a format",
)  # fmt: skip


def read_data(job_type: JobType, data: Mapping[str, Any], connect: Connect) -> Submitted:
    """From `data` as REST takes it; a preset is filled in before (see presets.filled).

    Raises InputRefused naming the key that is unknown or wrong.
    """
    said = given(data, CHECKS, OF_IMPORTS)
    options = {name: value for name, value in said.items() if name != "runAt"}
    ExportOptions.from_options(options, table_to_export(job_type, connect))
    return Submitted(options=options, run_at=run_at(said))


def table_to_export(job_type: JobType, connect: Connect) -> ExportTable:
    """Raises InputRefused when the type's table cannot be read: its settings are wrong, or it is
    not there yet."""
    try:
        return exporter_for(job_type).describe(connect)
    except ConfigurationError as error:
        message = f"{job_type.label} cannot be exported just now: {error.message} Tell an admin."
        raise InputRefused(message, code="type_broken") from error


def schema_fields(job_type: JobType, connect: Connect) -> list[dict[str, Any]]:
    """For programs: the fields that can be exported, with the operators filters on them may have.

    Raises InputRefused as `table_to_export` does.
    """
    table = table_to_export(job_type, connect)
    return [{**field.as_json(), "operators": list(operators(field))} for field in table.fields]


def a_list(name: str, value: Any) -> None:
    if not isinstance(value, list):
        raise wrong(name, f"{name} is a list, not {shown(value)}.")


def nobodys(name: str, value: Any) -> NoReturn:
    raise wrong(name, "A preset belongs to a person, and nobody is known here. Send its options.")


def judged_later(name: str, value: Any) -> None:
    """By ExportOptions, with the other choices."""


CHECKS: Mapping[str, Any] = {
    "filters": a_list,
    "columns": a_list,
    "labels": judged_later,
    "runAt": later,
    "preset": nobodys,
    **dict.fromkeys(WRITE_NAMES, judged_later),
}
