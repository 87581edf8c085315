"""The mapping step: what each column of a file fills, why, and what still stands in the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from dashboard.errors import InputRefused
from dashboard.formats.hints import Hint
from dashboard.importers.import_options import ImportOptions
from dashboard.importers.importer import Importer
from dashboard.importers.key_choice import chosen_key, filled_keys, needed_fields
from dashboard.importers.suggesting import REMEMBERED, Suggestion, suggest
from dashboard.jobs.registry import JobType
from dashboard.models.saved_mapping import SavedMapping
from dashboard.records.fields import Field
from dashboard.records.table import TableDescription
from dashboard.web.import_constants import constant_problems
from dashboard.web.import_formats import UNCHOSEN, code_of, format_of, kind_of, question
from dashboard.web.import_look import Look
from dashboard.web.import_types import described

Form = Mapping[str, str]
CHOSEN = "chosen"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the `field` it fills ("" = left out), `why` it was proposed, how it is read.

    `format` is a code of import_formats; `kind` says which formats are offered (None: none).
    """

    place: int
    name: str
    header: str
    samples: Sequence[str]
    hint: Hint | None = None
    field: str = ""
    why: str = ""
    score: int = 0
    format: str = ""
    kind: str | None = None
    hidden: bool = False
    answered: bool = False
    problem: str | None = None

    @property
    def looks_like(self) -> str | None:
        """Dates or numbers that are written in some form of their own."""
        return self.hint.kind if self.hint else None

    @property
    def asks(self) -> bool:
        """Do the cells leave open how they are to be read, and has nobody said so?"""
        doubtful = self.hint is not None and self.hint.kind == self.kind and self.hint.must_ask
        left_out = self.answered or (self.why == REMEMBERED and not self.field)
        return doubtful and not left_out

    @property
    def sure(self) -> bool:
        if self.why == "similar":
            return False
        return bool(self.field) or self.answered or self.why == REMEMBERED

    @property
    def to_look_at(self) -> bool:
        return not self.sure or self.asks or self.problem is not None

    @property
    def question(self) -> str | None:
        return question(self.hint) if self.asks and self.hint else None


@dataclass(frozen=True)
class ColumnChoices:
    """All columns with the fields of the type; `problems` block going on.

    `needed` are the names of fields that must be filled, `open_fields` those no column fills.
    """

    columns: Sequence[Column]
    fields: Sequence[Field]
    needed: frozenset[str]
    constants: Mapping[str, str]
    problems: Sequence[str] = ()
    constant_problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def filled(self) -> set[str]:
        return {column.field for column in self.columns if column.field}

    @property
    def missing(self) -> list[Field]:
        """Must be filled, but neither a column nor a constant does."""
        filled = self.filled | set(self.constants)
        return [f for f in self.fields if f.name in self.needed and f.name not in filled]

    @property
    def open_fields(self) -> list[Field]:
        """Those that must be filled first."""
        without = [f for f in self.fields if f.name not in self.filled]
        return sorted(without, key=lambda f: f.name not in self.needed)

    @property
    def bad(self) -> bool:
        columns = any(column.problem for column in self.columns)
        return bool(self.problems or self.missing or self.constant_problems or columns)

    @property
    def open(self) -> bool:
        """Is there anything to ask? What is certain or was chosen before is not."""
        return self.bad or any(column.to_look_at for column in self.columns)

    @property
    def stamp(self) -> str:
        """Tells whether a form speaks of these very columns: another tab may read otherwise."""
        names = "\n".join(column.name for column in self.columns)
        return sha256(names.encode()).hexdigest()[:12]

    def options(self) -> dict[str, Any]:
        """As options of the job: every column is named, so that nothing is matched anew."""
        used = [column for column in self.columns if column.field]
        formats = {column.name: format_of(column.kind, column.format) for column in used}
        return {
            "mapping": {column.name: column.field or None for column in self.columns},
            "constants": dict(self.constants),
            "formats": {name: chosen for name, chosen in formats.items() if chosen},
        }


