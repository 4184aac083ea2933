"""What GRANT and REVOKE name before TO and FROM: privileges, and the objects they are on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from localcloud.redshift.engine import user_functions
from localcloud.redshift.engine.grants_checks import DATABASE_OID
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_PRIVILEGES = {
    "relation": ("select", "insert", "update", "delete", "drop", "references", "truncate", "alter"),
    "schema": ("usage", "create", "alter", "drop"),
    "database": ("create", "temp", "temporary", "usage", "alter"),
    "function": ("execute",),
}
"""By kind of object, what may be granted on it; ALL means the whole list."""
_WITH_COLUMNS = ("select", "update")


@dataclass(frozen=True)
class Granted:
    """One privilege on one object; `column` is empty for the object as a whole."""

    kind: str
    oid: int
    privilege: str
    column: str = ""
    name: str = ""
    owner: str = ""


def privileges_on(session: Session, words: Words) -> list[Granted]:
    """`SELECT (a, b), INSERT ON [TABLE] t` and its like, as one entry for each privilege, object and column."""
    wanted = _wanted(words)
    words.expect("ON")
    kind, objects = _objects(session, words)
    known = _PRIVILEGES[kind]
    found = []
    for privilege, columns in wanted:
        if privilege != "all" and privilege not in known:
            if not any(privilege in each for each in _PRIVILEGES.values()):
                raise RedshiftError("42601", f'unrecognized privilege type "{privilege}"')
            raise RedshiftError("0LP01", f"invalid privilege type {privilege.upper()} for {kind}")
        if columns and (kind != "relation" or privilege not in _WITH_COLUMNS):
            raise RedshiftError("0LP01", f"column privileges are only valid for relations, not {privilege.upper()}")
        for each in known if privilege == "all" else [privilege]:
            name = "temp" if each == "temporary" else each
            for oid, label, owner in objects:
                _require_columns(session, oid, label, columns)
                found += [Granted(kind, oid, name, column, label, owner) for column in columns or [""]]
    return found


def _wanted(words: Words) -> list[tuple[str, list[str]]]:
    wanted = []
    while True:
        privilege = words.next().text.lower()
        if privilege == "all":
            words.accept("PRIVILEGES")
        columns = []
        if words.accept("("):
            columns.append(words.name())
            while words.accept(","):
                columns.append(words.name())
            words.expect(")")
        wanted.append((privilege, columns))
        if not words.accept(","):
            return wanted


def _require_columns(session: Session, oid: int, label: str, columns: list[str]) -> None:
    there = {column.name for column in session.catalog.columns(oid)} if columns else set()
    missing = [column for column in columns if column not in there]
    if missing:
        raise RedshiftError("42703", f'column "{missing[0]}" of relation "{label}" does not exist')


def _objects(session: Session, words: Words) -> tuple[str, list[tuple[int, str, str]]]:
    """The kind, and (object id, name, owner) of each object."""
    if words.accept("SCHEMA"):
        return "schema", [_schema(session, parts[-1]) for parts in _dotted_names(words)]
    if words.accept("DATABASE"):
        names = [parts[-1] for parts in _dotted_names(words)]
        if names != [session.database.name]:
            raise unsupported("GRANT or REVOKE on another database")
        return "database", [(DATABASE_OID, names[0], "rdsdb")]
    if words.accept("ALL", "TABLES", "IN", "SCHEMA"):
        return "relation", [each for parts in _dotted_names(words) for each in _relations_of(session, parts[-1])]
    if words.accept("ALL", "FUNCTIONS", "IN", "SCHEMA"):
        found = [user_functions.in_schema(session, parts[-1]) for parts in _dotted_names(words)]
        return "function", [each for functions in found for each in functions]
    if words.accept("FUNCTION"):
        return "function", _functions(session, words)
    if words.peek() in ("PROCEDURE", "LANGUAGE", "DATASHARE", "EXTERNAL", "ALL", "MODEL", "COPY"):
        raise unsupported(f"GRANT or REVOKE ON {words.peek()}")
    words.accept("TABLE")
    return "relation", [_relation(session, parts) for parts in _dotted_names(words)]


def _dotted_names(words: Words) -> list[tuple[str, ...]]:
    names = [words.dotted_name()]
    while words.accept(","):
        names.append(words.dotted_name())
    return names


def _functions(session: Session, words: Words) -> list[tuple[int, str, str]]:
    found = [user_functions.named(session, words)]
    while words.accept(","):
        found.append(user_functions.named(session, words))
    return found


def _schema(session: Session, name: str) -> tuple[int, str, str]:
    identity = session.catalog.schema_identity(name)
    if identity is None:
        raise RedshiftError("3F000", f'schema "{name}" does not exist')
    return identity[0], name, identity[1]


def _relations_of(session: Session, schema: str) -> list[tuple[int, str, str]]:
    _schema(session, schema)
    rows = session.catalog.rows("SELECT oid, relation_name, owner FROM {c}.relations WHERE schema_name = ?", schema)
    return [(int(oid), str(name), str(owner)) for oid, name, owner in rows]


def _relation(session: Session, parts: tuple[str, ...]) -> tuple[int, str, str]:
    schema, name = session.names.place_of(parts)
    entry = session.catalog.require(schema, name)
    return entry.oid, name, entry.owner
