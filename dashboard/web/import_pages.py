"""What the templates of the steps are given."""

from collections.abc import Mapping
from typing import Any

from dashboard.formats.reading_choices import FORMATS
from dashboard.importers.import_options import ImportOptions
from dashboard.importers.key_choice import chosen_key, known_keys
from dashboard.web.import_columns import ColumnChoices
from dashboard.web.import_drafts import Draft
from dashboard.web.import_formats import CHOICES, UNCHOSEN
from dashboard.web.import_look import SHOWN_COLUMNS
from dashboard.web.import_rows import BLANKS, DUPLICATES, MODES, wording
from dashboard.web.import_types import described
from dashboard.web.mappings import may_share, named_for

DELIMITERS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar |"}
QUOTES = {'"': 'Double quote "', "'": "Single quote '", "": "None"}
FORMAT_WORDS = {
    "csv": "CSV",
    "tsv": "TSV",
    "json-lines": "JSON Lines",
    "xlsx": "Excel workbook (XLSX)",
    "xls": "Old Excel workbook (XLS)",
    "ods": "OpenDocument sheet (ODS)",
    "parquet": "Parquet",
    "delimited": "Delimited text",
}
ENCODINGS = (
    "utf-8", "cp1252", "iso-8859-1", "iso-8859-15", "cp1250", "cp1251", "utf-16", "mac-roman",
    "shift_jis", "gb18030", "big5", "euc-kr",
)  # fmt: skip
# Selects of so many columns and fields would make a page of megabytes: a field is typed then.
MOST_SELECTS = 3_000
MOST_SHEETS, MOST_NOTES = 100, 12


def reading_parts(draft: Draft, typed: Mapping[str, Any], refusal: str | None) -> dict[str, Any]:
    """`typed` are the choices as the form has them, followed or refused."""
    found = draft.look.found
    sheets = list(found.sheets[:MOST_SHEETS]) if found else []
    return {
        "draft": draft,
        "look": draft.look,
        "found": found,
        "typed": typed,
        "refusal": refusal or draft.look.refusal,
        "formats": [(name, FORMAT_WORDS[name]) for name in FORMATS],
        "format_words": FORMAT_WORDS,
        "delimiters": DELIMITERS,
        "quotes": QUOTES,
        "encodings": encodings(found.encoding if found else None, typed.get("encoding")),
        "sheets": [(name, name) for name in sheets],
        "notes": list(found.notes[:MOST_NOTES]) if found else [],
        "hidden": hidden_columns(draft),
        "more_columns": max(0, len(draft.look.columns) - SHOWN_COLUMNS),
        "shown_columns": SHOWN_COLUMNS,
        "step": "reading",
    }


def encodings(found: str | None, typed: Any) -> list[tuple[str, str]]:
    more = [name for name in (found, typed) if name and name not in ENCODINGS]
    return [(name, name.upper()) for name in dict.fromkeys([*more, *ENCODINGS])]


def hidden_columns(draft: Draft) -> set[str]:
    """Columns whose cells nobody may read."""
    if draft.any_file:
        return set(draft.type.sensitive)
    if draft.look.refusal:
        return set()
    return {column.name for column in draft.choices.columns if column.hidden}


def mapping_parts(
    draft: Draft,
    choices: ColumnChoices,
    rows: Mapping[str, Any],
    problem: str | None = None,
    typed: bool = False,
) -> dict[str, Any]:
    """`rows` are the options, or the form as `typed`; then what is still open is an error."""
    _, target = described(draft.type)
    saved = named_for(draft.session, draft.type.name)
    return {
        "draft": draft,
        "choices": choices,
        "rows": rows,
        "problem": problem,
        "typed": typed,
        "saved": saved,
        "admin": may_share(),
        "keys": known_keys(target),
        "select": len(choices.columns) * len(choices.fields) <= MOST_SELECTS,
        "format_choices": CHOICES,
        "unchosen": UNCHOSEN,
        "modes": MODES,
        "blanks": BLANKS,
        "duplicates": DUPLICATES,
        "step": "mapping",
    }


def ready_parts(draft: Draft) -> dict[str, Any]:
    parts: dict[str, Any] = {"draft": draft, "step": "ready", "format_words": FORMAT_WORDS}
    if draft.any_file:
        return {**parts, "open": draft.needs_columns}
    choices, options = draft.choices, draft.options
    _, target = described(draft.type)
    before = draft.remembered.values if draft.remembered else {}
    filled = choices.filled | set(choices.constants)
    values = options.get("values") or before
    return {
        **parts,
        "open": choices.open,
        "choices": choices,
        "used": [column for column in choices.columns if column.field],
        "left_out": [column.name for column in choices.columns if not column.field],
        "wording": "" if choices.problems else wording(options, key_of(target, options)),
        "modes": MODES,
        "values": {name: texts for name, texts in values.items() if name in filled and texts},
    }


def key_of(target: Any, options: Mapping[str, Any]) -> tuple[str, ...]:
    rows = {name: options[name] for name in ("mode", "key") if name in options}
    return chosen_key(target, ImportOptions.from_options(rows))
