"""What somebody submits for a report, checked before there is a job."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dashboard.auth.emails import checked_email
from dashboard.errors import InputRefused, JobEngineError
from dashboard.formats.write_options import FORMATS
from dashboard.jobs.chunk_job import Connect
from dashboard.jobs.describing import unavailable
from dashboard.jobs.registry import JobType
from dashboard.jobs.submission import Submitted, an_object, given, later, run_at, words, wrong
from dashboard.lib.clock import now
from dashboard.reports.parameter_types import Choices
from dashboard.reports.parameters import Parameter, label_of, read_parameters
from dashboard.reports.refusals import database_error, is_timeout
from dashboard.reports.report import report_for

MOST_CHOICES, MOST_ADDRESSES = 1_000, 50
# A page waits for them.
CHOICES_MILLISECONDS = 10_000
AWAY = "The choices of the report cannot be read now: the database did not answer. Try again later."
ELSEWHERE = {
    **dict.fromkeys(("filters", "columns", "format"), "an export; a report takes params"),
    **dict.fromkeys(("mapping", "key", "mode", "file"), "an import; a report takes params"),
}


class ChoicesAway(JobEngineError):
    """The target does not answer; trying again later may help."""

    code = "database_unavailable"
    status = 503
    permanent = False


def read_data(job_type: JobType, data: Mapping[str, Any], connect: Connect) -> Submitted:
    """From `data` as REST takes it: params, mailTo, mailFormat, runAt. Raises InputRefused naming
    the key that is wrong, and `details["parameter"]` of params.

    Who may be sent mail is asked apart: mailing.check_recipients.
    """
    said = given(data, CHECKS, ELSEWHERE)
    parameters = report_for(job_type).parameters
    asking = partial(choices_of, connect=connect)
    params = read_parameters(parameters, said.get("params") or {}, asking, now())
    options: dict[str, Any] = {"params": params}
    if said.get("mailTo"):
        options["mailTo"] = each_once(said["mailTo"])
        options["mailFormat"] = said.get("mailFormat", "xlsx")
    elif "mailFormat" in said:
        raise wrong("mailFormat", "mailFormat says how mail is sent; name who gets it in mailTo.")
    return Submitted(options=options, run_at=run_at(said))


def choices_of(parameter: Parameter, connect: Connect) -> Choices:
    """The fixed ones, or those the target has now. Raises InputRefused, ChoicesAway."""
    if not parameter.query:
        return parameter.fixed_choices
    try:
        with connect() as connection:
            connection.execution_options(sqlite_begin="DEFERRED")
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SET LOCAL statement_timeout = {CHOICES_MILLISECONDS}")
            rows = connection.execute(text(parameter.query)).fetchmany(MOST_CHOICES)
    except DBAPIError as error:
        # A query that takes too long does so the next time too.
        if unavailable(error) and not is_timeout(error):
            raise ChoicesAway(AWAY) from None
        raise InputRefused(
            f"The choices of the report cannot be read: {database_error(error)}",
            code="report_choices",
        ) from None
    return {str(row[0]): str(row[-1]) for row in rows if row[0] is not None}


def schema_fields(job_type: JobType) -> list[dict[str, Any]]:
    """Each parameter as `GET /api/job-types` lists it; choices only where no query is asked."""
    found = []
    for name, parameter in report_for(job_type).parameters.items():
        field: dict[str, Any] = {
            "name": name,
            "label": label_of(name, parameter),
            "type": parameter.type,
            "required": parameter.required and parameter.default is None,
            "default": parameter.default,
        }
        if parameter.fixed_choices:
            field["choices"] = list(parameter.fixed_choices)
        found.append(field)
    return found


def addresses(name: str, value: Any) -> None:
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise wrong(name, f'{name} is a list of addresses, such as ["ann@example.org"].')


def each_once(given: Sequence[str]) -> list[str]:
    """In their one spelling. Raises InputRefused (mailTo): too many, or one is no address."""
    if len(given) > MOST_ADDRESSES:
        message = f"mailTo has {len(given)} addresses; {MOST_ADDRESSES} are allowed."
        raise wrong("mailTo", message)
    return list(dict.fromkeys(map(address, given)))


def address(value: str) -> str:
    try:
        return checked_email(value)
    except InputRefused as error:
        raise wrong("mailTo", error.message) from None


def a_format(name: str, value: Any) -> None:
    words(name, value)
    if value not in FORMATS:
        raise wrong(name, f"{name} {value!r}: use {', '.join(FORMATS)}.")


CHECKS: Mapping[str, Any] = {
    "params": an_object,
    "mailTo": addresses,
    "mailFormat": a_format,
    "runAt": later,
}
