"""The records a filter finds: the same on both databases, and as pandas finds them."""

import random
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, Text, column, select, values

from dashboard.errors import InputRefused
from dashboard.exporters.filters import operators, where
from dashboard.exporters.filters_text import ByCodePoint
from tests.exporters.exportables import Fields
from tests.exporters.exporting import run_export
from tests.records.travel import Carrier, Size, Stop, Trip

NOW = datetime(2024, 3, 31, 12, tzinfo=UTC)
TRIPS = Fields()
DAYS = [date(2024, 3, 31) - timedelta(days=n) for n in (0, 1, 7, 31, 90, 366)]
MOMENTS = [datetime.combine(day, time(hour)) for day in DAYS for hour in (0, 11, 23)]
TEXTS = [
    "",
    "a",
    "A",
    "B",
    "_%",
    "50% off",
    "a_b",
    "É",
    "é",
    "*?[x]",
    "ß",
    "\\d^$.",
    "日本",
    "Z\n'",
]
POOLS: dict[str, list[Any]] = {
    "carrier": ["AA", "UA", "aa"],
    "number": [-5, 0, 1, 2, 30],
    "day": DAYS,
    "leaves": MOMENTS,
    "sent": [moment.replace(tzinfo=UTC) for moment in MOMENTS],
    "at": [time(0), time(5, 30), time(23, 59, 59, 500)],
    "seats": [0, 2, 300],
    "price": [Decimal("-1.50"), Decimal("0.00"), Decimal("12.34"), Decimal("99999.99")],
    "ratio": [-0.5, 0.0, 0.1, 1e300],
    "open": [True, False],
    "size": [Size.SMALL, Size.LARGE],
    "mode": ["bus", "rail"],
    "class": ["first", "it's"],
    "token": [uuid.UUID(int=n) for n in (1, 2**100)],
    "note": TEXTS,
}
NEVER_BLANK = ("number",)


def records(count: int = 150) -> list[dict[str, Any]]:
    draw = random.Random(4)
    found = []
    for number in range(count):
        record = {name: draw.choice(pool) for name, pool in POOLS.items()}
        for name in POOLS:
            if name not in NEVER_BLANK and draw.random() < 0.2:
                record[name] = None
        found.append({**record, "id": number, "number": record["number"] + 100 * number})
    return found


RECORDS = records()
FRAME = pd.DataFrame({n: pd.Series([r[n] for r in RECORDS], dtype=object) for n in (*POOLS, "id")})


@pytest.fixture
def trips(target: Engine) -> Engine:
    with target.begin() as connection:
        carriers = [{"code": code, "name": f"Carrier {code}"} for code in POOLS["carrier"]]
        connection.execute(Carrier.__table__.insert(), carriers)
        connection.execute(Trip.__table__.insert(), [{**r, "state": "new"} for r in RECORDS])
    return target


def found(engine: Engine, *filters: dict[str, Any]) -> list[int]:
    query = select(Trip.id).where(*where(TRIPS, list(filters), NOW)).order_by(Trip.id)
    with engine.connect() as connection:
        return list(connection.scalars(query))


def written(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Size):
        return value.name
    if isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def same_letters(text: str, needle: str) -> bool:
    return needle.lower() in text.lower()


TESTS: dict[str, Any] = {
    "eq": lambda one, other: one == other,
    "lt": lambda one, other: one < other,
    "le": lambda one, other: one <= other,
    "gt": lambda one, other: one > other,
    "ge": lambda one, other: one >= other,
    "contains": same_letters,
}


def expected(name: str, op: str, value: Any) -> list[int]:
    """By pandas, from the whole table."""
    column = FRAME[name]
    filled = column.notna()
    if op == "null":
        mask = ~filled if value else filled
    elif op == "in":
        mask = column.isin(value)
    elif op == "ne":
        mask = ~(filled & column.map(lambda one: one == value))
    else:
        mask = filled & column.map(lambda one: one is not None and TESTS[op](one, value))
    return FRAME.loc[mask, "id"].tolist()


@st.composite
def filters(draw: st.DrawFn) -> tuple[str, str, Any]:
    name = draw(st.sampled_from(sorted(POOLS)))
    field = next(field for field in TRIPS.fields if field.name == name)
    op = draw(st.sampled_from(operators(field)))
    pool = FRAME["number"].tolist() if name == "number" else POOLS[name]
    known = st.sampled_from(pool)
    if op == "null":
        return name, op, draw(st.booleans())
    if op == "contains":
        return name, op, draw(known.filter(bool))
    return name, op, draw(st.lists(known, min_size=1, max_size=3) if op == "in" else known)


@given(asked=st.lists(filters(), min_size=1, max_size=3))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_records_as_pandas_finds(trips: Engine, asked: list[tuple[str, str, Any]]) -> None:
    sent = [
        {"field": n, "op": op, "value": [*map(written, v)] if op == "in" else written(v)}
        for n, op, v in asked
    ]
    wanted = set(FRAME["id"]).intersection(*(expected(*item) for item in asked))
    assert found(trips, *sent) == sorted(wanted), sent


def ids(test: Any) -> list[int]:
    return [record["id"] for record in RECORDS if test(record)]


