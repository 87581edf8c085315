"""Import, export, import: the same values, for every type of field and every format."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dashboard.formats.reading_choices import Reading
from dashboard.formats.writing import FORMATS, write_rows
from dashboard.records.casting import arrow_type, cast_column
from dashboard.records.fields import Field, FieldType
from tests.formats.corpus_ours import Ours, read_ours

Columns = dict[str, list[Any]]
STEADY: dict[str, Any] = {"derandomize": True, "deadline": None, "database": None}
PROCESSES = ("xlsx", "parquet")  # read in a process of their own: one file has all types


def field(kind: FieldType, **shape: Any) -> Field:
    return Field("value", "value", kind, "Value", **shape)


CHARACTERS = st.characters(exclude_categories=["Cs", "Cc", "Cn"]) | st.sampled_from("\n\t\r")
ODD = st.sampled_from(["007", "=1+1", "-1", '"', ",", ";", "\\N", "\\.", "NULL", "_x0041_", " x "])
TEXTS = (st.text(CHARACTERS, min_size=1, max_size=12) | ODD).filter(lambda text: text != "\ufeff")
DECIMALS = st.decimals(-(10**23), 10**23, places=6)
STAMPS = st.datetimes()
INSTANTS = STAMPS.filter(lambda at: 1 < at.year < 9999).map(lambda at: at.replace(tzinfo=UTC))
UUID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
CHOICES = ("new", 'o,l"d', "é")
NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(CHARACTERS, max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
# Written as JSON: from a text by itself no one could tell whether it is JSON.
JSON = NESTED.map(lambda value: json.dumps(value, ensure_ascii=False))
KINDS: dict[str, tuple[Field, Any]] = {
    "integer": (field(FieldType.INTEGER), st.integers(-(2**63), 2**63 - 1)),
    "small": (field(FieldType.INTEGER, bits=16), st.integers(-(2**15), 2**15 - 1)),
    "number": (field(FieldType.NUMBER), st.floats(allow_nan=False, allow_infinity=False)),
    "decimal": (field(FieldType.DECIMAL, precision=30, scale=6), DECIMALS),
    "boolean": (field(FieldType.BOOLEAN), st.booleans()),
    "date": (field(FieldType.DATE), st.dates()),
    "time": (field(FieldType.TIME), st.times()),
    "datetime": (field(FieldType.DATETIME), STAMPS),
    "instant": (field(FieldType.DATETIME, timezone=True), INSTANTS),
    "string": (field(FieldType.STRING), TEXTS),
    "choice": (field(FieldType.CHOICE, choices=CHOICES), st.sampled_from(CHOICES)),
    "uuid": (field(FieldType.UUID), st.uuids().map(str)),
    "json": (field(FieldType.JSON), JSON),
}


def test_every_type_of_field_is_tried() -> None:
    assert {kind.type for kind, _ in KINDS.values()} == set(FieldType)


def exported(format: str, values: Mapping[str, Sequence[Any]], types: Any = None) -> Ours:
    """Written as for a program, and read as an upload is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"export.{format}")
        rows = zip(*values.values(), strict=True)
        with path.open("wb") as file:
            pieces = write_rows(format, list(values), rows, escape_formulas=False, types=types)
            file.writelines(pieces)
        return read_ours(path, Reading())


def imported(ours: Ours) -> Columns:
    """The typed values of all columns; every cell must be good."""
    found = {}
    for place, name in enumerate(ours.found.columns):
        cells = pa.array([row[place] for _, row in ours.rows], pa.string())
        cast = cast_column(KINDS.get(name, KINDS["string"])[0], cells)
        assert cast.bad == []
        found[name] = list(cast.values.to_pylist())
    return found


def as_kept(values: Mapping[str, Sequence[Any]]) -> Columns:
    """What each field's own type makes of the values."""
    kinds = {name: arrow_type(KINDS[name][0]) for name in values}
    return {name: pa.array(column, kinds[name]).to_pylist() for name, column in values.items()}


def check(format: str, values: Columns, types: Any = None) -> None:
    first = imported(exported(format, values, types))
    assert first == as_kept(values)
    assert imported(exported(format, first, types)) == first


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("format", [name for name in FORMATS if name not in PROCESSES])
def test_text_formats(format: str, name: str) -> None:
    @settings(max_examples=10, **STEADY)
    @given(st.lists(st.none() | KINDS[name][1], min_size=1, max_size=8))
    def run(values: list[Any]) -> None:
        check(format, {"uuid": [UUID] * len(values), name: values})

    run()


# A row of a sheet that is all blank is none: one column always says something.
CELLS = {name: kind[1] if name == "uuid" else st.none() | kind[1] for name, kind in KINDS.items()}
COLUMNS = {name: st.lists(cell, min_size=8, max_size=8) for name, cell in CELLS.items()}


@pytest.mark.parametrize(
    ("format", "typed"), [("xlsx", False), ("parquet", False), ("parquet", True)]
)
def test_formats_read_in_a_process_of_their_own(format: str, typed: bool) -> None:
    # Finding the smallest failure would start hundreds of processes.
    @settings(max_examples=2, phases=[Phase.generate], **STEADY)
    @given(st.fixed_dictionaries(COLUMNS))
    def run(values: Columns) -> None:
        types = [arrow_type(KINDS[name][0]) for name in values]
        check(format, values, types if typed else None)

    run()


@pytest.mark.parametrize("format", FORMATS)
def test_null_cells_stay_null(format: str) -> None:
    values: Columns = {"uuid": [UUID] * 3, "string": ["a", None, "b"], "time": [None] * 3}
    check(format, values)
