"""The demo's export types that do more than their model says."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert
from sqlalchemy.schema import CreateSchema, DropSchema

from dashboard.demo.exporters import AirportExporter, WeatherExporter
from dashboard.demo.models import Airport, Weather
from dashboard.extensions import make_engine
from tests.exporters.exporting import run_export

HOUR = datetime(2013, 1, 1, 6, tzinfo=UTC)
OBSERVED = {
    "year": 2013, "month": 1, "day": 1, "hour": 1, "precip": 0.0, "visib": 10.0, "time_hour": HOUR,
}  # fmt: skip
LOCATED = {"lat": 40.0, "lon": -73.5, "alt": 13, "tz": -5, "dst": "A"}


@pytest.fixture
def demo(target):
    """Beside whatever else the database holds: a schema of its own."""
    tables, schema = [Weather.__table__, Airport.__table__], "demo_exports"
    if target.dialect.name == "postgresql":
        with target.begin() as connection:
            connection.execute(DropSchema(schema, cascade=True, if_exists=True))
            connection.execute(CreateSchema(schema))
        target = make_engine(target.url.update_query_dict({"options": f"-csearch_path={schema}"}))
    Weather.metadata.create_all(target, tables)
    yield target
    Weather.metadata.drop_all(target, tables)
    target.dispose()


def test_weather_has_degrees_celsius_besides(demo, tmp_path):
    rows = [{**OBSERVED, "origin": "LGA", "temp": 39.02}, {**OBSERVED, "origin": "EWR"}]
    with demo.begin() as connection:
        for row in rows:
            connection.execute(insert(Weather), row)
    made = run_export(demo, tmp_path, WeatherExporter, columns=["origin", "temp", "temp_celsius"])
    assert made.lines == ["origin,temp,temp_celsius", "EWR,,", "LGA,39.02,3.9"]


def test_airports_are_in_the_order_of_their_codes(demo, tmp_path):
    with demo.begin() as connection:
        rows = [{**LOCATED, "faa": code, "name": code.lower()} for code in ("LGA", "EWR", "JFK")]
        connection.execute(insert(Airport), rows)
    made = run_export(demo, tmp_path, AirportExporter, columns=["faa", "id"])
    assert made.lines == ["faa,id", "EWR,2", "JFK,3", "LGA,1"]
