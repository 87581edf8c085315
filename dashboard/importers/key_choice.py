"""Which unique sets a job fills, and which one tells what record a row means."""

from collections.abc import Collection, Sequence

from dashboard.errors import InputRefused
from dashboard.importers.import_options import ImportOptions
from dashboard.importers.importer import Importer
from dashboard.records.table import TableDescription

Keys = list[tuple[str, ...]]


def chosen_key(target: TableDescription, options: ImportOptions) -> tuple[str, ...]:
    """The key of an update or upsert, or what `options.key` says; raises InputRefused.

    It is a unique key of the table or the importer's own, which the table need not enforce.
    """
    allowed = known_keys(target)
    if options.key is None:
        if options.merges and not target.key:
            raise refuse(
                "The table has no unique key: records cannot be told apart to change them."
            )
        return target.key
    for key in allowed:
        if set(key) == set(options.key):
            return key
    shown = "; ".join(", ".join(key) for key in allowed) or "none"
    given = ", ".join(options.key)
    raise refuse(f"Key {given!r} is not unique in {target.table.name}. Unique keys: {shown}.")


def known_keys(target: TableDescription) -> Keys:
    """Every key a person may choose, the importer's first."""
    keys = [tuple(target.key)] if target.key else []
    return [*keys, *(key for key in target.unique_keys if set(key) != set(target.key))]


def needed_fields(target: TableDescription, options: ImportOptions, key: Sequence[str]) -> set[str]:
    """The fields a file must fill: an update finds the others in the records."""
    if options.mode == "update":
        return set(key)
    required = {field.name for field in target.fields if field.required}
    return required | set(key) if options.merges else required


def filled_keys(
    importer: Importer,
    target: TableDescription,
    options: ImportOptions,
    filled: Collection[str],
    key: tuple[str, ...],
) -> tuple[Keys, int | None]:
    """(the unique sets the job fills, the place of the chosen one; None when it fills none).

    A field that `transform` computes is in no key: only after it ran could the cells be compared.
    """
    fixed = set(filled) - set(importer.computed)
    keys = [names for names in target.unique_keys if fixed.issuperset(names)]
    if options.merges or options.key is not None:
        missing = [name for name in key if name not in fixed]
        if missing:
            raise refuse(
                f"The key {', '.join(key)} needs a column for {', '.join(missing)}. Map one to it,"
                " or choose another key."
            )
        if key not in keys:
            keys.append(key)
    if key in keys:
        return keys, keys.index(key)
    return keys, 0 if keys else None


def refuse(message: str) -> InputRefused:
    return InputRefused(message, code="key")
