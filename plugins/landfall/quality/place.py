"""What a check of Landfall's own kinds is made for: the relation under audit, and the tables that surround it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlglot import exp, parse_one

from landfall.quality.audited_days import AuditedDays, Ranges, on_days, with_marker_replaced

BATCH = exp.Table(this=exp.to_identifier("{batch}", quoted=False))
"""The rows under audit, as Great Expectations names them in a query."""

LOADED_AT = "_loaded_at"
"""The column of every table that says when the load of a row began."""

_NEVER = date(9999, 12, 31)
_WRITTEN_IN = "trino"
"""Dialect of the expressions in suites; each engine gets them in its own."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a gate compares with: `published` maps a relation to the table of its last published version, `lake` a

    dataset to the table of the lake version that a warehouse was built from; `at` is the time of the audit (UTC).

    With `days` only rows of those days are looked at, in every relation that `day_columns` names with the column that
    says a row's day; all rows of the others. Without `days` all rows are.
    """

    at: datetime
    published: Mapping[str, str] = field(default_factory=dict)
    lake: Mapping[str, str] = field(default_factory=dict)
    days: AuditedDays | None = None
    day_columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Place:
    """The relation whose check is made into a query, and what surrounds it."""

    relation: str
    around: Surroundings

    @property
    def days(self) -> Ranges | None:
        """The days whose rows are audited, None for all rows."""
        if self.around.days is None or self.relation not in self.around.day_columns:
            return None
        return self.around.days.of(self.relation)

    def audited(self) -> exp.Condition | None:
        """Return the condition on the relation's rows under audit, None for all rows."""
        return None if self.days is None else on_days(exp.column(self.around.day_columns[self.relation]), self.days)

    def whole(self) -> exp.Table:
        """Return all rows of the relation: the batch, or its table where the batch has only the audited days."""
        table = None if self.days is None else _table(self.relation)
        return BATCH.copy() if table is None else table

    def whole_published(self) -> exp.Table | None:
        """Return the table of the relation's last published version, None before the first."""
        return _table(self.around.published.get(self.relation))

    def last_published(self) -> exp.Table | exp.Subquery | None:
        """Return the audited days of the relation's last published version, None before the first."""
        return self._on_days(self.whole_published(), self.relation)

    def source(self, name: str, *, later_too: bool = False) -> exp.Table | exp.Subquery | None:
        """Return the audited days of the table `database.table`, of that of `lake.<dataset>`, or of a query as a table.

        A query says by IN_AUDITED_DAYS(column) where its tables are restricted to them. `later_too` leaves in what lies
        after the first of the days, whether it is audited or not. None if the lake version lacks the dataset.
        """
        if name.startswith("SELECT "):
            query = with_marker_replaced(expression(name), self.days)
            return exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier("source")))
        database, _, dataset = name.partition(".")
        table = _table(self.around.lake.get(dataset) if database == "lake" else name)
        return self._on_days(table, name, later_too=later_too)

    def published_until(self) -> exp.Subquery | None:
        """Return the time up to which the published version holds what was loaded; None before the first."""
        published = self.last_published()
        return None if published is None else latest(published, LOADED_AT).subquery()

    def _on_days(
        self, table: exp.Table | None, name: str, *, later_too: bool = False
    ) -> exp.Table | exp.Subquery | None:
        """Return `table`, called `name` in `day_columns`, on the audited days; as it is if those are all."""
        days, column = self.days, self.around.day_columns.get(name)
        if table is None or days is None or column is None:
            return table
        if later_too:
            days = ((days[0][0], _NEVER),) if days else days
        return exp.select("*").from_(table).where(on_days(exp.column(column), days)).subquery("on_days")

    def days_ago(self, days: float) -> exp.Expr:
        """Return a literal of the time so many days before the audit: a literal prunes partitions."""
        return moment(self.around.at - timedelta(days=days))


def expression(text: str) -> exp.Expr:
    """Return an expression, or a query, of a suite as a syntax tree."""
    found: exp.Expr = parse_one(text, dialect=_WRITTEN_IN)
    return found


def latest(table: exp.Expr, column: str) -> exp.Select:
    """Return the query of the newest `column`, called `latest`."""
    return exp.select(exp.alias_(exp.Max(this=exp.column(column)), "latest")).from_(table)


def moment(at: datetime) -> exp.Expr:
    """Return a UTC time as a timestamp literal."""
    return exp.cast(exp.Literal.string(at.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")), "timestamp")


def naming_batch(query: exp.Select) -> exp.Select:
    """Return a query of other tables with a mention of the batch that reads nothing of it.

    Great Expectations prints a warning wherever it comes across a query without one.
    """
    return query.where(exp.not_(exp.Exists(this=never())))


def never() -> exp.Select:
    """Return the query of a check that has nothing to compare with: it has no rows."""
    return exp.select(exp.Literal.number(1)).from_(BATCH.copy()).where(exp.Literal.number(1).eq(0))


def number(value: float) -> exp.Expr:
    """Return a number literal, written out so that no digit is lost."""
    return exp.Literal.number(repr(value))


def _table(name: str | None) -> exp.Table | None:
    if name is None:
        return None
    database, _, table = name.rpartition(".")
    return exp.table_(table, db=database or None, quoted=True)
