"""Where Redshift's operators and functions mean something else than DuckDB's: rewritten on the tree, node by node."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from sqlglot import exp

from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql import aggregates, arithmetic, casts, dates, formats, kinds, super_values
from localcloud.redshift.sql.expressions import KIND, kind_of
from localcloud.redshift.sql.functions import FUNCTIONS, system_functions
from localcloud.redshift.sql.nodes import BUILT, call, cast

Change = Callable[[exp.Expression], exp.Expression]


def rewrite(tree: exp.Expression) -> exp.Expression:
    """Apply every rewrite, innermost nodes first; a replacement keeps the type of what it stands for.

    A change may move its node, or what is below it, into what it returns: nothing has to be copied.
    """
    for node in list(tree.walk(bfs=False))[::-1]:
        change = _rewrite_of(type(node))
        if change is None:
            continue
        kind, parent, key, index = kind_of(node), node.parent, node.arg_key, node.index
        replacement = change(node)
        if replacement is node:
            continue
        replacement.meta[KIND] = kind
        if node is tree:
            tree = replacement
            tree.parent = None
        elif parent is not None and key is not None:
            parent.set(key, replacement, index)
    return tree


@lru_cache(maxsize=1024)
def _rewrite_of(kind: type[exp.Expression]) -> Change | None:
    found = next((_REWRITES[base] for base in kind.__mro__ if base in _REWRITES), None)
    if found is None and issubclass(kind, exp.Func) and kind not in _UNCHANGED:
        return _refuse(f"the function {kind.sql_name().lower()}()")
    return found


_UNCHANGED = frozenset(
    {
        exp.And, exp.Or, exp.Case, exp.If, exp.Coalesce, exp.Greatest, exp.Least, exp.DecodeCase, exp.Exists,
        exp.Any, exp.Count, exp.Min, exp.Max, exp.ApproxDistinct, exp.GroupConcat, exp.Trim, exp.RegexpLike,
        exp.RegexpILike, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue, exp.CurrentDate, exp.Nvl2,
        exp.PercentileCont, exp.PercentileDisc, exp.Median, exp.Nullif, exp.Array,
    }
)  # fmt: skip
"""Functions for which sqlglot writes DuckDB's equivalent."""


def _like(node: exp.Expression) -> exp.Expression:
    if kind_of(node.this) == kinds.SUPER:
        node.set("this", call("rs_super_varchar", node.this))
    if isinstance(node.parent, exp.Escape):
        return node
    return exp.Escape(this=node, expression=exp.Literal.string("\\"))


def _similar(node: exp.Expression) -> exp.Expression:
    pattern = node.expression
    if not isinstance(pattern, exp.Literal) or isinstance(node.parent, exp.Escape):
        raise unsupported("SIMILAR TO with ESCAPE or a pattern that is no literal")
    regex = "".join({"%": ".*", "_": ".", ".": "\\.", "^": "\\^", "$": "\\$"}.get(c, c) for c in pattern.name)
    return call("regexp_full_match", node.this, exp.Literal.string(regex))


def _anonymous(node: exp.Expression) -> exp.Expression:
    if node.meta.get(BUILT):
        return node
    name = node.name.lower()
    if name in _BY_NAME:
        return _BY_NAME[name](node)
    if name in FUNCTIONS:
        node.set("this", FUNCTIONS[name].duckdb)
        return node
    if name in system_functions():
        node.set("this", f"rs_{name}")
        return node
    raise RedshiftError("42883", f"function {name}() does not exist or is not supported by the local cloud")


def _formatted(node: exp.Anonymous) -> exp.Expression:
    """to_char, to_date and to_timestamp."""
    name = str(node.this).lower()
    if len(node.expressions) != 2 or not isinstance(node.expressions[1], exp.Literal):
        raise unsupported(f"{name} without a literal format")
    value, pattern = node.expressions[0], node.expressions[1].name
    if name == "to_char":
        if kinds.is_number(kind_of(value)):
            raise unsupported("to_char of a number")
        return formats.to_char(dates.moment(value), pattern)
    moment = formats.parse_timestamp(value, pattern, name)
    return exp.Cast(this=moment, to=exp.DataType.build("DATE" if name == "to_date" else "TIMESTAMPTZ"))


