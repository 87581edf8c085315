"""What a file may hold, derived from models and tables."""

import pytest
from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, String, Table

from dashboard.errors import ConfigurationError
from dashboard.records.fields import FieldType
from dashboard.records.table import describe
from tests.records.travel import Carrier, Size, Stop, Trip

TRIP = describe(Trip)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("number", FieldType.INTEGER),
        ("price", FieldType.DECIMAL),
        ("ratio", FieldType.NUMBER),
        ("open", FieldType.BOOLEAN),
        ("day", FieldType.DATE),
        ("at", FieldType.TIME),
        ("leaves", FieldType.DATETIME),
        ("size", FieldType.CHOICE),
        ("token", FieldType.UUID),
        ("extra", FieldType.JSON),
        ("note", FieldType.STRING),
    ],
)
def test_types_follow_the_columns(name, kind):
    assert TRIP.field(name).type is kind


def test_only_what_nothing_fills_is_required():
    assert [field.name for field in TRIP.fields if field.required] == ["number"]
    assert not TRIP.field("state").nullable


def test_limits_follow_the_types():
    price = TRIP.field("price")
    assert (price.precision, price.scale) == (7, 2)
    assert (TRIP.field("code").max_length, TRIP.field("seats").bits) == (5, 16)
    assert TRIP.field("sent").timezone
    assert not TRIP.field("leaves").timezone


def test_choices_come_from_enums_and_checks():
    assert TRIP.field("size").choices == ("SMALL", "LARGE")
    assert TRIP.field("mode").choices == ("bus", "rail")
    assert TRIP.field("class").choices == ("first", "it's")


def test_a_code_refers_to_itself_and_an_id_to_the_natural_key():
    carrier, stop = TRIP.field("carrier").reference, TRIP.field("stop").reference
    assert (carrier.column, carrier.key, carrier.surrogate) == ("code", "code", False)
    assert (stop.table, stop.column, stop.key) == (Stop.__table__, "id", "faa")


def test_a_declared_reference_renames_the_field():
    trip = describe(Trip, references={"halt": ("stop_id", "faa")})
    assert (trip.field("halt").column, trip.field("halt").max_length) == ("stop_id", 4)


def test_unique_keys_name_fields_the_primary_key_first():
    assert TRIP.unique_keys == (("id",), ("carrier", "day", "number"))
    assert describe(Carrier).unique_keys == (("code",), ("name",))


def test_fields_limit_and_order():
    trip = describe(Trip, fields=["number", "stop"])
    assert [field.name for field in trip.fields] == ["number", "stop"]
    assert trip.unique_keys == ()


def test_choices_can_be_given():
    assert describe(Trip, choices={"note": Size}).field("note").choices == ("SMALL", "LARGE")


def test_an_unknown_field_is_named():
    with pytest.raises(ConfigurationError, match="no field 'colour'"):
        describe(Trip, fields=["colour"])


def test_a_reflected_table_is_understood(target):
    table = Table("trips", MetaData(), autoload_with=target)
    reflected = describe(table)
    assert reflected.unique_keys == TRIP.unique_keys
    assert [f.name for f in reflected.fields if f.required] == ["number", "state"]


def test_a_unique_index_is_a_key_an_expression_is_none():
    table = Table("t", MetaData(), Column("a", Integer, primary_key=True), Column("b", String))
    Index("u", table.c.b, unique=True)
    Index("v", table.c.a + 1, unique=True)
    assert describe(table).unique_keys == (("a",), ("b",))


def test_a_column_no_file_can_fill():
    table = Table("t", MetaData(), Column("a", Integer, primary_key=True))
    table.append_column(Column("data", LargeBinary, nullable=False))
    with pytest.raises(ConfigurationError, match=r"t.data: .* cannot be read from a file"):
        describe(table)


def test_json_for_forms_says_only_what_matters():
    assert TRIP.field("code").as_json() == {
        "name": "code",
        "type": "string",
        "required": False,
        "label": "Code",
        "max_length": 5,
    }
