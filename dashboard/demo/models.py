"""The demo records: flights from New York in 2013 and what they refer to."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Date, DateTime, ForeignKey, Numeric, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Base


class Airline(Base):
    """A carrier, known by its two-character code."""

    __tablename__ = "airlines"

    carrier: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)


class Airport(Base):
    """An airport; files name it by its FAA code, tables by its id."""

    __tablename__ = "airports"

    id: Mapped[int] = mapped_column(primary_key=True)
    faa: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    lat: Mapped[float]
    lon: Mapped[float]
    alt: Mapped[int]
    tz: Mapped[int]
    dst: Mapped[str] = mapped_column(Text)
    tzone: Mapped[str | None] = mapped_column(Text)


class Plane(Base):
    """An aircraft, known by its tail number."""

    __tablename__ = "planes"

    tailnum: Mapped[str] = mapped_column(Text, primary_key=True)
    year: Mapped[int | None]
    type: Mapped[str] = mapped_column(Text)
    manufacturer: Mapped[str] = mapped_column(Text)
    model: Mapped[str] = mapped_column(Text)
    engines: Mapped[int]
    seats: Mapped[int]
    speed: Mapped[int | None]
    engine: Mapped[str] = mapped_column(Text)


class Weather(Base):
    """An hourly observation. Degrees Fahrenheit, miles an hour, inches, millibars, miles."""

    __tablename__ = "weather"
    __table_args__ = (UniqueConstraint("origin", "time_hour"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(Text)
    year: Mapped[int]
    month: Mapped[int]
    day: Mapped[int]
    hour: Mapped[int]
    temp: Mapped[float | None]
    dewp: Mapped[float | None]
    humid: Mapped[float | None]
    wind_dir: Mapped[int | None]
    wind_speed: Mapped[float | None]
    wind_gust: Mapped[float | None]
    precip: Mapped[float]
    pressure: Mapped[float | None]
    visib: Mapped[float]
    time_hour: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    feels_like: Mapped[float | None]


class Flight(Base):
    """A scheduled departure. Tail number and airports stay text: many are in no list."""

    __tablename__ = "flights"

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    month: Mapped[int]
    day: Mapped[int]
    dep_time: Mapped[int | None]
    sched_dep_time: Mapped[int]
    dep_delay: Mapped[int | None]
    arr_time: Mapped[int | None]
    sched_arr_time: Mapped[int]
    arr_delay: Mapped[int | None]
    carrier: Mapped[str] = mapped_column(Text, ForeignKey("airlines.carrier"))
    flight: Mapped[int]
    tailnum: Mapped[str | None] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    dest: Mapped[str] = mapped_column(Text)
    air_time: Mapped[int | None]
    distance: Mapped[int]
    hour: Mapped[int]
    minute: Mapped[int]
    time_hour: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class FlightLeg(Base):
    """A leg flown, in metric units; `airport` is where it was to land, if that is a known one."""

    __tablename__ = "flight_legs"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    day: Mapped[date] = mapped_column(Date)
    carrier: Mapped[str] = mapped_column(Text, ForeignKey("airlines.carrier"))
    airport_id: Mapped[int | None] = mapped_column(ForeignKey("airports.id"))
    distance_km: Mapped[Decimal] = mapped_column(Numeric(8, 1))
    air_hours: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    remark: Mapped[str | None] = mapped_column(Text)
