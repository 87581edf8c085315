"""Odd cells for each type: good ones with their value, bad ones with their code."""

import uuid
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from dashboard.records.fields import Field, FieldType

T = FieldType


def naive(*parts: int) -> datetime:
    return datetime(*parts)  # noqa: DTZ001 - a column without time zone holds just this


def field(kind: FieldType, **more: Any) -> Field:
    return Field("f", "f", kind, "F", **more)


SMALL, INT, BIG = (field(T.INTEGER, bits=bits) for bits in (16, 32, 64))
FLOAT, REAL = field(T.NUMBER), field(T.NUMBER, bits=32)
PRICE, FREE = field(T.DECIMAL, precision=5, scale=2), field(T.DECIMAL)
NAIVE, AWARE = field(T.DATETIME), field(T.DATETIME, timezone=True)
DAY, CLOCK, FLAG = field(T.DATE), field(T.TIME), field(T.BOOLEAN)
SHORT, PICK = field(T.STRING, max_length=3), field(T.CHOICE, choices=("a", "b"))
TOKEN, DOC = field(T.UUID), field(T.JSON)

GOOD: list[tuple[Field, str, Any]] = [
    (SMALL, "-32768", -32768),
    (INT, "007", 7),
    (INT, "-0", 0),
    (INT, "2147483647", 2147483647),
    (BIG, "-9223372036854775808", -(2**63)),
    (BIG, "0000000000000000000000000000042", 42),
    (FLOAT, "1e5", 1e5),
    (FLOAT, ".5", 0.5),
    (FLOAT, "5.", 5.0),
    (FLOAT, "+1", 1.0),
    (FLOAT, "1e-400", 0.0),
    (FLOAT, "0." + "0" * 400 + "1", 0.0),
    (FLOAT, "123456789012345678901234567890123", 1.2345678901234568e32),
    (REAL, "0.5", 0.5),
    (PRICE, "1.500", Decimal("1.50")),
    (PRICE, "12e1", Decimal(120)),
    (PRICE, "-999.99", Decimal("-999.99")),
    (PRICE, ".5", Decimal("0.5")),
    (FREE, "123456789012345678901234567890.123", "123456789012345678901234567890.123"),
    (FLAG, "TRUE", True),
    (FLAG, "f", False),
    (FLAG, "Yes", True),
    (FLAG, "no", False),
    (FLAG, "1", True),
    (FLAG, "0", False),
    (DAY, "2012-02-29", date(2012, 2, 29)),
    (DAY, "0001-01-01", date(1, 1, 1)),
    (DAY, "9999-12-31", date(9999, 12, 31)),
    (CLOCK, "05:00", time(5)),
    (CLOCK, "23:59:59.999999", time(23, 59, 59, 999999)),
    (NAIVE, "2013-01-01", naive(2013, 1, 1)),
    (NAIVE, "2013-01-01 05:00", naive(2013, 1, 1, 5)),
    (NAIVE, "2013-01-01T05:00:00.5", naive(2013, 1, 1, 5, 0, 0, 500000)),
    (NAIVE, "2013-01-01T05:00:00Z", naive(2013, 1, 1, 5)),
    (NAIVE, "0001-01-01 00:00:00", naive(1, 1, 1)),
    (NAIVE, "2012-02-29T23:59:59.123456Z", naive(2012, 2, 29, 23, 59, 59, 123456)),
    (AWARE, "2013-01-01T05:00:00Z", datetime(2013, 1, 1, 5, tzinfo=UTC)),
    (AWARE, "2013-01-01 05:00:00+02", datetime(2013, 1, 1, 3, tzinfo=UTC)),
    (AWARE, "2013-01-01 05:00-0330", datetime(2013, 1, 1, 8, 30, tzinfo=UTC)),
    (AWARE, "2013-01-01 05:00:00.5+02:00", datetime(2013, 1, 1, 3, 0, 0, 500000, tzinfo=UTC)),
    (AWARE, "2013-01-01 05:00:00", datetime(2013, 1, 1, 5, tzinfo=UTC)),
    (AWARE, "2013-01-01", datetime(2013, 1, 1, tzinfo=UTC)),
    (AWARE, "9999-12-31 23:59:59+02:00", datetime(9999, 12, 31, 21, 59, 59, tzinfo=UTC)),
    (AWARE, "0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    (SHORT, "äöü", "äöü"),
    (SHORT, " a ", " a "),
    (SHORT, "NA", "NA"),
    (SHORT, "\\N", "\\N"),
    (SHORT, '"', '"'),
    (PICK, "a", "a"),
    (TOKEN, "6BA7B810-9dad-11d1-80b4-00c04fd430c8", "6BA7B810-9dad-11d1-80b4-00c04fd430c8"),
    (TOKEN, uuid.UUID(int=5).hex, uuid.UUID(int=5).hex),
    (DOC, '{"a": [1, null]}', '{"a": [1, null]}'),
]
BAD: list[tuple[Field, str, str]] = [
    *((INT, cell, "not_an_integer") for cell in ("0x10", "1_000", "1.0", "+5", " 5", "5 ", "-")),
    *((INT, cell, "not_an_integer") for cell in ("1e3", "NA", "٣", "5\n", "0b1", "1,000")),
    *((INT, cell, "out_of_range") for cell in ("2147483648", "-2147483649", "9" * 400)),
    (SMALL, "32768", "out_of_range"),
    (BIG, "9223372036854775808", "out_of_range"),
    *((FLOAT, cell, "not_a_number") for cell in ("nan", "inf", "-Infinity", "0x1p3", "1_0", " 1")),
    *((FLOAT, cell, "not_a_number") for cell in ("1e", "1,5", ".", "e5", "1d")),
    (FLOAT, "1e400", "out_of_range"),
    (REAL, "1e39", "out_of_range"),
    (PRICE, "1.239", "too_many_decimals"),
    (PRICE, "1e-3", "too_many_decimals"),
    (PRICE, "1000", "out_of_range"),
    *((PRICE, cell, "not_a_number") for cell in ("NaN", "1,5", " 1", "-", "Infinity", "1e9999")),
    *((FREE, cell, "not_a_number") for cell in ("NaN", "infinity", "0x1")),
    *((FLAG, cell, "not_a_boolean") for cell in ("2", "on", "y", "tru", " true")),
    *((DAY, cell, "not_a_date") for cell in ("2013-02-29", "0000-01-01", "2013-1-1", "20130101")),
    *((DAY, cell, "not_a_date") for cell in ("now", "today", "yesterday", "infinity", "epoch")),
    *(
        (DAY, cell, "not_a_date")
        for cell in ("31.12.2013", "2013-W01-1", "2013-01-01 ", "-infinity")
    ),
    *((CLOCK, cell, "not_a_time") for cell in ("24:00", "5:00", "05", "05:00:60", "allballs")),
    *((CLOCK, cell, "not_a_time") for cell in ("05:00Z", "05:00:00.1234567", "12:00 PM")),
    *(
        (NAIVE, cell, "not_a_datetime")
        for cell in ("now", "infinity", "2013-01-01T05", "2013-02-30")
    ),
    *((NAIVE, cell, "not_a_datetime") for cell in ("2013-01-01 24:00", "2013-01-01 05:00:60")),
    *((NAIVE, cell, "not_a_datetime") for cell in ("2013-01-01 05:00:00.1234567", "0000-01-01")),
    *((NAIVE, cell, "not_a_datetime") for cell in ("2013-01-01 05:00+02", "2013-01-01Z")),
    *((NAIVE, cell, "not_a_datetime") for cell in ("2013-01-01 05:00ZZ", "2013-01-01  05:00")),
    (AWARE, "0001-01-01T00:00:00+14:00", "not_a_datetime"),
    (AWARE, "9999-12-31T23:59:59-14:00", "not_a_datetime"),
    *((AWARE, cell, "not_a_datetime") for cell in ("2013-01-01 05:00+25", "2013-01-01 05:00z")),
    *((AWARE, cell, "not_a_datetime") for cell in ("2013-01-01 05:00 Z", "2013-01-01 05:00 CET")),
    *((AWARE, cell, "not_a_datetime") for cell in ("2013-01-01+02", "tomorrow")),
    (SHORT, "abcd", "too_long"),
    (SHORT, "a\0", "not_a_text"),
    *((PICK, cell, "not_a_choice") for cell in ("A", "c", " a", "ab")),
    *((TOKEN, cell, "not_a_uuid") for cell in ("x", "{6ba7b810-9dad-11d1-80b4-00c04fd430c8}")),
    *((DOC, cell, "not_json") for cell in ("{", "NaN", "{'a': 1}", "undefined")),
]
