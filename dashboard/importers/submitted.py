"""What somebody submits for an import from outside, checked before there is a job."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.errors import ConfigurationError, InputRefused
from dashboard.formats.reading_choices import Reading
from dashboard.importers.any_file import AnyFileImporter, refuse_meaningless, table_name
from dashboard.importers.import_options import ImportOptions
from dashboard.importers.importer import importer_for
from dashboard.jobs.chunk_job import Connect
from dashboard.jobs.registry import JobType
from dashboard.jobs.submission import (
    Submitted,
    an_object,
    an_object_of_objects,
    count_from,
    field_list,
    given,
    later,
    percent,
    run_at,
    text_or_blank,
    truth,
    words,
    wrong,
)

# Known, but nothing an import could do with them.
OF_EXPORTS = dict.fromkeys(("filters", "columns"), "an export; an import takes mapping")


def read_data(job_type: JobType, data: Mapping[str, Any], connect: Connect) -> Submitted:
    """From `data` as REST takes it. Raises InputRefused naming the key that is unknown or wrong."""
    found = read_choices(data)
    check_fields(found.options, job_type, connect)
    return found


def read_choices(data: Mapping[str, Any]) -> Submitted:
    """As far as can be told without the type's fields."""
    said = given(data, CHECKS, OF_EXPORTS)
    check_choices(said)
    found = Submitted(
        options={name: value for name, value in said.items() if name not in EDGE},
        file=said.get("file"),
        check=said.get("check", False),
        chunk_rows=said.get("chunkRows"),
        run_at=run_at(said),
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


def check_choices(data: Mapping[str, Any]) -> None:
    """What the readers of the job's options would refuse later, refused now."""
    Reading.from_options(data)
    try:
        ImportOptions.from_options(data)
    except InputRefused as error:
        name = "formats" if error.code == "format" else error.code
        raise wrong(name if name in CHECKS else "", error.message) from None


EDGE = ("file", "check", "chunkRows", "runAt")
CHECKS: Mapping[str, Any] = {
    "mode": words,
    "key": field_list,
    "check": truth,
    "undo": truth,
    "unescapeFormulas": truth,
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