def asked(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def test_ne_finds_records_without_a_value_too(trips: Engine) -> None:
    assert found(trips, asked("carrier", "ne", "AA")) == ids(lambda r: r["carrier"] != "AA")
    assert any(r["carrier"] is None for r in RECORDS)


@pytest.mark.parametrize("name", ["leaves", "sent"])
@pytest.mark.parametrize("day", ["2024-03-30", "yesterday", "-1d"])
def test_a_day_means_all_of_it(trips: Engine, name: str, day: str) -> None:
    spring = date(2024, 3, 30)
    tests = {
        "eq": lambda one: one == spring,
        "ne": lambda one: one != spring,
        "in": lambda one: one == spring,
        "lt": lambda one: one and one < spring,
        "le": lambda one: one and one <= spring,
        "gt": lambda one: one and one > spring,
        "ge": lambda one: one and one >= spring,
    }
    for op, test in tests.items():
        wanted = ids(lambda r, test=test: test(r[name] and r[name].date()))
        assert found(trips, asked(name, op, [day] if op == "in" else day)) == wanted, op


def test_hours_count_from_the_moment(trips: Engine) -> None:
    wanted = ids(lambda r: r["sent"] and r["sent"] >= NOW - timedelta(hours=25))
    assert found(trips, asked("sent", "ge", "-25h")) == wanted
    assert 0 < len(wanted) < len(ids(lambda r: r["sent"] and r["sent"].date() >= date(2024, 3, 30)))


def test_a_zone_is_heeded(trips: Engine) -> None:
    wanted = ids(lambda r: r["sent"] == datetime(2024, 3, 30, 11, tzinfo=UTC))
    assert found(trips, asked("sent", "eq", "2024-03-30T13:00:00+02:00")) == wanted != []


@pytest.mark.parametrize("sign", ["%", "_", "*", "?", "[", "\\", "^", ".", "'", "é", "É", "a"])
def test_no_sign_is_a_wildcard_and_letters_match_in_either_case(trips: Engine, sign: str) -> None:
    wanted = ids(lambda r: r["note"] and sign.lower() in r["note"].lower())
    assert found(trips, asked("note", "contains", sign)) == wanted != []


def test_an_empty_text_is_a_text(trips: Engine) -> None:
    assert found(trips, asked("note", "eq", "")) == ids(lambda r: r["note"] == "")


STOPS = {1: 7, 2: 8, 3: None}
FILTERS = [
    ("note", "contains", "%"),
    ("note", "contains", "\\"),
    ("note", "contains", "É"),
    ("note", "eq", "Z\n'"),
    ("note", "lt", "a"),
    ("leaves", "le", "-1m"),
    ("sent", "gt", "-48h"),
    ("price", "in", ["12.34", "-1.50"]),
    ("token", "eq", str(POOLS["token"][0])),
    ("size", "ne", "LARGE"),
    ("open", "eq", "true"),
    ("at", "ge", "05:30"),
]


@pytest.mark.parametrize("item", FILTERS, ids=str)
def test_the_file_has_just_those_records(trips: Engine, tmp_path: Path, item: Any) -> None:
    """The whole way, by the database's own copying."""
    made = run_export(trips, tmp_path, Trip, filters=[asked(*item)], columns=["id", "number"])
    moment = datetime.fromisoformat(made.result.meta["snapshot_at"])
    query = select(Trip.id).where(*where(TRIPS, [asked(*item)], moment)).order_by(Trip.id)
    with trips.connect() as connection:
        wanted = [str(one) for one in connection.scalars(query)]
    assert [line.split(",")[0] for line in made.lines[1:]] == wanted
    assert [one["value"] for one in made.result.meta["filters"]] == [asked(*item)["value"]]


@pytest.mark.postgres
def test_text_is_ordered_by_code_point_whatever_the_column_says(postgres: Engine) -> None:
    texts = ["a", "B", "é", "Z"]
    listed = values(column("text", Text), name="listed").data([(text,) for text in texts])
    collated = listed.c.text.collate("en-x-icu")
    query = select(collated).order_by(ByCodePoint(collated))
    with postgres.connect() as connection:
        assert list(connection.scalars(query)) == sorted(texts)


@pytest.mark.parametrize(
    ("op", "value", "wanted"),
    [
        ("eq", "JFK", [1]),
        ("ne", "JFK", [2, 3]),
        ("in", ["JFK", "LGA"], [1, 2]),
        ("lt", "K", [1]),
        ("contains", "g", [2]),
        ("null", True, [3]),
        ("null", False, [1, 2]),
    ],
)
def test_a_reference_is_asked_by_what_files_call_it(
    target: Engine, tmp_path: Path, op: str, value: Any, wanted: list[int]
) -> None:
    with target.begin() as connection:
        stops = [{"id": 7, "faa": "JFK"}, {"id": 8, "faa": "LGA"}]
        connection.execute(Stop.__table__.insert(), stops)
        trips = [{"id": n, "number": n, "stop_id": s, "state": ""} for n, s in STOPS.items()]
        connection.execute(Trip.__table__.insert(), trips)
    item = asked("stop", op, value)
    made = run_export(target, tmp_path, Trip, filters=[item], columns=["id", "stop"])
    assert [int(line.split(",")[0]) for line in made.lines[1:]] == wanted


def test_a_field_that_went_since_is_said_by_the_job_too(target: Engine, tmp_path: Path) -> None:
    for gone in ({"filters": [asked("colour", "eq", "red")]}, {"columns": ["colour"]}):
        with pytest.raises(InputRefused, match='there is no field "colour"'):
            run_export(target, tmp_path, Trip, **gone)


@pytest.mark.parametrize("letter", ["x", "*", "\\", "ǅ", "\U00010400"])
def test_the_longest_text_is_a_pattern_for_every_database(target, letter):
    tests = where(TRIPS, [{"field": "note", "op": "contains", "value": letter * 1_000}])
    with target.connect() as connection:
        assert connection.execute(select(Trip.id).where(*tests)).all() == []


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
def test_the_ends_of_the_calendar_can_be_asked_for(target, value):
    tests = where(TRIPS, [{"field": "sent", "op": "eq", "value": value}])
    with target.connect() as connection:
        assert connection.execute(select(Trip.id).where(*tests)).all() == []
