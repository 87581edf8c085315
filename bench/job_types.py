"""The bench's own job types: flights into a table whose one constraint is its primary key."""
# ruff: noqa: RUF012 - Importer declares these attributes ClassVar; a type need not say so again

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, MetaData, Table

from config import JOB_TYPES, Settings, from_environment
from dashboard.demo.models import Flight
from dashboard.importers.importer import Importer

CARRIERS = (
    "9E", "AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN", "YV",
)  # fmt: skip
BENCH_FLIGHTS = Table(
    "bench_flights",
    MetaData(),
    *(
        Column(column.name, column.type, primary_key=column.primary_key, nullable=column.nullable)
        for column in Flight.__table__.columns
    ),
)


class BenchFlightImporter(Importer):
    """The demo's flights, but the carrier is kept as text: no other table is asked."""

    table = BENCH_FLIGHTS


class CheckedFlightImporter(BenchFlightImporter):
    """The same table; an unknown carrier is refused here, as it would be with a foreign key."""

    choices = {"carrier": CARRIERS}


BENCH_TYPES = {
    "bench-flights": {"importer": "bench.job_types:BenchFlightImporter"},
    "bench-flights-checked": {"importer": "bench.job_types:CheckedFlightImporter"},
}


def bench_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings of the environment, with the bench's types beside the demo's."""
    types: dict[str, Any] = {**JOB_TYPES, "import": {**JOB_TYPES["import"], **BENCH_TYPES}}
    return from_environment(environ, job_types=types)
