"""The demo's reports over flights from New York in 2013."""
# ruff: noqa: RUF012 - Report declares these attributes ClassVar; a report need not say so again

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from dashboard.reports.parameters import Parameter
from dashboard.reports.report import Chart, Column, Report

if TYPE_CHECKING:
    import pandas as pd

ORIGINS = "SELECT DISTINCT origin FROM flights ORDER BY origin"
MAKERS = "SELECT DISTINCT manufacturer FROM planes ORDER BY manufacturer"
FIRST = Parameter("month", "From month", required=True, default="2013-01")
LAST = Parameter("month", "To month", required=True, default="2013-12")
ORIGIN = Parameter("choice", "From airport", query=ORIGINS, help="All three when left open.")


class DelaysByCarrier(Report):
    """How late each carrier departs and arrives."""

    parameters = {"first": FIRST, "last": LAST, "origin": ORIGIN}
    sql = """
        SELECT f.carrier, a.name AS airline, count(*) AS flights,
            count(*) - count(f.dep_time) AS cancelled,
            avg(CAST(f.dep_delay AS double precision)) AS departure,
            avg(CAST(f.arr_delay AS double precision)) AS arrival,
            CAST(100 * sum(CASE WHEN f.arr_delay > 15 THEN 1 ELSE 0 END) AS double precision)
                / nullif(count(f.arr_delay), 0) AS late
        FROM flights AS f JOIN airlines AS a ON a.carrier = f.carrier
        WHERE f.year * 12 + f.month BETWEEN :first_year * 12 + :first_month
                AND :last_year * 12 + :last_month
            AND (:origin IS NULL OR f.origin = :origin)
        GROUP BY f.carrier, a.name
        ORDER BY arrival DESC, f.carrier"""
    key = "carrier"
    chart = Chart("bar", "airline", ("departure", "arrival"))
    columns = {
        "departure": Column("Departure delay", unit="min", digits=1),
        "arrival": Column("Arrival delay", unit="min", digits=1),
        "late": Column("Over 15 min late", unit="%", digits=1),
    }


class RoutesByMonth(Report):
    """Departures a month on the busiest routes, a column for each."""

    parameters = {
        "year": Parameter("integer", "Year", required=True, default=2013),
        "origin": ORIGIN,
        "routes": Parameter("integer", "Busiest routes", default=8, low=1, high=40),
    }
    key = "month"
    chart = Chart("stacked", "month", "*")

    def run(self, connection: Connection, parameters: Mapping[str, Any]) -> "pd.DataFrame":
        import pandas as pd

        query = text("""SELECT month, origin, dest, count(*) AS flights FROM flights
            WHERE year = :year GROUP BY month, origin, dest""")
        counts = pd.read_sql(query, connection, params={"year": parameters["year"]})
        if parameters["origin"] is not None:
            counts = counts[counts["origin"] == parameters["origin"]]
        counts["route"] = counts["origin"] + "–" + counts["dest"]
        busiest = (
            counts.groupby("route")["flights"]
            .sum()
            .sort_index()
            .sort_values(ascending=False, kind="stable")
        )
        months = counts.pivot_table(
            index="month", columns="route", values="flights", aggfunc="sum", fill_value=0
        )
        return months[list(busiest.index[: parameters["routes"]])].astype("int64")


class AircraftUse(Report):
    """How much each aircraft flew."""

    parameters = {
        "first": FIRST,
        "last": LAST,
        "maker": Parameter("choice", "Manufacturer", query=MAKERS),
        "least": Parameter("integer", "At least so many flights", default=1, low=1),
    }
    sql = """
        SELECT f.tailnum, p.manufacturer, p.model, p.year AS built, p.seats,
            count(*) AS flights, sum(f.distance) AS miles,
            CAST(sum(f.air_time) AS double precision) / 60 AS hours,
            count(DISTINCT f.year * 10000 + f.month * 100 + f.day) AS days
        FROM flights AS f LEFT JOIN planes AS p ON p.tailnum = f.tailnum
        WHERE f.tailnum IS NOT NULL AND f.air_time IS NOT NULL
            AND f.year * 12 + f.month BETWEEN :first_year * 12 + :first_month
                AND :last_year * 12 + :last_month
            AND (:maker IS NULL OR p.manufacturer = :maker)
        GROUP BY f.tailnum, p.manufacturer, p.model, p.year, p.seats
        HAVING count(*) >= :least
        ORDER BY hours DESC, f.tailnum"""
    key = "tailnum"
    columns = {
        "tailnum": Column("Aircraft"),
        "built": Column(grouped=False),
        "hours": Column("In the air", unit="h", digits=1),
        "days": Column("Days in use"),
    }
