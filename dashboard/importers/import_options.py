"""The options of an import job, checked: what a person chose about what happens to the rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboard.errors import InputRefused
from dashboard.records.cell_formats import CellFormat

MODES = ("insert", "update", "upsert")
BLANKS = ("clear", "leave")
DUPLICATES = ("refuse", "first", "last", "all")


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """`mapping` is {column: field or None}, `constants` {field: text}, `values` {field: {text in
    the file: text instead}}, `formats` {column: CellFormat}; `key` None = the importer's.
    """

    mode: str = "insert"
    key: tuple[str, ...] | None = None
    mapping: Mapping[str, str | None] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    formats: Mapping[str, CellFormat] = field(default_factory=dict)
    blanks: str = "clear"
    duplicates: str = "refuse"
    undo: bool = True
    unescape: bool = True

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> "ImportOptions":
        """From a job's options; those about reading are passed over. Raises InputRefused."""
        values = mapping_of(options, "values")
        found = cls(
            mode=choice(options, "mode", MODES),
            key=key_of(options),
            mapping=texts(options, "mapping", nullable=True),
            constants=texts(options, "constants"),
            values={name: texts(values, name, code="values") for name in values},
            formats={
                column: CellFormat.from_options(column, chosen)
                for column, chosen in mapping_of(options, "formats").items()
            },
            blanks=choice(options, "blanks", BLANKS),
            duplicates=choice(options, "duplicates", DUPLICATES),
            undo=options.get("undo") is not False,
            unescape=options.get("unescapeFormulas") is not False,
        )
        if found.blanks == "leave" and found.mode == "insert":
            message = "A new record has nothing to leave: use blanks 'leave' to update or upsert."
            raise refuse("blanks", message)
        return found

    @property
    def merges(self) -> bool:
        """Does the job change records that are there already?"""
        return self.mode != "insert"


def choice(options: Mapping[str, Any], name: str, allowed: Sequence[str]) -> str:
    value = options.get(name)
    if value is None or value == "":
        return allowed[0]
    if value not in allowed:
        shown = ", ".join(map(repr, allowed))
        raise refuse(name, f"{name} {value!r} is not available. Use {shown}.")
    return str(value)


def key_of(options: Mapping[str, Any]) -> tuple[str, ...] | None:
    key = options.get("key")
    if not key:
        return None
    names = [key] if isinstance(key, str) else key
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise refuse("key", "key is a list of field names, such as ['faa'].")
    if len(set(names)) < len(names):
        raise refuse("key", f"key names a field twice: {', '.join(names)}.")
    return tuple(names)


def mapping_of(options: Mapping[str, Any], name: str, code: str | None = None) -> Mapping[str, Any]:
    found = options.get(name) or {}
    if not isinstance(found, Mapping):
        raise refuse(code or name, f"{name} is an object, such as {{}}; {found!r} is none.")
    return found


def texts(
    options: Mapping[str, Any], name: str, *, nullable: bool = False, code: str | None = None
) -> dict[str, Any]:
    """An object whose values are texts; numbers and truth values are taken as written in JSON."""
    found: dict[str, Any] = {}
    for key, value in mapping_of(options, name, code).items():
        if isinstance(value, bool):
            value = "true" if value else "false"
        elif isinstance(value, int | float) and not nullable:
            value = repr(value)
        if not isinstance(value, str) and not (nullable and value is None):
            wanted = "text or null" if nullable else "text"
            raise refuse(code or name, f"{name}: {key!r} needs {wanted}, not {value!r}.")
        found[key] = value
    return found


def refuse(code: str, message: str) -> InputRefused:
    return InputRefused(message, code=code)
