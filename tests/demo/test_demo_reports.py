"""The demo's three reports against figures computed from the published files, by pandas alone."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Connection, create_engine, text

from config import sqlalchemy_url
from dashboard.demo import reports
from dashboard.demo.data import published
from dashboard.demo.models import Airline, Flight, Plane
from dashboard.extensions import Base
from dashboard.reports.child_run import make
from dashboard.reports.parameters import read_parameters
from tests.conftest import ENGINES

TABLES = [model.__table__ for model in (Airline, Plane, Flight)]


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    """The published files; of each month of flights the first four days."""
    names = ("airlines", "planes", "flights")
    found = {
        n: pd.read_csv(BytesIO(published(n)), keep_default_na=False, na_values="") for n in names
    }
    flights = found["flights"]
    return {**found, "flights": flights[flights["day"] <= 4].convert_dtypes()}


@pytest.fixture(scope="module", params=ENGINES)
def url(request: Any, tmp_path_factory: Any, frames: dict[str, pd.DataFrame]) -> str:
    """A database with those rows, as the demo's imports leave them."""
    url = f"sqlite:///{tmp_path_factory.mktemp('demo') / 'demo.db'}"
    if request.param == "postgres":
        base = sqlalchemy_url(request.getfixturevalue("postgres_url"))
        url = f"{base}?options=-csearch_path%3Ddemo_reports"
        engine = create_engine(base)
        with engine.begin() as connection:
            connection.execute(text("CREATE SCHEMA IF NOT EXISTS demo_reports"))
        engine.dispose()
    engine = create_engine(url)
    Base.metadata.create_all(engine, tables=TABLES)
    with engine.begin() as connection:
        for name, frame in frames.items():
            fill(connection, name, frame)
    engine.dispose()
    return url


def fill(connection: Connection, name: str, frame: pd.DataFrame) -> None:
    columns = [c.name for c in Base.metadata.tables[name].columns if c.name in frame.columns]
    frame, driver = frame[columns].convert_dtypes(), connection.connection.driver_connection
    names = ", ".join(columns)
    if connection.dialect.name == "postgresql":
        with driver.cursor().copy(f"COPY {name} ({names}) FROM STDIN CSV") as copy:
            copy.write(frame.to_csv(index=False, header=False))
        return
    rows = frame.astype(object).where(frame.notna(), None).values.tolist()
    marks = ", ".join("?" * len(columns))
    driver.executemany(f"INSERT INTO {name} ({names}) VALUES ({marks})", rows)


def made(url: str, name: str, folder: Any, **given: Any) -> pd.DataFrame:
    """The report's result, without the process around it."""
    report, now = getattr(reports, name), datetime.now(UTC)
    known = {"EWR": "", "JFK": "", "BOEING": ""}
    request = {
        "report": f"dashboard.demo.reports:{name}",
        "url": url,
        "parameters": read_parameters(report.parameters, given, lambda _: known, now),
        "now": now.isoformat(),
        "output": str(folder / "result.parquet"),
        "timeout": 60,
    }
    make(request, lambda _: None)
    return pq.read_table(request["output"]).to_pandas()


def test_delays_by_carrier(url, frames, tmp_path):
    found = made(url, "DelaysByCarrier", tmp_path, first="2013-03", last="2013-08", origin="JFK")
    flights = frames["flights"]
    flights = flights[flights["month"].between(3, 8) & (flights["origin"] == "JFK")]
    groups = flights.groupby("carrier")
    assert len(found) == groups.ngroups > 5
    found = found.set_index("carrier")
    assert dict(found["flights"]) == dict(groups.size())
    assert dict(found["cancelled"]) == dict(groups["dep_time"].apply(lambda t: int(t.isna().sum())))
    names = frames["airlines"].set_index("carrier")["name"]
    for carrier, rows in groups:
        row, arrivals = found.loc[carrier], rows["arr_delay"].dropna()
        assert row["airline"] == names[carrier]
        assert row["departure"] == pytest.approx(float(rows["dep_delay"].mean()))
        assert row["arrival"] == pytest.approx(float(arrivals.mean()))
        assert row["late"] == pytest.approx(100 * float((arrivals > 15).mean()))
    assert found["arrival"].is_monotonic_decreasing


def test_routes_by_month(url, frames, tmp_path):
    found = made(url, "RoutesByMonth", tmp_path, routes=5, origin="EWR").set_index("month")
    flights = frames["flights"][frames["flights"]["origin"] == "EWR"]
    totals = flights["dest"].value_counts()
    assert sorted(found.sum()) == sorted(totals.head(5))
    for route in found.columns:
        months = flights[flights["dest"] == route.removeprefix("EWR–")]["month"].value_counts()
        assert dict(found[route]) == {month: months.get(month, 0) for month in range(1, 13)}


def test_aircraft_use(url, frames, tmp_path):
    found = made(url, "AircraftUse", tmp_path, last="2013-06", maker="BOEING", least=10)
    flights, planes = frames["flights"], frames["planes"].set_index("tailnum")
    boeing = planes.index[planes["manufacturer"] == "BOEING"]
    flown = flights[flights["tailnum"].isin(boeing) & flights["air_time"].notna()]
    groups = flown[flown["month"] <= 6].groupby("tailnum")
    expected = groups.size()[groups.size() >= 10]
    assert dict(found.set_index("tailnum")["flights"]) == dict(expected)
    for row in found.itertuples():
        rows = groups.get_group(row.tailnum)
        assert row.miles == rows["distance"].sum()
        assert row.hours == pytest.approx(float(rows["air_time"].sum()) / 60)
        assert row.days == len(rows[["month", "day"]].drop_duplicates())
        assert (row.model, row.seats) == (
            planes.loc[row.tailnum]["model"],
            planes.loc[row.tailnum]["seats"],
        )
