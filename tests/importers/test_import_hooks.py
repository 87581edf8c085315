"""transform, validate, before and after: a pandas frame in, a pandas frame out."""

from typing import ClassVar

import pytest

from dashboard.importers.hooks import HookError
from dashboard.importers.importer import Importer, Refused, importer_for
from dashboard.jobs.registry import Kind, parse_entry
from tests.importers.running import DirectJob, run_import, stored
from tests.records.travel import Carrier, Trip

FILE = "number,seats,note\n1,10,a\n2,20,b\n3,x,c\n4,40,d\n"


class Trips(Importer):
    model = Trip


def importing(**hooks):
    return type("Hooked", (Trips,), hooks)


def test_transform_computes_fields(target):
    hooked = importing(
        computed=("number",),
        transform=lambda self, frame: frame.assign(number=frame["seats"] * 2, code=frame["hint"]),
    )
    run_import(target, hooked, "seats,hint\n1,u\n2,v\n")
    found = [(trip.number, trip.seats, trip.code) for trip in stored(target, Trip)]
    assert found == [(2, 1, "u"), (4, 2, "v")]


def test_hooks_see_typed_good_rows_under_their_row_numbers(target):
    seen = {}

    def transform(self, frame):
        seen.update(rows=list(frame.index), seats=str(frame["seats"].dtype))
        return frame

    run_import(target, importing(transform=transform), FILE)
    assert seen == {"rows": [2, 3, 5], "seats": "int16[pyarrow]"}


def test_dropped_rows_are_skipped(target):
    hooked = importing(transform=lambda self, frame: frame[frame["seats"] != 20])
    result = run_import(target, hooked, FILE)
    assert (result.created, result.skipped, len(result.failures)) == (2, 1, 1)
    assert [trip.number for trip in stored(target, Trip)] == [1, 4]


@pytest.mark.parametrize(
    "transform",
    [
        lambda self, frame: frame.iloc[::-1],
        lambda self, frame: frame.reset_index(drop=True),
        lambda self, frame: frame.iloc[[0, 0]],
        lambda self, frame: frame.set_axis([90, 91, 92]),
        lambda self, frame: None,
        lambda self, frame: frame.assign(seats="many"),
        lambda self, frame: frame.assign(seats=100_000),
    ],
)
def test_what_cannot_be_stored_is_an_error_not_a_guess(target, transform):
    with pytest.raises(HookError):
        run_import(target, importing(transform=transform), FILE)
    assert stored(target, Trip) == []


def test_what_transform_makes_is_checked_again(target):
    hooked = importing(
        transform=lambda self, frame: frame.assign(
            code="toolong", number=frame["number"].where(frame["number"] > 1)
        )
    )
    result = run_import(target, hooked, "number,code\n1,a\n2,b\n")
    assert result.codes == [
        (2, "number", "required"),
        (2, "code", "too_long"),
        (3, "code", "too_long"),
    ]


def test_validate_refuses_by_row_and_column(target):
    def validate(self, frame):
        yield self.fail(frame["seats"] > 15, "seats", "is too many. Use 15 at most.", "too_many")

    result = run_import(target, importing(validate=validate), FILE)
    assert result.codes == [
        (3, "seats", "too_many"),
        (4, "seats", "not_an_integer"),
        (5, "seats", "too_many"),
    ]
    assert result.failures[0].message == '"20" is too many. Use 15 at most.'


def test_an_exception_in_a_hook_is_not_hidden(target):
    with pytest.raises(KeyError, match="nope"):
        run_import(target, importing(validate=lambda self, frame: frame["nope"]), FILE)


def test_validate_refuses_only_rows_it_got(target):
    refused = Refused([99], "seats", "is wrong.", "invalid")
    with pytest.raises(HookError, match=r"validate\(\) must keep to the rows"):
        run_import(target, importing(validate=lambda self, frame: [refused]), FILE)


def test_a_column_left_out_by_hand_does_not_hide_the_field(target):
    hooked = importing(transform=lambda self, frame: frame)
    run_import(target, hooked, "number,code,note\n1,x,y\n", mapping={"code": None, "note": "code"})
    assert stored(target, Trip)[0].code == "y"


def test_rules(target):
    hooked = importing(
        rules={
            "number": {"min": 2, "max": 3},
            "note": {"pattern": "[a-c]", "one_of": ["a", "b", "d"], "length": 1},
        }
    )
    result = run_import(target, hooked, "number,note\n1,a\n2,\n3,bb\n4,c\n2,d\n")
    assert result.codes == [
        (2, "number", "too_small"),
        (4, "note", "not_matching"),
        (4, "note", "not_a_choice"),
        (4, "note", "wrong_length"),
        (5, "number", "too_large"),
        (5, "note", "not_a_choice"),
        (6, "note", "not_matching"),
    ]


def test_before_and_after_get_the_connection(target):
    called: list[str] = []
    hooked = importing(
        before=lambda self, connection: called.append(connection.dialect.name),
        after=lambda self, connection: called.append("after"),
    )
    with target.begin() as connection:
        job = DirectJob(hooked(), target)
        job.before(connection), job.after(connection)
    assert called == [target.dialect.name, "after"]


class Kept(Importer):
    key: ClassVar[str] = "code"


@pytest.mark.parametrize(
    "entry",
    [
        {"model": "tests.records.travel:Carrier"},
        {"table": "carriers"},
        {"model": "tests.records.travel:Carrier", "importer": f"{__name__}:Kept"},
    ],
)
def test_a_type_may_name_a_model_a_table_or_both(target, entry):
    importer = importer_for(parse_entry(Kind.IMPORT, "carriers", entry))
    result = run_import(target, type(importer), "code,name\nAA,One\n")
    assert (result.created, stored(target, Carrier)[0].name) == (1, "One")
