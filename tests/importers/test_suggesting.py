"""What is proposed for a column, and why; likeness is a question, never an answer."""

import pytest

from dashboard.errors import FileRefused
from dashboard.importers.mapping import match_columns
from dashboard.importers.suggesting import suggest
from dashboard.records.fields import Field, FieldType

TEXTS = """dep_time arr_time carrier first_name last_name email address1 address2 latitude
longitude quantity min_price max_price created_at updated_at manufacturer"""
FIELDS = [Field(n, n, FieldType.STRING, n.replace("_", " ").capitalize()) for n in TEXTS.split()]
DAY = Field("birth_date", "birth_date", FieldType.DATE, "Birth date")


def one(column, **more):
    (found,) = suggest(FIELDS, [column], **more)
    return found.field, found.why


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("Departure Time", "dep_time"),
        ("departure_tiem", "dep_time"),
        ("Carier", "carrier"),
        ("carriers", "carrier"),
        ("Adress 1", "address1"),
        ("lng", "longitude"),
        ("Qty", "quantity"),
        ("Emial", "email"),
        ("Manufactuerer", "manufacturer"),
    ],
)
def test_a_likeness_is_proposed(column, field):
    assert one(column) == (field, "similar")


@pytest.mark.parametrize(
    "column",
    ["time", "arr_delay", "address3", "name", "price", "created", "date", "mean_price", "id", ""],
)
def test_a_wrong_guess_is_not(column):
    assert one(column) == (None, "")


@pytest.mark.parametrize("column", ["dep_time", "DepTime", "Dep time"])
def test_an_exact_name_says_so(column):
    assert one(column) == ("dep_time", "exact")


def test_an_alias_says_so():
    assert one("Vendor", aliases={"carrier": ["vendor"]}) == ("carrier", "alias")


def test_what_was_chosen_before_goes_first():
    assert one("time", remembered={"time": "arr_time"}) == ("arr_time", "remembered")
    assert one("carrier", remembered={"carrier": None}) == (None, "remembered")


def test_what_was_remembered_may_be_gone():
    assert one("carrier", remembered={"carrier": "nothing"}) == ("carrier", "exact")


def test_no_field_is_proposed_twice():
    found = suggest(FIELDS, ["carriers", "carrier", "Carier"])
    assert [s.field for s in found] == [None, "carrier", None]


def test_the_most_alike_column_gets_the_field():
    found = suggest(FIELDS, ["Carier", "carriers"])
    assert [s.field for s in found] == [None, "carrier"]


@pytest.mark.parametrize(
    ("cells", "field"),
    [(["31.12.2026", "x"], None), (["31.12.2026", "1.1.2026"], "birth_date"), ([], "birth_date")],
)
def test_samples_must_fit_the_type(cells, field):
    (found,) = suggest([DAY], ["date of birth"], {"date of birth": cells})
    assert found.field == field


def test_only_sure_ones_need_no_person():
    columns = ["carrier", "Vendor", "Emial"]
    found = suggest(FIELDS, columns, aliases={"quantity": ["vendor"]})
    assert [s.sure for s in found] == [True, True, False]


def test_a_likeness_is_never_mapped_without_a_person():
    with pytest.raises(FileRefused):
        match_columns(FIELDS, ["Carier"])


def test_an_alias_is_mapped():
    found = match_columns(FIELDS, ["Vendor", "email"], aliases={"carrier": ["vendor"]})
    assert found.fields == {"Vendor": "carrier", "email": "email"}


def test_an_own_name_goes_before_anothers_alias():
    found = match_columns(FIELDS, ["email"], aliases={"carrier": ["email"]})
    assert found.fields == {"email": "email"}


@pytest.mark.parametrize(("left", "right"), [("dep_time", "arr_time"), ("min_price", "max_price")])
def test_names_that_share_a_word_are_two(left, right):
    (found,) = suggest([f for f in FIELDS if f.name == left], [right])
    assert found.field is None


@pytest.mark.parametrize("cells", [["1,5", "2,25"], ["1.234,5"], ["1 000"]])
def test_numbers_with_marks_of_elsewhere_fit(cells):
    quantity = next(field for field in FIELDS if field.name == "quantity")
    (found,) = suggest([quantity], ["quantety"], {"quantety": cells})
    assert found.field == "quantity"
