"""A check of a merge: what would become of each record, told without writing to the table.

Seen are CHECK and NOT NULL constraints, unique keys and foreign keys of several columns (those of
one column are looked up before). Not seen: triggers, exclusion and deferred constraints, unique
indexes over a part of the table or over expressions.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sqlalchemy import Boolean, Connection, and_, case, exists, literal_column, not_, or_, select

from dashboard.records.check_constraints import check_rules, columns_not_null
from dashboard.records.database_errors import ALREADY, BLANK, BROKEN, UNKNOWN, refusal
from dashboard.records.failures import HIDDEN
from dashboard.records.merger import NONE, SetMerger, Tally
from dashboard.records.merging import SAMPLES
from dashboard.records.raw_values import shown
from dashboard.records.table import unique_columns

Problems = dict[int, tuple[str, tuple[str, str]]]
"""place → (stored column or '', (code, end of the message))"""


class Comparison:
    """One batch against one table, inside the caller's transaction."""

    def __init__(self, merger: SetMerger, connection: Connection) -> None:
        self.merger, self.tables, self.connection = merger, merger.tables, connection
        self.merge, self.target = merger.merge, merger.tables.target

    def tally(self, places: Any) -> Tally:
        tally, new, differing = Tally(), places, NONE
        if self.merge.mode != "insert":
            new, differing = self.merger.look(self.connection, places)
        tally.unchanged = len(places) - len(new) - len(differing)
        new = self.merger.addable(new, tally)
        refused: Problems = {}
        self._judge(np.union1d(new, differing), refused)
        tally.refused += [(place, *problem) for place, problem in sorted(refused.items())]
        out = np.array([*refused], np.int64)
        tally.created, differing = np.setdiff1d(new, out), np.setdiff1d(differing, out)
        tally.updated = len(differing)
        if len(differing):
            tally.samples = self._samples(differing[:SAMPLES])
        return tally

    # -- rules -------------------------------------------------------------------------------

    def _judge(self, places: Any, found: Problems) -> None:
        """Records over which a rule cannot be computed (a division by zero) are halved apart."""
        if not len(places):
            return
        self.connection.exec_driver_sql("SAVEPOINT comparing")
        try:
            told = [*self._rules(places), *self._keys(places), *self._references(places)]
        except Exception as error:
            problem = refusal(error)
            if problem is None:
                raise
            self.connection.exec_driver_sql("ROLLBACK TO SAVEPOINT comparing")
            if len(places) == 1:
                found[int(places[0])] = ("", problem)
                return
            for half in np.array_split(places, 2):
                self._judge(half, found)
            return
        self.connection.exec_driver_sql("RELEASE SAVEPOINT comparing")
        for place, shown_as, broken in told:
            found.setdefault(place, (shown_as, broken))

    def _results(self, places: Any) -> Any:
        """Under the table's own name: a rule may call its columns by it."""
        return self.merger.pick(self.tables.results(), places).subquery(self.target.name)

    def _rules(self, places: Any) -> Iterator[tuple[int, str, tuple[str, str]]]:
        """NOT NULL and CHECK of every record at once; which rule it was comes back as a number."""
        results, cases, problems = self._results(places), [], []
        for name, filled in self._needed.items():
            blank = results.c[name].is_(None)
            if name in self.tables.staged:
                cases.append(blank)
                problems.append((name, ("required", BLANK.format(rule=""))))
            elif not filled:
                cases.append(and_(results.c.jobengine_new, blank))
                problems.append(("", ("required", BLANK.format(rule=f" ({name})"))))
        for rule in check_rules(self.connection, self.target):
            told = BROKEN.format(rule=f" ({rule.name})" if rule.name else "")
            cases.append(not_(literal_column(f"({rule.expression})", Boolean)))
            problems.append(("", ("refused_by_database", told)))
        if cases:
            broken = case(*((met, number) for number, met in enumerate(cases)))
            query = select(results.c.jobengine_place, broken).where(or_(*cases))
            for place, number in self.connection.execute(query):
                yield place, *problems[number]

    @property
    def _needed(self) -> dict[str, bool]:
        needed = columns_not_null(self.connection, self.target)
        known = {column.name for column in self.target.columns if column.computed is None}
        return {name: filled for name, filled in needed.items() if name in known}

    def _keys(self, places: Any) -> Iterator[tuple[int, str, tuple[str, str]]]:
        """Unique keys that another record holds."""
        for names in unique_columns(self.target):
            if set(names) == set(self.merge.key) or not set(names) & set(self.tables.staged):
                continue
            results, other = self._results(places), self.target.alias("jobengine_other")
            same = and_(*(other.c[name] == results.c[name] for name in names))
            query = select(results.c.jobengine_place).select_from(results.join(other, same))
            if self.merge.mode != "insert":
                own = and_(*(other.c[name] == results.c[name] for name in self.merge.key))
                query = query.where(not_(own))
            shown = names[0] if len(names) == 1 else ""
            told = ALREADY.format(rule="" if shown else f" ({', '.join(names)})")
            for place in self.connection.scalars(query):
                yield place, shown, ("already_exists", told)

    def _references(self, places: Any) -> Iterator[tuple[int, str, tuple[str, str]]]:
        """Keys of several columns into other tables; within the table the file may bring them."""
        for rule in self.target.foreign_key_constraints:
            pairs = [(element.parent.name, element.column) for element in rule.elements]
            names = {name for name, _ in pairs}
            own = rule.referred_table is self.target
            if own or len(pairs) == 1 or not names & set(self.tables.staged):
                continue
            results = self._results(places)
            held = exists().where(*(column == results.c[name] for name, column in pairs))
            filled = (results.c[name].is_not(None) for name in names)
            query = select(results.c.jobengine_place).where(*filled, not_(held))
            told = UNKNOWN.format(rule=f" ({', '.join(sorted(names))})")
            for place in self.connection.scalars(query):
                yield place, "", ("unknown_reference", told)

    # -- samples -----------------------------------------------------------------------------

    def _samples(self, places: Any) -> list[dict[str, Any]]:
        names = [*self.merge.key, *self.tables.given]
        query = self.merger.pick(self.tables.changes(names), places).order_by(self.tables.place)
        return [self._sample(names, *row) for row in self.connection.execute(query)]

    def _sample(self, names: list[str], place: int, *values: Any) -> dict[str, Any]:
        key: dict[str, Any] = {}
        changes: dict[str, Any] = {}
        for name, old, new in zip(names, values[::2], values[1::2], strict=True):
            field = self.merge.shown.get(name, name)
            kind, hidden = self.target.c[name].type, name in self.merge.hidden
            pair = [
                HIDDEN if hidden and value is not None else shown(value, kind)
                for value in (old, new)
            ]
            if name in self.merge.key:
                key[field] = pair[0]
            elif old != new:
                changes[field] = pair
        return {"row": self.merger.row(place), "key": key, "changes": changes}
