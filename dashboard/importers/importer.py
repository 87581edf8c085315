"""What an engineer writes to import into a table; everything left out is derived from it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import Connection, Table

from dashboard.jobs.chunk_job import Connect
from dashboard.jobs.registry import JobType
from dashboard.records.reflecting import reflect
from dashboard.records.table import TableDescription, describe

if TYPE_CHECKING:
    import pandas as pd

Frame = Any  # a pandas DataFrame; named so that the web process need not import pandas


@dataclass(frozen=True, slots=True)
class Refused:
    """Rows `validate` refuses, by index label (= row number of the file)."""

    rows: Sequence[int]
    column: str
    message: str
    code: str


class Importer:
    """Import into `model` (a SQLAlchemy class) or `table` (a name or Table).

    `fields` limits and orders the fields, `key` names the natural key, `rules` holds simple checks
    (`{"seats": {"min": 1, "max": 900}, "tailnum": {"pattern": "N.*"}}`; also one_of, length),
    `references` reads foreign keys (`{"airport": ("airport_id", "faa")}`), `choices` limits texts,
    `sensitive` names fields whose cells nobody may read, `null_values` are texts that mean blank,
    `computed` fields come from `transform`, so the file need not have them. `aliases` are other
    names of fields in files (`{"tailnum": ["Tail number", "Registration"]}`), `examples` rows for
    the template (`[{"faa": "JFK", "name": "Kennedy"}]`).

    Hooks get the chunk's good rows as a pandas DataFrame with Arrow-backed typed columns, named as
    the fields, indexed by row number. An exception in a hook fails the chunk, never silently.
    """

    model: ClassVar[Any] = None
    table: ClassVar[str | Table | None] = None
    fields: ClassVar[Sequence[str] | None] = None
    key: ClassVar[Sequence[str] | str | None] = None
    rules: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    references: ClassVar[Mapping[str, tuple[str, str]]] = {}
    choices: ClassVar[Mapping[str, Iterable[Any]]] = {}
    sensitive: ClassVar[Sequence[str]] = ()
    null_values: ClassVar[Sequence[str]] = ()
    computed: ClassVar[Sequence[str]] = ()
    aliases: ClassVar[Mapping[str, Sequence[str]]] = {}
    examples: ClassVar[Sequence[Mapping[str, Any]]] = ()

    def transform(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """Change, compute or drop columns and rows; a dropped row counts as skipped."""
        return frame

    def validate(self, frame: "pd.DataFrame") -> Iterable[Refused]:
        """Rows to refuse, by `self.fail(mask, column, message)`."""
        return ()

    def before(self, connection: Connection) -> None:
        """Once a round, before its first chunk."""

    def after(self, connection: Connection) -> None:
        """Once a round, after its last chunk settled."""

    def fail(
        self, mask: "pd.Series[Any]", column: str, message: str, code: str = "invalid"
    ) -> Refused:
        """Refuse the rows where `mask` is true; the message follows the quoted cell.

        For example `self.fail(frame.year < 1903, "year", "is before the first flight.")`.
        """
        rows = mask.index[mask.fillna(False).astype(bool)].tolist()
        return Refused(rows, column, message, code)

    def has(self, hook: str) -> bool:
        """Does this importer bring a hook of its own?"""
        return getattr(type(self), hook) is not getattr(Importer, hook)

    def describe(self, connect: Connect | None = None) -> TableDescription:
        """The target as fields and keys; a table known by name only is read from the target."""
        source = self.model if self.model is not None else self.table
        if isinstance(source, str):
            source = reflect(source, connect)
        found = describe(
            source, self.fields, self.key, references=self.references, choices=self.choices
        )
        if not self.computed:
            return found
        fields = [
            replace(f, required=f.required and f.name not in self.computed) for f in found.fields
        ]
        return replace(found, fields=tuple(fields))


def importer_for(job_type: JobType) -> Importer:
    """The type's own importer, or one derived from its model or table."""
    named = job_type.load_importer()
    if named is not None:
        importer: Importer = named()
        if importer.model is None and importer.table is None:
            model = job_type.load_model()
            body = {"model": model, "table": job_type.table}
            importer = type(named.__name__, (named,), body)()
        return importer
    body = {"model": job_type.load_model(), "table": job_type.table}
    derived: Importer = type("DerivedImporter", (Importer,), body)()
    return derived
