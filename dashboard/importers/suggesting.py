"""Which field a column probably fills, and why; only a person turns a likeness into a mapping."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from rapidfuzz import fuzz
from rapidfuzz.distance import DamerauLevenshtein

from dashboard.importers.mapping import Aliases, names_of, plain
from dashboard.records.casting import cast_column
from dashboard.records.cell_formats import date_orders
from dashboard.records.fields import Field, FieldType
from dashboard.records.number_readers import MARKED

EXACT, ALIAS, SIMILAR, REMEMBERED = "exact", "alias", "similar", "remembered"
# Alike enough to propose. Below it `dep_time` would be taken for `arr_time`.
LEAST_LIKENESS = 82
# Cells that must fit the field's type before a likeness is worth a word.
LEAST_FITTING = 0.6
DATED = (FieldType.DATE, FieldType.DATETIME)
NUMBERS = (FieldType.NUMBER, FieldType.DECIMAL, FieldType.INTEGER)
WORDS = {
    "no": "number", "nr": "number", "num": "number", "qty": "quantity", "amt": "amount",
    "desc": "description", "addr": "address", "tel": "phone", "dob": "birthdate",
    "yr": "year", "mo": "month", "lat": "latitude", "lon": "longitude", "lng": "longitude",
    "dep": "departure", "arr": "arrival", "dest": "destination", "orig": "origin",
    "temp": "temperature", "dist": "distance", "alt": "altitude", "ref": "reference", "id": "id",
}  # fmt: skip
FILLERS = ("of", "the")
SWAPPED = 90.0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`why` is exact, alias, similar, remembered or "" (nothing fits, `field` None).

    `score` is 0 to 100: how alike the names are.
    """

    column: str
    field: str | None = None
    why: str = ""
    score: int = 0

    @property
    def sure(self) -> bool:
        """May it be applied without asking? A remembered one was this person's own choice."""
        return self.why in (EXACT, ALIAS, REMEMBERED)


def suggest(
    fields: Sequence[Field],
    columns: Sequence[str],
    samples: Mapping[str, Sequence[str | None]] | None = None,
    remembered: Mapping[str, str | None] | None = None,
    aliases: Aliases | None = None,
) -> list[Suggestion]:
    """One suggestion for each column, no field twice.

    `samples` are some cells of each column; `remembered` is a mapping used before ({column: field,
    or None for a column that was left out}), which goes before everything else.
    """
    known = {field.name for field in fields}
    found: dict[str, Suggestion] = {}
    taken: set[str] = set()
    for column in columns:
        if column not in (remembered or {}):
            continue
        name = (remembered or {})[column]
        if name is None or (name in known and name not in taken):
            found[column] = Suggestion(column, name, REMEMBERED, 100)
            taken.update([name] if name else [])
    named = {field.name: names_of(field) for field in fields}
    for names, why in ((named, EXACT), (aliases or {}, ALIAS)):
        by_name = plain_names(fields, names)
        for column in columns:
            match = by_name.get(plain(column))
            if column not in found and match is not None and match not in taken:
                found[column] = Suggestion(column, match, why, 100)
                taken.add(match)
    open_fields = [field for field in fields if field.name not in taken]
    open_columns = [column for column in columns if column not in found]
    for suggestion in similar(open_fields, open_columns, samples or {}, aliases or {}):
        found[suggestion.column] = suggestion
    return [found.get(column, Suggestion(column)) for column in columns]


def plain_names(fields: Sequence[Field], names: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Plain names to fields; the first field in order has a name that two go by."""
    found: dict[str, str] = {}
    for field in fields:
        for name in names.get(field.name, ()):
            found.setdefault(plain(name), field.name)
    return found


def similar(
    fields: Sequence[Field],
    columns: Sequence[str],
    samples: Mapping[str, Sequence[str | None]],
    aliases: Aliases,
) -> list[Suggestion]:
    """The most alike pairs first; a pair whose second-best is nearly as good is no suggestion."""
    pairs = []
    for column in columns:
        scored = [(likeness(column, field, aliases), field) for field in fields]
        scored = [(score, field) for score, field in scored if score >= LEAST_LIKENESS]
        scored = [pair for pair in scored if fits(pair[1], samples.get(column, ()))]
        scored.sort(key=lambda pair: -pair[0])
        if scored and (len(scored) == 1 or scored[0][0] - scored[1][0] >= 3):
            pairs.append((scored[0][0], column, scored[0][1].name))
    found, taken = [], set[str]()
    for score, column, name in sorted(pairs, key=lambda pair: -pair[0]):
        if name not in taken:
            found.append(Suggestion(column, name, SIMILAR, score))
            taken.add(name)
    return found


def likeness(column: str, field: Field, aliases: Aliases) -> int:
    """0 to 100, by the best of the field's names."""
    ours = words(column)
    names = [*names_of(field), *aliases.get(field.name, ())]
    return max((alike(ours, words(name)) for name in names), default=0)


def words(name: str) -> list[str]:
    """Lower-case words of a name, at its marks and humps; usual abbreviations written out."""
    spaced = []
    for before, character in zip(" " + name, name, strict=False):
        hump = character.isupper() and before.islower()
        spaced.append(" " + character if hump else character)
    cleaned = "".join(c if c.isalnum() else " " for c in "".join(spaced).casefold())
    return [WORDS.get(word, word) for word in cleaned.split() if word not in FILLERS]


def alike(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Every word must have its like: `dep_time` and `arr_time` share one word, not a meaning."""
    if not ours or not theirs:
        return 0
    joined = DamerauLevenshtein.normalized_similarity("".join(ours), "".join(theirs)) * 100
    if len(ours) != len(theirs):
        same_text = fuzz.ratio("".join(ours), "".join(theirs))
        return round(min(joined, same_text))
    left, scores = list(theirs), []
    for word in ours:
        best = max(left, key=lambda other: similarity(word, other))
        scores.append(similarity(word, best))
        left.remove(best)
    return round(min(scores)) if min(scores) < LEAST_LIKENESS else round(sum(scores) / len(scores))


def similarity(word: str, other: str) -> float:
    """Short words must be the same: `min` and `max` are two letters apart."""
    if word == other:
        return 100.0
    if min(len(word), len(other)) < 4 or digits(word) != digits(other):
        return 0.0
    if sorted(word) == sorted(other):
        return SWAPPED  # letters in another order: a slip of the fingers
    return DamerauLevenshtein.normalized_similarity(word, other) * 100


def digits(word: str) -> str:
    """`address1` and `address2` are two."""
    return "".join(character for character in word if character.isdigit())


def fits(field: Field, cells: Sequence[str | None]) -> bool:
    """Do most of the cells read as the field's type? Dates and numbers may be in any form."""
    filled: Any = [cell for cell in cells if cell]
    if not filled:
        return True
    bad = len({place for place, *_ in cast_column(field, pa.array(filled, pa.string())).bad})
    good = len(filled) - bad
    if field.type in DATED:
        good = max(good, *date_orders(filled).values())
    if field.type in NUMBERS:
        good = max(good, sum(MARKED.fullmatch(cell.strip()) is not None for cell in filled))
    return good >= LEAST_FITTING * len(filled)
