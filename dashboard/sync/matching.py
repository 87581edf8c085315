"""Which column of a source fills which field, and what is said when one is gone."""

from collections.abc import Sequence

from dashboard.errors import FileRefused, InputRefused
from dashboard.importers.import_options import ImportOptions
from dashboard.importers.key_choice import chosen_key, needed_fields
from dashboard.importers.mapping import ColumnMapping, listed, match_columns
from dashboard.records.table import TableDescription
from dashboard.sync.sync import Sync

CODE = "columns_changed"


def match_source(
    sync: Sync, target: TableDescription, options: ImportOptions, columns: Sequence[str]
) -> ColumnMapping:
    """By name or alias, or as the sync's `mapping` says. Raises InputRefused: one is missing."""
    try:
        return match_columns(
            target.fields,
            columns,
            {name: field for name, field in sync.mapping.items() if name in columns},
            aliases=sync.aliases,
            needed=needed_fields(target, options, chosen_key(target, options)),
        )
    except FileRefused as error:
        missing = listed(error.details.get("missing", ()))
        raise InputRefused(
            f"{sync.source.describe()} gives no column for {missing}. Columns found:"
            f" {listed(columns) or 'none'}. Nothing was written. Put the column back, or have the"
            " sync's mapping changed.",
            code=CODE,
            details=error.details,
        ) from None


def refuse_lost(
    sync: Sync, before: Sequence[str], mapping: ColumnMapping, columns: Sequence[str]
) -> None:
    """Fields that were filled until now must still be. Raises InputRefused."""
    lost = [name for name in before if name not in mapping.filled]
    if lost:
        raise InputRefused(
            f"{sync.source.describe()} no longer has a column for {listed(lost)}, which it filled"
            f" until now. Columns found: {listed(columns)}. Nothing was written. Put it back; if it"
            " is gone for good, an admin resets what the sync knows of columns.",
            code=CODE,
            details={"missing": lost, "columns": list(columns)},
        )
