"""What all chunks of one import job share."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboard.importers.column_reading import ColumnReading
from dashboard.importers.import_options import ImportOptions
from dashboard.importers.importer import Importer
from dashboard.records.checks import ReferenceChecker
from dashboard.records.merging import Merge
from dashboard.records.table import TableDescription


@dataclass(frozen=True, slots=True)
class Job:
    """`columns` says how each mapped column of the file is read, in the file's order.

    `keys` are the unique sets the job fills, `key` is the place of the chosen one among them (None:
    an insert without any). `undo_of` is the job's UUID when what undo needs is kept.
    """

    importer: Importer
    target: TableDescription
    columns: Mapping[str, ColumnReading]
    keys: tuple[tuple[str, ...], ...]
    key: int | None
    sensitive: frozenset[str]
    references: ReferenceChecker
    options: ImportOptions = field(default_factory=ImportOptions)
    into_empty: bool = False
    check: bool = False
    undo_of: str | None = None

    @property
    def key_fields(self) -> tuple[str, ...]:
        return () if self.key is None else self.keys[self.key]

    def stored_names(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self.target.field(name).column for name in names)

    @property
    def leaves_blanks(self) -> bool:
        return self.options.blanks == "leave"

    def merge(self, chunk: int) -> Merge | None:
        """How records meet those that are there; None: all are new."""
        if not self.options.merges and not self.check:
            return None
        names = {field.column: field.name for field in self.target.fields}
        return Merge(
            self.options.mode,
            self.stored_names(self.key_fields),
            leave_blank=self.leaves_blanks,
            compare=self.check,
            images=(self.undo_of, chunk) if self.undo_of and not self.check else None,
            shown=names,
            hidden=frozenset(column for column, name in names.items() if name in self.sensitive),
        )
