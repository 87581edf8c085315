"""Export, import: the same values, for every type of field, every format, escaped or not."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dashboard.formats.reading_choices import Reading
from dashboard.formats.write_json import JSON_FIELD
from dashboard.formats.write_options import FORMATS, WriteOptions
from dashboard.formats.write_parts import write_batches
from dashboard.importers.column_reading import ESCAPED_FORMATS, ColumnReading
from dashboard.records.casting import arrow_type
from dashboard.records.cell_formats import CellFormat
from dashboard.records.fields import Field, FieldType
from tests.formats.corpus_ours import Ours, read_ours

Columns = Mapping[str, Sequence[Any]]
STEADY: dict[str, Any] = {"derandomize": True, "deadline": None, "database": None}
PROCESSES = ("xlsx", "parquet")  # read in a process of their own: one file has all types


def field(kind: FieldType, **shape: Any) -> Field:
    return Field("value", "value", kind, "Value", **shape)


CHARACTERS = st.characters(exclude_categories=["Cs", "Cc", "Cn"]) | st.sampled_from("\n\t\r'=-@")
ODD = st.sampled_from(["007", "=1+1", "'=1", "''", "-1", "-x", '"', ",", ";", "\\N", "NULL", " x "])
SPELLED = st.sampled_from(["_x0041_", "_x005F_x0041_", "\uff1d1", "\\."])
TEXTS = st.text(CHARACTERS, min_size=1, max_size=12) | ODD | SPELLED
TEXTS = TEXTS.filter(lambda text: text != "\ufeff")
STAMPS = st.datetimes()
INSTANTS = STAMPS.filter(lambda at: 1 < at.year < 9999).map(lambda at: at.replace(tzinfo=UTC))
UUID = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
CHOICES = ("new", 'o,l"d', "é", "=x")
NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(CHARACTERS, max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
JSON = NESTED.map(lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")))
KINDS: dict[str, tuple[Field, Any]] = {
    "integer": (field(FieldType.INTEGER), st.integers(-(2**63), 2**63 - 1)),
    "small": (field(FieldType.INTEGER, bits=16), st.integers(-(2**15), 2**15 - 1)),
    "number": (field(FieldType.NUMBER), st.floats(allow_nan=False, allow_infinity=False)),
    "decimal": (
        field(FieldType.DECIMAL, precision=30, scale=6),
        st.decimals(-(10**23), 10**23, places=6),
    ),
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


def table_of(values: Columns) -> Any:
    """As an export hands records over; a column of JSON says so."""
    fields = [
        pa.field(name, arrow_type(KINDS[name][0]), metadata=JSON_FIELD if name == "json" else None)
        for name in values
    ]
    return pa.table(dict(values), schema=pa.schema(fields))


def exported(table: Any, options: WriteOptions, reading: Reading) -> Ours:
    """Written, and read as an upload is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"export{options.suffix}")
        with path.open("wb") as file:
            file.writelines(write_batches(options, table.schema, [table]))
        return read_ours(path, reading)


def imported(ours: Ours, cell_format: CellFormat | None = None) -> dict[str, list[Any]]:
    """The typed values of all columns; every cell must be good."""
    found = {}
    for place, name in enumerate(ours.found.columns):
        cells = pa.array([row[place] for _, row in ours.rows], pa.string())
        escaped = ours.found.format in ESCAPED_FORMATS
        reading = ColumnReading(KINDS[name][0], cell_format=cell_format, unescape=escaped)
        cast = reading.cast(cells)
        assert cast.bad == []
        found[name] = cast.values.to_pylist()
    return found


def check(values: Columns, options: WriteOptions, reading: Reading | None = None) -> None:
    table = table_of(values)
    numbers = CellFormat(decimal=",") if options.decimal == "," else None
    found = imported(exported(table, options, reading or Reading()), numbers)
    assert found == {name: table[name].to_pylist() for name in values}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("format", [name for name in FORMATS if name not in PROCESSES])
def test_text_formats(format: str, name: str) -> None:
    @settings(max_examples=12, **STEADY)
    @given(st.lists(st.none() | KINDS[name][1], min_size=1, max_size=8))
    def run(values: list[Any]) -> None:
        check({"uuid": [UUID] * len(values), name: values}, WriteOptions(format))

    run()


# A row of a sheet that is all blank is none: one column always says something.
CELLS = {name: kind[1] if name == "uuid" else st.none() | kind[1] for name, kind in KINDS.items()}
COLUMNS = {name: st.lists(cell, min_size=8, max_size=8) for name, cell in CELLS.items()}


@pytest.mark.parametrize("format", PROCESSES)
def test_formats_read_in_a_process_of_their_own(format: str) -> None:
    # Finding the smallest failure would start hundreds of processes.
    @settings(max_examples=3, phases=[Phase.generate], **STEADY)
    @given(st.fixed_dictionaries(COLUMNS))
    def run(values: Columns) -> None:
        check(values, WriteOptions(format))

    run()


FORMULAS = ["=1+1", "'=1", "''-x", "+1", "-1", "-x", "@a", "\tx", "\nx", "\rx", "'tis", "\uff1dx"]


@pytest.mark.parametrize("format", ["csv", "tsv", "xlsx"])
def test_what_was_not_escaped_is_read_as_it_is_without_unescaping(format: str) -> None:
    table = table_of({"string": FORMULAS})
    ours = exported(table, WriteOptions(format, escape_formulas=False), Reading(format=format))
    assert [row[0] for _, row in ours.rows] == FORMULAS


@pytest.mark.parametrize("format", FORMATS)
def test_formulas_and_apostrophes_come_back(format: str) -> None:
    check({"string": FORMULAS, "uuid": [UUID] * len(FORMULAS)}, WriteOptions(format))


@pytest.mark.parametrize("compression", ["gzip", "zip"])
@pytest.mark.parametrize("format", ["csv", "tsv", "json-lines"])
def test_packed_files(format: str, compression: str) -> None:
    options = WriteOptions(format, compression=compression)
    check({"integer": [1, None], "string": ["=1", "é"]}, options)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "windows-1252", "iso-8859-1"])
def test_other_encodings(encoding: str) -> None:
    reading = Reading(encoding=None if encoding.startswith("utf") else encoding)
    check({"integer": [1, None], "string": ["é=", "ü"]}, WriteOptions(encoding=encoding), reading)


def test_a_decimal_comma() -> None:
    values: Columns = {"number": [1.5, -1e-7, 1e20], "decimal": [None, Decimal("2.5"), Decimal(-1)]}
    check(values, WriteOptions(decimal=","))


@pytest.mark.parametrize("delimiter", [";", "|", "\t", ":", " ", "#"])
def test_other_delimiters(delimiter: str) -> None:
    values = {"datetime": STAMPS_OF_DAY, "string": [f"a{delimiter}b", "c"]}
    check(values, WriteOptions(delimiter=delimiter), Reading(delimiter=delimiter))


STAMPS_OF_DAY = [None, pa.scalar(0, pa.timestamp("us")).as_py()]


@pytest.mark.parametrize("format", FORMATS)
def test_null_cells_stay_null(format: str) -> None:
    values: Columns = {"uuid": [UUID] * 3, "string": ["a", None, "b"], "time": [None] * 3}
    check(values, WriteOptions(format))
