"""The demo's export types that do more than their model says."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select

from dashboard.demo.models import Airport, Weather
from dashboard.exporters.exporter import Exporter

if TYPE_CHECKING:
    import pandas as pd


class AirportExporter(Exporter):
    """In the order of their codes."""

    model = Airport
    key = "faa"


class WeatherExporter(Exporter):
    """By origin and hour, with the temperature in degrees Celsius besides."""

    model = Weather
    key = ("origin", "time_hour")

    def query(self, select: Select[Any]) -> Select[Any]:
        return select.add_columns(((Weather.temp - 32) * 5 / 9).label("temp_celsius"))

    def transform(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        return frame.assign(temp_celsius=frame["temp_celsius"].round(1))