def _truncate(node: exp.Anonymous) -> exp.Expression:
    """TRUNC of a timestamp is its date, TRUNC of a number cuts decimals."""
    value = node.expressions[0]
    if kind_of(value) in (kinds.TIMESTAMP, kinds.TIMESTAMPTZ, kinds.DATE):
        return cast(value, kinds.DATE)
    return call("trunc", *node.expressions)


def _round(node: exp.Anonymous) -> exp.Expression:
    """A float is rounded half to even, as PostgreSQL's dround does, any other number half away from zero."""
    value = node.expressions[0]
    if kinds.is_float(kind_of(value)) and len(node.expressions) == 1:
        return call("round_even", value, exp.Literal.number(0))
    return call("round", *node.expressions)


def _sign(node: exp.Anonymous) -> exp.Expression:
    return cast(call("sign", *node.expressions), kind_of(node) or kinds.DOUBLE)


def _end_of_text(node: exp.Anonymous) -> exp.Expression:
    """LEFT and RIGHT; a literal length is not negative, and DuckDB takes the check for a side effect."""
    name = str(node.this).lower()
    return call(name if isinstance(node.expressions[1], exp.Literal) else f"rs_{name}", *node.expressions)


def _length(node: exp.Anonymous) -> exp.Expression:
    """Trailing blanks of a CHAR are not counted; bytes of a VARBYTE are."""
    value = node.expressions[0]
    if kind_of(value) == kinds.VARBYTE:
        return call("rs_octet_length", value)
    return call("rs_len", value)


def _series(node: exp.Anonymous) -> exp.Expression:
    """In the place of a value, one row for each number."""
    series = call("generate_series", *node.expressions)
    return series if isinstance(node.parent, exp.Table) else call("unnest", series)


def _json_path(node: exp.Anonymous) -> exp.Expression:
    """JSON_EXTRACT_PATH_TEXT takes up to five path elements; a last TRUE asks for NULL instead of an error."""
    document, *path = node.expressions
    lenient = isinstance(path[-1], exp.Boolean)
    if lenient and path.pop().this is False:
        lenient = False
    keys = exp.Array(expressions=[step for step in path])
    return call("rs_json_path_text", document, keys, exp.Boolean(this=lenient))


def _substring(node: exp.Expression) -> exp.Expression:
    arguments = [node.this, node.args.get("start") or exp.Literal.number(1)]
    if node.args.get("length") is not None:
        arguments.append(node.args["length"])
    return call("rs_substring", *arguments)


def _position(node: exp.Expression) -> exp.Expression:
    return call("rs_strpos", node.this, node.args["substr"])


def _concatenate(node: exp.Expression) -> exp.Expression:
    """DuckDB gives NULL no type."""
    if kinds.SUPER in (kind_of(node.this), kind_of(node.expression)):
        raise unsupported("|| on SUPER values without a cast")
    if kinds.VARBYTE in (kind_of(node.this), kind_of(node.expression)) or isinstance(node.parent, exp.DPipe):
        return node
    return cast(exp.Paren(this=node), kinds.VARCHAR)


def _strip_catalog(node: exp.Expression) -> exp.Expression:
    """`pg_catalog.format_type(…)` is `format_type(…)`."""
    if kind_of(node.this) == kinds.SUPER:
        return super_values.navigate_dot(node)
    if isinstance(node.this, (exp.Identifier, exp.Column)) and node.this.name == "pg_catalog":
        return node.expression
    return node


def _unbound(node: exp.Expression) -> exp.Expression:
    raise RedshiftError("42P02", f"there is no parameter {node.sql()}")


