"""`data` of a job of any kind, read by its kind: REST, forms, command line and schedules."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from dashboard.exporters.presets import filled
from dashboard.exporters.submitted import CHECKS as EXPORT_KEYS
from dashboard.exporters.submitted import read_data as read_export
from dashboard.importers.submitted import CHECKS as IMPORT_KEYS
from dashboard.importers.submitted import read_data as read_import
from dashboard.jobs.chunk_job import Connect
from dashboard.jobs.registry import JobType, Kind
from dashboard.jobs.submission import Submitted
from dashboard.models.user import User
from dashboard.reports.recipients import check_recipients
from dashboard.reports.submitted import CHECKS as REPORT_KEYS
from dashboard.reports.submitted import read_data as read_report
from dashboard.settings import Settings
from dashboard.sync.submitted import CHECKS as SYNC_KEYS
from dashboard.sync.submitted import read_data as read_sync

Read = Callable[[JobType, Mapping[str, Any], Connect], Submitted]
READERS: Mapping[Kind, Read] = {
    Kind.IMPORT: read_import,
    Kind.EXPORT: read_export,
    Kind.SYNC: read_sync,
    Kind.REPORT: read_report,
}

# All keys of `data` there are.
KEYS = frozenset({*IMPORT_KEYS, *EXPORT_KEYS, *SYNC_KEYS, *REPORT_KEYS})


def read_data(
    job_type: JobType,
    data: Mapping[str, Any],
    connect: Connect,
    *,
    session: Session,
    user: User | None,
    settings: Settings,
) -> Submitted:
    """`user` is whose presets may be named. Raises InputRefused naming the key of `data` that is
    unknown or wrong."""
    if job_type.kind is Kind.EXPORT:
        data = filled(session, user, job_type.name, data)
    found = READERS[job_type.kind](job_type, data, connect)
    if job_type.kind is Kind.REPORT:
        check_recipients(session.connection(), settings, found.options.get("mailTo", ()))
    return found
