"""What somebody submits for an import from outside, checked before there is a job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dashboard.errors import ConfigurationError, InputRefused
from dashboard.formats.reading_choices import NAMES as READING_NAMES
from dashboard.formats.reading_choices import Reading
from dashboard.importers.any_file import AnyFileImporter, refuse_meaningless, table_name
from dashboard.importers.import_options import ImportOptions
from dashboard.importers.importer import importer_for
from dashboard.jobs.chunk_job import Connect
from dashboard.jobs.registry import JobType

# Known, but nothing an import could do with them.
OF_EXPORTS = {"filters": "an export", "columns": "an export"}
LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Submitted:
    """`options` are the job's own; the rest decides how and when it is made."""

    options: Mapping[str, Any] = field(default_factory=dict)
    file: str | None = None
    check: bool = False
    chunk_rows: int | None = None
    run_at: datetime | None = None


def read_data(data: Mapping[str, Any]) -> Submitted:
    """From the API's `data`. Raises InputRefused naming the key that is unknown or wrong."""
    for name in data:
        if name not in KNOWN:
            known = ", ".join(sorted(KNOWN))
            raise wrong(name, f"There is no key {name!r} in data. Known: {known}.")
        if name in OF_EXPORTS:
            raise wrong(name, f"{name} is for {OF_EXPORTS[name]}; an import takes mapping.")
    data = {name: value for name, value in data.items() if value is not None}
    for name, value in data.items():
        CHECKS[name](name, value)
    check_choices(data)
    found = Submitted(
        options={name: value for name, value in data.items() if name not in EDGE},
        file=data.get("file"),
        check=data.get("check", False),
        chunk_rows=data.get("chunkRows"),
        run_at=moment(data["runAt"]) if "runAt" in data else None,
    )
    if found.check and found.run_at:
        raise wrong("runAt", "A check runs at once; leave runAt out.")
    return found


def check_fields(options: Mapping[str, Any], job_type: JobType, connect: Connect) -> None:
    """Names of fields the type does not have. Raises InputRefused naming the key of data.

    Nothing is said of a type that takes whatever the file holds, or whose table is missing: the job
    itself will say that.
    """
    try:
        importer = importer_for(job_type)
        names = [field.name for field in importer.describe(connect).fields]
    except ConfigurationError:
        return
    if isinstance(importer, AnyFileImporter):
        check_any_file(options)
    if not names:
        return
    if "table" in options:
        raise wrong("table", f"table is for the type any-file; {job_type.name} has its own.")
    chosen: dict[str, Any] = {name: options.get(name) or {} for name in ("constants", "values")}
    chosen["key"] = options.get("key") or []
    chosen["mapping"] = [name for name in (options.get("mapping") or {}).values() if name]
    for option, used in chosen.items():
        for name in used:
            if name not in names:
                known = ", ".join(names)
                raise wrong(option, f"{option}: there is no field {name!r}. Fields: {known}.")
    check_once(chosen["mapping"])


def check_any_file(options: Mapping[str, Any]) -> None:
    """What its job would refuse without having seen the file."""
    try:
        refuse_meaningless(options)
        table_name(options.get("table"))
    except InputRefused as error:
        raise wrong(error.code, error.message) from None


def check_once(names: Sequence[str]) -> None:
    """No file can make two columns of one field: said before there is a job."""
    for name in names:
        if names.count(name) > 1:
            raise wrong("mapping", f"Field {name!r} is mapped twice. Map each field once.")


def wrong(name: str, message: str) -> InputRefused:
    return InputRefused(message, details={"field": name})


def check_choices(data: Mapping[str, Any]) -> None:
    """What the readers of the job's options would refuse later, refused now."""
    Reading.from_options(data)
    try:
        ImportOptions.from_options(data)
    except InputRefused as error:
        name = "formats" if error.code == "format" else error.code
        raise wrong(name if name in KNOWN else "", error.message) from None


def truth(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise wrong(name, f"{name} is true or false, not {value!r}.")


def words(name: str, value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise wrong(name, f"{name} is a text, not {value!r}.")


def text_or_blank(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise wrong(name, f"{name} is a text, not {value!r}.")


def field_list(name: str, value: Any) -> None:
    if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
        raise wrong(name, f'{name} is a list of field names, such as ["faa"], not {value!r}.')


def an_object(name: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise wrong(name, f"{name} is an object, not {value!r}.")


def an_object_of_objects(name: str, value: Any) -> None:
    if not isinstance(value, dict) or not all(isinstance(v, dict) for v in value.values()):
        raise wrong(name, f"{name} is an object of objects, not {value!r}.")


def count_from(low: int) -> Any:
    def check(name: str, value: Any) -> None:
        plain = isinstance(value, int) and not isinstance(value, bool)
        if not plain or not low <= value <= LARGEST:
            raise wrong(name, f"{name} is a whole number from {low}, not {value!r}.")

    return check


def percent(name: str, value: Any) -> None:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or not 0 <= value <= 100:
        raise wrong(name, f"{name} is a number from 0 to 100, not {value!r}.")


def later(name: str, value: Any) -> None:
    words(name, value)
    moment(value)


def moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    message = f"runAt={text[:40]!r} is not a time with offset. Use 2026-11-30T08:00:00+01:00."
    raise wrong("runAt", message)


EDGE = ("file", "check", "chunkRows", "runAt")
CHECKS: Mapping[str, Any] = {
    "mode": words,
    "key": field_list,
    "check": truth,
    "undo": truth,
    "file": words,
    "runAt": later,
    "chunkRows": count_from(1),
    "headerRow": count_from(0),
    "mostFailedRows": count_from(0),
    "mostFailedPercent": percent,
    "blanks": words,
    "duplicates": words,
    "table": words,
    **dict.fromkeys(("format", "delimiter", "quote", "encoding", "sheet"), text_or_blank),
    **dict.fromkeys(("mapping", "constants"), an_object),
    **dict.fromkeys(("values", "formats"), an_object_of_objects),
}
KNOWN = frozenset({*CHECKS, *READING_NAMES, *OF_EXPORTS})