def _refuse(feature: str) -> Change:
    def refuse(_: exp.Expression) -> exp.Expression:
        raise unsupported(feature)

    return refuse


def _session_macro(name: str) -> Change:
    return lambda _: call(name)


def _list_aggregate(node: exp.Expression) -> exp.Expression:
    """LISTAGG with its default separator; with DISTINCT, sqlglot takes the separator for a second argument of it."""
    arguments = node.this.expressions if isinstance(node.this, exp.Distinct) else [node.this]
    separator = node.args.get("separator") or (arguments[1] if len(arguments) > 1 else exp.Literal.string(""))
    if isinstance(node.this, exp.Distinct):
        node.set("this", exp.Distinct(expressions=[arguments[0].copy()]))
    node.set("separator", separator.copy())
    return node


_BY_NAME: dict[str, Callable[[exp.Anonymous], exp.Expression]] = {
    "to_char": _formatted,
    "to_date": _formatted,
    "to_timestamp": _formatted,
    "trunc": _truncate,
    "round": _round,
    "sign": _sign,
    "left": _end_of_text,
    "right": _end_of_text,
    "len": _length,
    "length": _length,
    "char_length": _length,
    "character_length": _length,
    "textlen": _length,
    "mod": lambda node: arithmetic.modulo(
        exp.Mod(this=exp.Paren(this=node.expressions[0]), expression=exp.Paren(this=node.expressions[1]))
    ),
    "dateadd": dates.dateadd,
    "date_add": dates.dateadd,
    "datediff": dates.datediff,
    "date_diff": dates.datediff,
    "date_part": dates.date_part,
    "pgdate_part": dates.date_part,
    "date_part_year": dates.date_part,
    "date_trunc": dates.date_trunc,
    "json_extract_path_text": _json_path,
    "grouping": lambda node: cast(call("grouping", *node.expressions), kinds.INTEGER),
    "generate_series": _series,
    "ratio_to_report": aggregates.ratio_to_report,
}

_REWRITES: dict[type[exp.Expression], Change] = {
    exp.Add: arithmetic.combine,
    exp.Sub: arithmetic.combine,
    exp.Mul: arithmetic.combine,
    exp.Div: arithmetic.divide,
    exp.Mod: arithmetic.modulo,
    exp.EQ: arithmetic.compare,
    exp.NEQ: arithmetic.compare,
    exp.LT: arithmetic.compare,
    exp.LTE: arithmetic.compare,
    exp.GT: arithmetic.compare,
    exp.GTE: arithmetic.compare,
    exp.Between: arithmetic.compare,
    exp.In: arithmetic.compare,
    exp.Cast: casts.rewrite_cast,
    exp.TryCast: _refuse("TRY_CAST"),
    exp.Like: _like,
    exp.ILike: _like,
    exp.SimilarTo: _similar,
    exp.Sum: aggregates.total,
    exp.Avg: aggregates.average,
    exp.GroupConcat: _list_aggregate,
    exp.Anonymous: _anonymous,
    exp.Extract: dates.extract,
    exp.Substring: _substring,
    exp.StrPosition: _position,
    exp.CurrentTimestamp: _session_macro("rs_sysdate"),
    exp.Dot: _strip_catalog,
    exp.CurrentUser: _session_macro("rs_current_user"),
    exp.SessionUser: _session_macro("rs_current_user"),
    exp.CurrentDatabase: _session_macro("rs_current_database"),
    exp.CurrentSchema: _session_macro("rs_current_schema"),
    exp.Placeholder: _unbound,
    exp.Pivot: _refuse("PIVOT"),
    exp.TableSample: _refuse("TABLESAMPLE"),
    exp.Bracket: super_values.navigate_bracket,
    exp.Column: super_values.navigate_column,
    exp.Is: super_values.is_null,
    exp.DPipe: _concatenate,
    exp.MatchRecognize: _refuse("MATCH_RECOGNIZE"),
}
