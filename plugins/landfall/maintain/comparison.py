"""Compare a table with the one made anew beside it, row by row and key by key, on the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlglot import exp

from landfall.contracts import StreamContract
from landfall.ingest.checks import function
from landfall.ingest.conditions import column
from landfall.ingest.statements import Statements

EXAMPLES = 10
"""Most examples a comparison shows of what differs."""

_ONLY_LIVE, _ONLY_REBUILT, _OTHER = "only_in_live", "only_in_rebuilt", "other_content"


@dataclass(frozen=True, kw_only=True)
class Sides:
    """What is compared: two tables, the columns that name a row, what a row says, and where it came from."""

    live: exp.Table
    rebuilt: exp.Table
    key: tuple[str, ...]
    content: exp.Expr
    source: str


@dataclass(kw_only=True)
class Differences:
    """Keys whose rows differ, by how, with examples: (how, the key's columns)."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: list[list[str | None]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the differences as JSON values."""
        return asdict(self)


def raw_sides(contract: StreamContract, shadow: str) -> Sides:
    """Return how the raw tables are compared: by the contract's key, over all fields and what it does not know.

    Both tables have all of the contract's fields; as text, for a type may be why the table is made anew.
    """
    fields = [exp.cast(column(found.name), "varchar") for found in contract.fields]
    extra = function("json_format", exp.cast(column("_extra"), "json", dialect="trino"))
    content = function("json_format", exp.cast(exp.Array(expressions=[*fields, extra]), "json", dialect="trino"))
    return _sides("raw", contract.stream, shadow, key=contract.key, content=content, source="_source_object")


def object_sides(contract: StreamContract, shadow: str) -> Sides:
    """Return how the numbers of raw rows are compared by landed object."""
    nothing = exp.Literal.string("")
    key = ("_source_object",)
    return _sides("raw", contract.stream, shadow, key=key, content=nothing, source="_source_object")


def quarantine_sides(contract: StreamContract, shadow: str) -> Sides:
    """Return how the quarantine tables are compared: by the record's place in its object, over reason and text."""
    texts = [exp.cast(column(name), "varchar") for name in ("reason", "field", "raw_text")]
    content = function("json_format", exp.cast(exp.Array(expressions=texts), "json", dialect="trino"))
    key = ("source_object", "line_number", "record_number")
    return _sides("quarantine", contract.stream, shadow, key=key, content=content, source="source_object")


def compare(sides: Sides, *, but: Sequence[str], statements: Statements) -> Differences:
    """Return what differs, leaving out rows that came in the objects `but` (s3 addresses)."""
    rows = statements.rows(_count(_by_key(sides, but)))
    found = Differences(counts={str(how): int(keys or 0) for how, keys in rows})
    if found.counts:
        found.examples = [list(row) for row in statements.rows(_examples(_by_key(sides, but), sides.key))]
    return found


def _sides(database: str, live: str, shadow: str, **what: Any) -> Sides:
    def table(name: str) -> exp.Table:
        return exp.table_(name, db=database, quoted=True)

    return Sides(live=table(live), rebuilt=table(shadow), **what)


def _by_key(sides: Sides, but: Sequence[str]) -> exp.Select:
    """Return the query (key, how) of the keys whose rows are not the same rows, as often, in both tables."""
    keys = [column(name) for name in sides.key]
    both = exp.union(_side(sides, sides.live, 1, but), _side(sides, sides.rebuilt, -1, but), distinct=False)
    surplus = exp.Sum(this=column("_side"))
    rows = (
        exp.select(*keys, column("_content"), exp.alias_(surplus, "_surplus"))
        .from_(both.subquery("both"))
        .group_by(*(found.copy() for found in keys), column("_content"))
        .having(surplus.copy().neq(exp.Literal.number(0)))
    )
    zero = exp.Literal.number(0)
    is_live = exp.GT(this=exp.Max(this=column("_surplus")), expression=zero)
    is_rebuilt = exp.LT(this=exp.Min(this=column("_surplus")), expression=zero.copy())
    how = (
        exp.Case()
        .when(exp.and_(is_live, is_rebuilt), exp.Literal.string(_OTHER))
        .when(is_live.copy(), exp.Literal.string(_ONLY_LIVE))
        .else_(exp.Literal.string(_ONLY_REBUILT))
    )
    return (
        exp.select(*(found.copy() for found in keys), exp.alias_(how, "_how"))
        .from_(rows.subquery("rows_of_one"))
        .group_by(*(found.copy() for found in keys))
    )


def _side(sides: Sides, table: exp.Table, sign: int, but: Sequence[str]) -> exp.Select:
    query = exp.select(
        *(column(name) for name in sides.key),
        exp.alias_(sides.content.copy(), "_content"),
        exp.alias_(exp.convert(sign), "_side"),
    ).from_(table)
    return query.where(exp.not_(column(sides.source).isin(*but))) if but else query


def _count(by_key: exp.Select) -> exp.Select:
    return (
        exp.select(column("_how"), exp.Count(this=exp.Star()))
        .from_(by_key.subquery("by_key"))
        .group_by(exp.Literal.number(1))
    )


def _examples(by_key: exp.Select, key: Sequence[str]) -> exp.Select:
    names: Callable[[], list[exp.Column]] = lambda: [column("_how"), *(column(name) for name in key)]  # noqa: E731
    return exp.select(*names()).from_(by_key.subquery("by_key")).order_by(*names()).limit(EXAMPLES)
