"""From a checked filter to SQL that means the same on PostgreSQL and SQLite."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy import types as sqltypes

from dashboard.exporters.filters_text import ByCodePoint, holds
from dashboard.exporters.filters_values import Span

Expression = ColumnElement[Any]
Test = Any  # a ColumnElement[bool]; what SQLAlchemy's comparisons are typed as


def condition(value: Expression, op: str, spans: Sequence[Span]) -> Test:
    """Does `value` stand to the spans as `op` says? `in` has many, all others have one."""
    return one_of(value, spans) if op == "in" else TESTS[op](value, spans[0])


def one_of(value: Expression, spans: Sequence[Span]) -> Test:
    plain = [span.low for span in spans if not span.high]
    days = [equal(value, span) for span in spans if span.high]
    return or_(*([value.in_(plain)] if plain else []), *days)


def equal(value: Expression, span: Span) -> Test:
    return and_(value >= span.low, value < span.high) if span.high else value == span.low


def unlike(value: Expression, span: Span) -> Test:
    """With the records that have no value: they are not AA either."""
    # Not `is_distinct_from`: on SQLite it loses its value where a statement is written out whole.
    other = or_(value < span.low, value >= span.high) if span.high else value != span.low
    return or_(value.is_(None), other)


def before(value: Expression, span: Span) -> Test:
    return ordered(value) < span.low


def until(value: Expression, span: Span) -> Test:
    return (value < span.high) if span.high else (ordered(value) <= span.low)


def after(value: Expression, span: Span) -> Test:
    return value >= span.high if span.high else ordered(value) > span.low


def since(value: Expression, span: Span) -> Test:
    return ordered(value) >= span.low


def missing(value: Expression, span: Span) -> Test:
    return value.is_(None) if span.low else value.is_not(None)


def containing(value: Expression, span: Span) -> Test:
    return holds(value, span.low)


def ordered(value: Expression) -> Expression:
    return ByCodePoint(value) if isinstance(value.type, sqltypes.String) else value


TESTS: Mapping[str, Callable[[Expression, Span], Test]] = {
    "eq": equal,
    "ne": unlike,
    "lt": before,
    "le": until,
    "gt": after,
    "ge": since,
    "null": missing,
    "contains": containing,
}
