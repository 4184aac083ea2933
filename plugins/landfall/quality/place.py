"""What a check of Landfall's own kinds is made for: the relation under audit, and the tables that surround it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlglot import exp, parse_one

BATCH = exp.Table(this=exp.to_identifier("{batch}", quoted=False))
"""The rows under audit, as Great Expectations names them in a query."""

LOADED_AT = "_loaded_at"
"""The column of every table that says when the load of a row began."""

_WRITTEN_IN = "trino"
"""Dialect of the expressions in suites; each engine gets them in its own."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a gate compares with: `published` maps a relation to the table of its last published version, `lake` a

    dataset to the table of the lake version that a warehouse was built from; `at` is the time of the audit (UTC).
    """

    at: datetime
    published: Mapping[str, str] = field(default_factory=dict)
    lake: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Place:
    """The relation whose check is made into a query, and what surrounds it."""

    relation: str
    around: Surroundings

    def last_published(self) -> exp.Table | None:
        """Return the table of the relation's last published version, None before the first."""
        return _table(self.around.published.get(self.relation))

    def source(self, name: str) -> exp.Table | exp.Subquery | None:
        """Return the table `database.table`, that of `lake.<dataset>`, or a query as a table.

        None if the lake version lacks the dataset.
        """
        if name.startswith("SELECT "):
            return exp.Subquery(this=expression(name), alias=exp.TableAlias(this=exp.to_identifier("source")))
        database, _, dataset = name.partition(".")
        return _table(self.around.lake.get(dataset) if database == "lake" else name)

    def published_until(self) -> exp.Subquery | None:
        """Return the time up to which the published version holds what was loaded; None before the first."""
        published = self.last_published()
        return None if published is None else latest(published, LOADED_AT).subquery()

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