def suggested_choices(
    job_type: JobType, look: Look, options: Mapping[str, Any], saved: SavedMapping | None
) -> ColumnChoices:
    """What was chosen before, and a suggestion for every column nobody chose for."""
    importer, target = described(job_type)
    chosen: Mapping[str, str | None] = options.get("mapping") or {}
    before = saved.mapping if saved else None
    proposals = suggest(target.fields, look.columns, look.samples, before, importer.aliases)
    by_column = {proposal.column: proposal for proposal in proposals}
    taken = {name for column, name in chosen.items() if column in by_column and name}
    formats = {**(saved.formats if saved else {}), **(options.get("formats") or {})}
    columns = []
    for column in bare_columns(look):
        proposal = by_column[column.name]
        answered = column.name in chosen
        if answered and proposal.field != chosen[column.name]:
            proposal = Suggestion(column.name, chosen[column.name], CHOSEN)
        elif not answered and proposal.field in taken:
            proposal = Suggestion(column.name)
        given = code_of(formats[column.name]) if column.name in formats else None
        columns.append(fitted(replace(column, answered=answered), proposal, target, given))
    filled = {column.field for column in columns}
    known = {f.name for f in target.fields} - filled
    constants = {n: t for n, t in (options.get("constants") or {}).items() if n in known}
    return checked(job_type, importer, target, columns, constants, options)


def bare_columns(look: Look) -> list[Column]:
    headers = look.found.headers if look.found else ()
    return [
        Column(place, name, headers[place], look.shown_samples(name), look.hints.get(name))
        for place, name in enumerate(look.columns)
    ]


def fitted(
    column: Column, proposal: Suggestion, target: TableDescription, given: str | None
) -> Column:
    """With its field, and the format `given` before or seen in its cells."""
    known = {f.name: f for f in target.fields}
    name = proposal.field if proposal.field in known else None
    why = CHOSEN if column.answered and proposal.why == "similar" else proposal.why
    kind = kind_of(known[name]) if name else column.looks_like
    found = replace(column, field=name or "", why=why, score=proposal.score, kind=kind)
    if given is None:
        # The plain form is not kept among the options: it was the answer.
        given = "" if column.answered else certain_code(found)
    return replace(found, format=given)


def certain_code(column: Column) -> str:
    if column.hint is None or column.hint.kind != column.kind:
        return ""
    return UNCHOSEN if column.asks else code_of(column.hint.cell_format)


def form_choices(
    job_type: JobType, before: ColumnChoices, options: Mapping[str, Any], form: Form
) -> ColumnChoices:
    """As typed, over what was proposed `before`; what cannot be followed is told."""
    importer, target = described(job_type)
    known = {f.name: f for f in target.fields}
    columns: list[Column] = []
    for column in before.columns:
        name = form.get(f"field-{column.place}", "").strip()
        kind = kind_of(known.get(name)) if name else column.looks_like
        why = column.why if name == column.field else CHOSEN
        found = replace(column, field=name, why=why, kind=kind, answered=False)
        code = form.get(f"format-{column.place}", UNCHOSEN)
        if found.kind and code == UNCHOSEN:
            code = certain_code(found)
        found = replace(found, format=code)
        columns.append(replace(found, problem=column_problem(found, columns, known)))
    texts = {name: form.get(f"constant-{name}", "") for name in known}
    filled = {column.field for column in columns}
    constants = {n: text for n, text in texts.items() if text and n not in filled}
    found_all = checked(job_type, importer, target, columns, constants, options)
    dropped = [
        f"{known[n].label} has a column now, so its one value “{text}” is left out."
        for n, text in texts.items()
        if text and n in filled
    ]
    return replace(found_all, problems=[*found_all.problems, *dropped])


def column_problem(
    column: Column, before: Sequence[Column], known: Mapping[str, Field]
) -> str | None:
    if not column.field:
        return None
    if column.field not in known:
        return f"There is no field “{column.field}”. Choose one from the list, or leave it out."
    for other in before:
        if other.field == column.field:
            label = known[column.field].label
            return f"Column “{other.name}” fills {label} already. Choose one of the two."
    return column.question if column.kind and column.format == UNCHOSEN else None


def checked(
    job_type: JobType,
    importer: Importer,
    target: TableDescription,
    columns: Sequence[Column],
    constants: Mapping[str, str],
    options: Mapping[str, Any],
) -> ColumnChoices:
    """With what blocks going on, and sensitive cells hidden."""
    secret = {*importer.sensitive, *job_type.sensitive}
    columns = [
        replace(c, hidden=True, samples=()) if {c.field, c.name} & secret else c for c in columns
    ]
    problems: list[str] = []
    needed = frozenset(f.name for f in target.fields if f.required)
    filled = {column.field for column in columns if column.field} | set(constants)
    try:
        chosen = ImportOptions.from_options({**options, "mapping": {}, "constants": {}})
        key = chosen_key(target, chosen)
        needed = frozenset(needed_fields(target, chosen, key))
        if needed <= filled:
            filled_keys(importer, target, chosen, filled, key)
    except InputRefused as error:
        problems.append(error.message)
    if not any(column.field for column in columns):
        problems.append("No column fills a field yet. Choose at least one.")
    bad = constant_problems(target, constants)
    return ColumnChoices(columns, target.fields, needed, constants, problems, bad)
