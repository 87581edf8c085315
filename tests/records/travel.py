"""A small model with every kind of column, for the tests of records and importers."""

import enum
import uuid
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    Enum,
    ForeignKey,
    Numeric,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class TravelBase(DeclarativeBase):
    pass


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


class Carrier(TravelBase):
    __tablename__ = "carriers"
    code: Mapped[str] = mapped_column(String(2), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)


class Stop(TravelBase):
    __tablename__ = "stops"
    id: Mapped[int] = mapped_column(primary_key=True)
    faa: Mapped[str] = mapped_column(String(4), unique=True)


class Trip(TravelBase):
    __tablename__ = "trips"
    __table_args__ = (
        UniqueConstraint("carrier", "day", "number"),
        CheckConstraint("seats <> 13", name="no_thirteen"),
        CheckConstraint("class IN ('first', 'it''s')", name="class_known"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    carrier: Mapped[str | None] = mapped_column(ForeignKey("carriers.code"))
    stop_id: Mapped[int | None] = mapped_column(ForeignKey("stops.id"))
    number: Mapped[int]
    day: Mapped[date | None]
    leaves: Mapped[datetime | None]
    sent: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    at: Mapped[time | None]
    seats: Mapped[int | None] = mapped_column(SmallInteger)
    price: Mapped[Decimal | None] = mapped_column(Numeric(7, 2))
    ratio: Mapped[float | None]
    open: Mapped[bool | None]
    size: Mapped[Size | None]
    mode: Mapped[str | None] = mapped_column(Enum("bus", "rail", native_enum=False))
    travel_class: Mapped[str | None] = mapped_column("class", String(8))
    token: Mapped[uuid.UUID | None]
    extra: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    code: Mapped[str | None] = mapped_column(String(5))
    note: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(9), default="new")


class Ticket(TravelBase):
    """With what a merge must mind: other unique keys, defaults, values of an update, a rule."""

    __tablename__ = "tickets"
    __table_args__ = (CheckConstraint("seat <> 13 AND price < 1000", name="seat_known"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(9), unique=True)
    seat: Mapped[int | None] = mapped_column(unique=True)
    price: Mapped[int | None]
    holder: Mapped[str] = mapped_column(Text, server_default="nobody")
    note: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default="new")
    changed: Mapped[int] = mapped_column(default=0, onupdate=lambda: 1)
