"""This installation's job types and listeners; the settings are in dashboard/settings.py."""

from collections.abc import Mapping
from typing import Any

from dashboard.settings import ROOT, SettingError, Settings, sqlalchemy_url
from dashboard.settings import from_environment as read_environment

__all__ = [
    "JOB_TYPES", "LISTENERS", "ROOT", "SettingError", "Settings", "from_environment",
    "sqlalchemy_url",
]  # fmt: skip

JOB_TYPES: dict[str, dict[str, dict[str, Any]]] = {
    "import": {
        "airlines": {
            "label": "Airlines",
            "importer": "dashboard.demo.importers:AirlineImporter",
            "description": "Carriers and their names. Flights refer to them.",
        },
        "airports": {
            "label": "Airports",
            "importer": "dashboard.demo.importers:AirportImporter",
            "description": "Airports with position, altitude and time zone.",
        },
        "planes": {
            "label": "Planes",
            "importer": "dashboard.demo.importers:PlaneImporter",
            "description": "Aircraft by tail number.",
        },
        "weather": {
            "label": "Weather",
            "importer": "dashboard.demo.importers:WeatherImporter",
            "description": "Hourly observations at the origin airports.",
        },
        "flights": {
            "label": "Flights",
            "importer": "dashboard.demo.importers:FlightImporter",
            "description": "Departures from New York in 2013.",
        },
        "flight-legs": {
            "label": "Flight legs",
            "importer": "dashboard.demo.importers:FlightLegImporter",
            "description": "One row a leg, joined to carrier and airport.",
        },
        "any-file": {
            "label": "Any file",
            "importer": "dashboard.importers.any_file:AnyFileImporter",
            "job": "dashboard.importers.any_file:AnyFileImportJob",
            "description": "Any file into a new table of texts, every column as it is.",
            "roles": ("admin",),
            # Drop the table to be rid of it.
            "undo_days": 0,
        },
    },
    "export": {
        "flights-export": {
            "label": "Flights",
            "model": "dashboard.demo.models:Flight",
            "description": "Departures from New York in 2013.",
        },
        "flight-legs-export": {
            "label": "Flight legs",
            "model": "dashboard.demo.models:FlightLeg",
            "description": "One row a leg, with the names of carrier and airport.",
        },
        "airlines-export": {"label": "Airlines", "model": "dashboard.demo.models:Airline"},
        "airports-export": {
            "label": "Airports",
            "exporter": "dashboard.demo.exporters:AirportExporter",
        },
        "planes-export": {"label": "Planes", "model": "dashboard.demo.models:Plane"},
        "weather-export": {
            "label": "Weather",
            "exporter": "dashboard.demo.exporters:WeatherExporter",
        },
    },
    "sync": {
        "airports-sync": {
            "label": "Airports from the inbox",
            "sync": "dashboard.demo.syncs:AirportsSync",
            "description": "Files put into inbox/airports of the instance; each is taken once.",
        },
    },
    "report": {
        "delays-report": {
            "label": "Delays by carrier",
            "report": "dashboard.demo.reports:DelaysByCarrier",
            "description": "How late each carrier departs and arrives.",
        },
        "routes-report": {
            "label": "Routes by month",
            "report": "dashboard.demo.reports:RoutesByMonth",
            "description": "Departures a month on the busiest routes.",
        },
        "aircraft-report": {
            "label": "Aircraft use",
            "report": "dashboard.demo.reports:AircraftUse",
            "description": "Flights, miles and hours of each aircraft.",
        },
    },
}

LISTENERS: dict[str, bool] = {"log": True, "schedules": True, "mail": True}


def from_environment(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """The settings of the environment with this installation's job types; `overrides` win."""
    ours: dict[str, Any] = {"job_types": JOB_TYPES, "listeners": LISTENERS}
    return read_environment(environ, **{**ours, **overrides})
