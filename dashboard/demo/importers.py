"""The demo's import types; what they do not say is derived from their models."""
# ruff: noqa: RUF012 - Importer declares these attributes ClassVar; a type need not say so again

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dashboard.demo.models import Airline, Airport, Flight, FlightLeg, Plane, Weather
from dashboard.importers.importer import Importer, Refused

if TYPE_CHECKING:
    import pandas as pd


class AirlineImporter(Importer):
    """Carriers; flights refer to them by code."""

    model = Airline


class AirportImporter(Importer):
    """Airports, known by their FAA code."""

    model = Airport
    key = "faa"
    aliases = {"faa": ["Code", "FAA code"], "name": ["Airport name", "Airport"]}
    rules = {"faa": {"length": (3, 4)}, "lat": {"min": -90, "max": 90}, "lon": {"min": -180}}


class PlaneImporter(Importer):
    """Aircraft, known by their tail number."""

    model = Plane
    rules = {"engines": {"min": 1, "max": 12}, "seats": {"min": 1}}


class WeatherImporter(Importer):
    """Hourly observations; what the air feels like is computed on the way in."""

    model = Weather
    key = ("origin", "time_hour")
    rules = {
        "hour": {"min": 0, "max": 23},
        "humid": {"min": 0, "max": 100},
        "wind_dir": {"min": 0, "max": 360},
    }

    def transform(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        return frame.assign(feels_like=wind_chill(frame["temp"], frame["wind_speed"]))

    def validate(self, frame: "pd.DataFrame") -> Iterable[Refused]:
        yield self.fail(
            frame["dewp"] > frame["temp"],
            "dewp",
            "is above the temperature. A dew point is at most the temperature of its hour.",
        )
        yield self.fail(
            frame["wind_gust"] < frame["wind_speed"],
            "wind_gust",
            "is below the wind speed. A gust is at least the wind speed of its hour.",
        )


class FlightImporter(Importer):
    """Departures; the carrier must be a known one, tail number and airports may be any."""

    model = Flight


class FlightLegImporter(Importer):
    """Legs, known by their reference; the file names carrier and airport by code."""

    model = FlightLeg
    key = "reference"
    references = {"airport": ("airport_id", "faa")}
    rules = {"distance_km": {"min": 0}, "air_hours": {"min": 0}}


def wind_chill(temp: "pd.Series[Any]", wind: "pd.Series[Any]") -> "pd.Series[Any]":
    """Degrees Fahrenheit, by the US National Weather Service's formula of 2001.

    It holds up to 50 °F and from 3 miles an hour on; elsewhere the air feels as warm as it is.
    """
    chill = 35.74 + 0.6215 * temp + (0.4275 * temp - 35.75) * wind**0.16
    holds = ((temp <= 50) & (wind >= 3)).fillna(False)
    return temp.where(~holds, chill.round(2))
