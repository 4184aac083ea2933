"""The Trino types of the kinds of node whose type follows from the node itself or from its one operand."""

from __future__ import annotations

from sqlglot import exp

from localcloud.athena.sql import special_types
from localcloud.athena.sql.nodes import type_of
from localcloud.lake.types import parts


def at_zone(kind: str | None, zone: exp.Expr) -> str | None:
    """The type of `value AT TIME ZONE zone`."""
    if kind is None:
        return None
    if isinstance(zone, exp.Literal) and zone.is_string and kind.startswith("timestamp"):
        return special_types.with_zone(kind, zone.name)
    return kind if "zone" in kind else f"{kind} with time zone"


def other_type(node: exp.Expr) -> str | None:
    """The type of an element, a field, an interval or what gives the same type always; None for any other node."""
    if isinstance(node, exp.Bracket):
        base, inner = parts(type_of(node.this) or "")
        return inner[-1] if base in ("array", "map") else None
    if isinstance(node, exp.Dot):
        base, fields = parts(type_of(node.this) or "")
        named = dict((field.partition(" ")[0], field.partition(" ")[2]) for field in fields) if base == "row" else {}
        return named.get(node.expression.name.lower())
    if isinstance(node, exp.Interval):
        unit = node.args["unit"].name.upper() if node.args.get("unit") else ""
        return "interval year to month" if unit in ("YEAR", "MONTH") else "interval day to second"
    fixed: dict[type[exp.Expr], str] = {
        exp.Extract: "bigint",
        exp.CurrentDate: "date",
        exp.CurrentTimestamp: "timestamp(3) with time zone",
        exp.Localtimestamp: "timestamp(3)",
        exp.Trim: "varchar",
        exp.Substring: "varchar",
        exp.StrPosition: "bigint",
        exp.GroupConcat: "varchar",
        exp.HexString: "varbinary",
        exp.ParseJSON: "json",
    }
    if isinstance(node, exp.AtTimeZone):
        return at_zone(type_of(node.this), node.args["zone"])
    return fixed.get(type(node))
