"""Cells become values or failures, one by one and in company."""

from decimal import Decimal

import pyarrow as pa
import pytest

from dashboard.records.casting import arrow_type, cast_column, recheck
from dashboard.records.fields import Field
from tests.records.cell_samples import BAD, DAY, GOOD, INT, NAIVE, PRICE, SHORT, field

BLANK = ""


def cast(kind: Field, *cells: str) -> tuple[list[object], list[tuple[int, str]]]:
    found = cast_column(kind, pa.array(cells, pa.string()))
    return found.values.to_pylist(), [(place, code) for place, code, _ in found.bad]


@pytest.mark.parametrize(("kind", "cell", "value"), GOOD)
def test_a_good_cell_is_read_alone_and_beside_a_bad_one(kind, cell, value):
    bad = "\0" * 5
    assert cast(kind, cell, BLANK) == ([value, None], [])
    values, failed = cast(kind, BLANK, bad, cell)
    assert (values[-1], [place for place, _ in failed]) == (value, [1])


@pytest.mark.parametrize(("kind", "cell", "code"), BAD)
def test_a_bad_cell_is_refused_alone(kind, cell, code):
    assert cast(kind, cell) == ([None], [(0, code)])


@pytest.mark.parametrize("kind", {id(kind): kind for kind, _, _ in GOOD}.values())
def test_all_cells_of_a_kind_at_once(kind):
    good = [(cell, value) for k, cell, value in GOOD if k is kind]
    bad = [(cell, code) for k, cell, code in BAD if k is kind]
    values, failed = cast(kind, *(c for c, _ in good), *(c for c, _ in bad))
    assert values == [value for _, value in good] + [None] * len(bad)
    assert failed == [(len(good) + i, code) for i, (_, code) in enumerate(bad)]


def test_blank_where_a_value_is_needed():
    needed = field(INT.type, bits=32, nullable=False)
    assert cast(needed, "1", BLANK, "x") == (
        [1, None, None],
        [(1, "required"), (2, "not_an_integer")],
    )


@pytest.mark.parametrize("kind", [INT, DAY, NAIVE, SHORT, PRICE])
def test_a_column_of_blanks_and_an_empty_one(kind):
    assert cast(kind, BLANK, BLANK) == ([None, None], [])
    assert cast(kind) == ([], [])


def test_slices_are_read_where_they_stand():
    cells = pa.array(["x", "1", "", "3", "y"]).slice(1, 3)
    assert cast_column(INT, cells).values.to_pylist() == [1, None, 3]
    assert cast_column(INT, pa.chunked_array([cells, cells])).values.to_pylist() == [1, None, 3] * 2


def test_the_message_says_what_is_allowed():
    ending = cast_column(SHORT, pa.array(["abcd"])).bad[0][2]
    assert ending == "has 4 characters. Use at most 3."


def test_values_from_a_hook_are_judged_again():
    needed = field(SHORT.type, max_length=3, nullable=False)
    found = recheck(needed, pa.array(["abcd", "", None, "abc"]))
    assert [(place, code) for place, code, _ in found] == [(0, "too_long"), (2, "required")]
    amount = field(INT.type, nullable=False)
    assert recheck(amount, pa.array([1, None]))[0][:2] == (1, "required")


def test_the_type_of_a_field_is_known_without_cells():
    assert arrow_type(PRICE) == pa.decimal128(5, 2)
    assert pa.array([Decimal("1.5")], arrow_type(PRICE)).to_pylist() == [Decimal("1.50")]
