"""SQL user-defined functions: CREATE FUNCTION … LANGUAGE sql keeps an expression that is put in place of each call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.engine import grants_checks
from localcloud.redshift.engine.result import Result
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql import types
from localcloud.redshift.sql.functions import FUNCTIONS
from localcloud.redshift.sql.statement import Statement, parse
from localcloud.redshift.sql.translate import UserFunction
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_VOLATILITY = ("VOLATILE", "STABLE", "IMMUTABLE")
_CLAUSES = ("from_", "where", "group", "having", "order", "limit", "into", "with_", "joins")


def create(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """CREATE [OR REPLACE] FUNCTION name (types) RETURNS type volatility AS $$ SELECT … $$ LANGUAGE sql."""
    words = Words(statement.tokens)
    words.expect("CREATE")
    replace = words.accept("OR", "REPLACE")
    words.expect("FUNCTION")
    schema, name = _place(session, words.dotted_name())
    arguments = _types(words)
    words.expect("RETURNS")
    returns = _type(words, _VOLATILITY)
    volatility = words.next().text.upper()
    if volatility not in _VOLATILITY:
        raise RedshiftError("42601", "a function must be VOLATILE, STABLE or IMMUTABLE")
    words.expect("AS")
    body = words.string()
    words.expect("LANGUAGE")
    language = words.name()
    if language != "sql":
        raise unsupported(f"a user-defined function in {language}")
    words.end()
    _check_body(body)
    if name in FUNCTIONS:
        raise RedshiftError("42723", f"function {name} is built in")
    existing = entry(session, schema, name, arguments)
    if existing is not None:
        if not replace:
            raise RedshiftError("42723", f'function "{name}" already exists with same argument types')
        _require_owner(session, name, existing)
        _remove(session, schema, name, arguments)
    oid = existing[0] if existing else _granted_oid(session, schema)
    session.catalog.rows(
        "INSERT INTO {c}.functions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        schema, name, arguments, returns, volatility, body, session.user, oid,
    )  # fmt: skip
    return Result("CREATE FUNCTION")


def _granted_oid(session: Session, schema: str) -> int:
    """The object id of a new function, which everybody may execute until that is revoked."""
    oid = session.catalog.next_oid()
    session.catalog.rows(
        "INSERT INTO {c}.privileges VALUES ('function', ?, '', 'execute', 'public', 'public', false, ?)",
        oid,
        session.user,
    )
    session.catalog.grant_defaults("function", oid, session.user, schema)
    return oid


def drop(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """DROP FUNCTION name (types) [CASCADE|RESTRICT]; views that call it stop working."""
    words = Words(statement.tokens)
    words.expect("DROP", "FUNCTION")
    schema, name = _place(session, words.dotted_name())
    arguments = _types(words)
    if not words.accept("CASCADE"):
        words.accept("RESTRICT")
    words.end()
    existing = entry(session, schema, name, arguments)
    if existing is None:
        raise missing(name, arguments)
    _require_owner(session, name, existing)
    _remove(session, schema, name, arguments)
    session.catalog.rows("DELETE FROM {c}.privileges WHERE object_kind = 'function' AND object_oid = ?", existing[0])
    return Result("DROP FUNCTION")


def find(session: Session, schema: str, name: str, count: int) -> UserFunction | None:
    """The function that a call with `count` arguments means; `schema` is '' where the call names none."""
    for place in [schema] if schema else session.names.search_path():
        rows = session.catalog.rows(
            "SELECT argument_types, return_type, body, owner, oid FROM {c}.functions"
            " WHERE schema_name = ? AND function_name = ? AND len(argument_types) = ?",
            place, name, count,
        )  # fmt: skip
        if len(rows) > 1:
            raise unsupported(f"a call of {name}, which is defined for several types of its {count} arguments,")
        if rows:
            arguments, returns, body, owner, oid = rows[0]
            _require_execute(session, name, owner, oid)
            return UserFunction(tuple(arguments), returns, parse(body))
    return None


def _require_execute(session: Session, name: str, owner: str, oid: int | None) -> None:
    """A function made before functions had rights (without `oid`) is everybody's. Raises RedshiftError 42501."""
    acting = session.names.acting
    if acting is None or oid is None or acting == owner or grants_checks.is_superuser(session, acting):
        return
    if "" not in grants_checks.granted_columns(session, acting, "function", oid, "execute"):
        raise RedshiftError("42501", f"permission denied for function {name}")


def named(session: Session, words: Words) -> tuple[int, str, str]:
    """Object id, name and owner of the function that `name (types)` says; raises RedshiftError 42883."""
    schema, name = _place(session, words.dotted_name())
    arguments = _types(words)
    found = entry(session, schema, name, arguments)
    if found is None or found[0] is None:
        raise missing(name, arguments)
    return found[0], name, found[1]


def in_schema(session: Session, schema: str) -> list[tuple[int, str, str]]:
    """The same of all functions of a schema."""
    session.catalog.require_schema(schema)
    rows = session.catalog.rows(
        "SELECT oid, function_name, owner FROM {c}.functions WHERE schema_name = ? AND oid IS NOT NULL", schema
    )
    return [(int(oid), str(name), str(owner)) for oid, name, owner in rows]


def missing(name: str, arguments: Sequence[str]) -> RedshiftError:
    return RedshiftError("42883", f"function {name}({', '.join(arguments)}) does not exist")


def _place(session: Session, parts: tuple[str, ...]) -> tuple[str, str]:
    schema = parts[-2] if len(parts) > 1 else session.names.creation_schema()
    session.catalog.require_schema(schema)
    grants_checks.require_schema(session, schema, "usage")
    return schema, parts[-1]


def _types(words: Words) -> list[str]:
    words.expect("(")
    found: list[str] = []
    while not words.accept(")"):
        found.append(_type(words, (",", ")")))
        words.accept(",")
    return found


def _type(words: Words, ends: Sequence[str]) -> str:
    """A type up to one of the words `ends`, in format_type's words."""
    parts: list[str] = []
    depth = 0
    while depth or words.peek() not in ends:
        text = words.next().text
        depth += {"(": 1, ")": -1}.get(text, 0)
        parts.append(text)
    written = " ".join(parts)
    if written.lower() in ("anyelement", "anyarray"):
        raise unsupported(f"the type {written.lower()} in a function")
    return types.of_declaration(exp.DataType.build(written, dialect="redshift")).name


def _check_body(body: str) -> None:
    tree = parse(body)
    if not isinstance(tree, exp.Select) or len(tree.expressions) != 1 or any(tree.args.get(key) for key in _CLAUSES):
        raise RedshiftError("42601", "the body of a SQL function is SELECT and one expression")


def entry(session: Session, schema: str, name: str, arguments: Sequence[str]) -> tuple[int, str] | None:
    """Object id and owner of a function."""
    rows = session.catalog.rows(
        "SELECT oid, owner FROM {c}.functions WHERE schema_name = ? AND function_name = ? AND argument_types = ?",
        schema, name, list(arguments),
    )  # fmt: skip
    return (rows[0][0], str(rows[0][1])) if rows else None


def _require_owner(session: Session, name: str, existing: tuple[int, str]) -> None:
    if session.user != existing[1] and not grants_checks.is_superuser(session, session.user):
        raise RedshiftError("42501", f"must be owner of function {name}")


def _remove(session: Session, schema: str, name: str, arguments: Sequence[str]) -> None:
    session.catalog.rows(
        "DELETE FROM {c}.functions WHERE schema_name = ? AND function_name = ? AND argument_types = ?",
        schema, name, list(arguments),
    )  # fmt: skip
