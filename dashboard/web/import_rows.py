"""What happens to the rows: the part of the options that is chosen the same way for every file."""

from collections.abc import Mapping
from typing import Any

from dashboard.errors import InputRefused
from dashboard.formats.reading_choices import NAMES as READING
from dashboard.importers.import_options import ImportOptions

Form = Mapping[str, str]
MODES = {
    "insert": "Insert new records",
    "update": "Update records that are there",
    "upsert": "Insert new, update the rest",
}
BLANKS = {"clear": "empties the field", "leave": "leaves what is there"}
DUPLICATES = {
    "refuse": "the first goes in, later ones fail",
    "first": "the first goes in, later ones are skipped",
    "last": "the last goes in, earlier ones are skipped",
    "all": "all of them fail",
}
PLAIN = ("mode", "blanks", "duplicates")
ROWS = (*PLAIN, "key", "mostFailedRows", "mostFailedPercent", "undo", "unescapeFormulas")
LARGEST = 2**31 - 1


def rows_from_form(form: Form, type_name: str) -> dict[str, Any]:
    """The options chosen; raises InputRefused whose `details["field"]` names the field."""
    found: dict[str, Any] = {name: form[name] for name in PLAIN if form.get(name)}
    key = form.get(f"key-{type_name}", "")
    if key and found.get("mode", "insert") != "insert":
        found["key"] = key.split(",")
    if found.get("mode", "insert") == "insert":
        found.pop("blanks", None)
    rows = number(form, "mostFailedRows", LARGEST)
    percent = number(form, "mostFailedPercent", 100)
    found |= {"mostFailedRows": rows} if rows is not None else {}
    found |= {"mostFailedPercent": percent} if percent is not None else {}
    if form.get("undo-asked") and not form.get("undo"):
        found["undo"] = False
    if form.get("unescape-asked") and not form.get("unescapeFormulas"):
        found["unescapeFormulas"] = False
    try:
        ImportOptions.from_options(found)
    except InputRefused as error:
        raise InputRefused(error.message, code=error.code, details={"field": error.code}) from None
    return found


def number(form: Form, name: str, most: int) -> int | None:
    text = form.get(name, "").strip().rstrip("%").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text[:12]) <= most):
        message = f"“{text[:20]}” is not a whole number from 0 to {most:,}."
        raise InputRefused(message, details={"field": name})
    return int(text)


def with_rows(options: Mapping[str, Any], rows: Mapping[str, Any]) -> dict[str, Any]:
    """The options with all choices about rows replaced by these."""
    return {**{name: v for name, v in options.items() if name not in ROWS}, **rows}


def with_reading(options: Mapping[str, Any], reading: Mapping[str, Any]) -> dict[str, Any]:
    return {**{name: v for name, v in options.items() if name not in READING}, **reading}


def wording(options: Mapping[str, Any], key: tuple[str, ...]) -> str:
    """What a run does with a row, as the end of a sentence."""
    named = " and ".join(key) or "key"
    return {
        "insert": f"each row becomes a new record; one whose {named} is there already fails",
        "update": f"the record with the same {named} is changed; a row without one fails",
        "upsert": f"a new {named} becomes a new record, a known one changes its record",
    }[str(options.get("mode") or "insert")]
