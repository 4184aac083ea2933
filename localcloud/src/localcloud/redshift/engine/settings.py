"""SET, RESET, SHOW and USE: session parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.engine.result import Column, Result, of_rows
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

DEFAULTS = {
    "search_path": '"$user", public',
    "timezone": "UTC",
    "query_group": "default",
    "datestyle": "ISO, MDY",
    "client_encoding": "UTF8",
    "server_version": "8.0.2",
    "server_encoding": "UTF8",
    "standard_conforming_strings": "off",
    "transaction_isolation": "SERIALIZABLE",
    "transaction isolation level": "SERIALIZABLE",
    "extra_float_digits": "0",
    "statement_timeout": "0",
    "enable_case_sensitive_identifier": "off",
    "enable_result_cache_for_session": "on",
    "application_name": "",
    "max_index_keys": "32",
    "is_superuser": "on",
    "integer_datetimes": "on",
    "downcase_delimited_identifier": "on",
    "spectrum_enable_pseudo_columns": "on",
}
_FIXED = {
    "timezone": {"utc", "default", "gmt"},
    "enable_case_sensitive_identifier": {"off", "false", "default"},
    "downcase_delimited_identifier": {"on", "true", "default"},
    "datestyle": {"iso", "iso, mdy", "default", "iso,mdy"},
    "client_encoding": {"utf8", "unicode", "utf-8", "default"},
    "extra_float_digits": {"0", "1", "2", "3", "default"},
    "spectrum_enable_pseudo_columns": {"on", "true", "off", "false", "default"},
}
"""Parameters whose other values would change answers: anything else is refused."""
_WITHOUT_EFFECT = frozenset({"wlm_query_slot_count", "analyze_threshold_percent", "auto_analyze", "names"})
"""Parameters that are about a cluster's resources: remembered, with no effect here."""


def set_value(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """SET [SESSION|LOCAL] {name {=|TO} | TIME ZONE} value.

    Transaction characteristics are accepted, all being snapshots.
    """
    words = Words(statement.tokens)
    words.expect("SET")
    if not words.accept("SESSION"):
        words.accept("LOCAL")
    if words.accept("TRANSACTION") or words.accept("CHARACTERISTICS") or words.accept("SESSION", "AUTHORIZATION"):
        if "AUTHORIZATION" in statement.text.upper():
            raise unsupported("SET SESSION AUTHORIZATION")
        return Result("SET")
    names_zone = words.peek() == "TIME"
    name = _name(words)
    if not names_zone and not words.accept("="):
        words.expect("TO")
    value = statement.text[words.next().start :].strip()
    value = value[1:-1].replace("''", "'") if value[:1] == "'" and value[-1:] == "'" else value
    _assign(session, name, value)
    return Result("SET")


def apply_calls(session: Session, query: exp.Expr) -> None:
    """Do what the query's calls of set_config(name, value, is_local) ask for; the calls themselves give the values."""
    for node in query.find_all(exp.Anonymous):
        if str(node.this).lower() != "set_config":
            continue
        arguments = node.expressions
        literal = len(arguments) == 3 and all(isinstance(each, exp.Literal) for each in arguments[:2])
        if not literal or query.args.get("from_") is not None or not isinstance(arguments[2], exp.Boolean):
            raise unsupported("set_config of anything but literals, or for the rows of a table")
        if arguments[2].this:
            raise unsupported("set_config for the current transaction only")
        _assign(session, arguments[0].name.lower(), arguments[1].name)


def publish(session: Session) -> None:
    """Let current_setting() see the parameters."""
    known = {**DEFAULTS, **session.settings}
    session.connection.execute("SET VARIABLE rs_settings = MAP(?, ?)", [list(known), list(known.values())])


def _assign(session: Session, name: str, value: str) -> None:
    """Set one parameter; a name with a point is a variable of the client's own, which policies may read."""
    if name not in DEFAULTS and name not in _WITHOUT_EFFECT and "." not in name:
        raise RedshiftError("42704", f'configuration parameter "{name}" is unknown or not supported by the local cloud')
    if name == "statement_timeout" and value.lower() != "default" and not value.isdigit():
        raise RedshiftError("22023", f'invalid value for parameter "statement_timeout": "{value}"')
    if name in _FIXED and value.lower() not in _FIXED[name]:
        raise unsupported(f"SET {name} TO {value}")
    session.settings[name] = DEFAULTS.get(name, "") if value.upper() == "DEFAULT" else value
    _follow_search_path(session)
    publish(session)


def _follow_search_path(session: Session) -> None:
    """current_schema() is the first schema of the search path that exists; pg_table_is_visible() reads all of them."""
    schemas = [name for name in session.names.search_path() if session.catalog.has_schema(name)] or ["public"]
    session.connection.execute("SET VARIABLE rs_schema = ?", [schemas[0]])
    session.connection.execute("SET VARIABLE rs_search_path = ?", [schemas])


def reset(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    words = Words(statement.tokens)
    words.expect("RESET")
    name = _name(words)
    for setting in list(session.settings) if name == "all" else [name]:
        session.settings[setting] = DEFAULTS.get(setting, "")
    _follow_search_path(session)
    publish(session)
    return Result("RESET")


def use_database(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    words = Words(statement.tokens)
    words.expect("USE")
    if words.name() != session.database.name:
        raise unsupported("USE of another database")
    return Result("USE")


def show(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    words = Words(statement.tokens)
    words.expect("SHOW")
    name = " ".join([_name(words), *(words.next().text.lower() for _ in range(len(statement.tokens) - words.at))])
    known = {**DEFAULTS, **session.settings}
    if name not in known:
        raise RedshiftError("42704", f'unrecognized configuration parameter "{name}"')
    return of_rows("SHOW", [Column(name, "VARCHAR")], [(known[name],)])


def _name(words: Words) -> str:
    if words.accept("TIME", "ZONE"):
        return "timezone"
    name = words.next().text.lower()
    while words.accept("."):
        name += f".{words.next().text.lower()}"
    return name
