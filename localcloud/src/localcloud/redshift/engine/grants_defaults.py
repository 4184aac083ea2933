"""ALTER DEFAULT PRIVILEGES: what the tables and functions that a user makes later are granted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.engine import grants_checks
from localcloud.redshift.engine.grants_names import grantees, require_grantee
from localcloud.redshift.engine.result import Result
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_DEFAULTS = {
    "TABLES": ("relation", ("select", "insert", "update", "delete", "drop", "references", "truncate", "alter")),
    "FUNCTIONS": ("function", ("execute",)),
}
"""Object kinds of ALTER DEFAULT PRIVILEGES, with what ALL stands for."""


def alter_defaults(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """ALTER DEFAULT PRIVILEGES [FOR USER a] [IN SCHEMA s] GRANT|REVOKE privileges ON TABLES|FUNCTIONS TO|FROM …"""
    words = Words(statement.tokens)
    words.expect("ALTER", "DEFAULT", "PRIVILEGES")
    owners = _listed(words) if words.accept("FOR", "USER") else [session.user]
    if owners != [session.user] and not grants_checks.has_system_privilege(
        session, session.user, "alter default privileges"
    ):
        raise RedshiftError("42501", "permission denied to alter another user's default privileges")
    schemas = _listed(words) if words.accept("IN", "SCHEMA") else [""]
    granting = words.accept("GRANT")
    if not granting:
        words.expect("REVOKE")
        words.accept("GRANT", "OPTION", "FOR")
    privileges, kind = _default_privileges(words)
    words.expect("TO" if granting else "FROM")
    receivers = grantees(words)
    option = words.accept("WITH", "GRANT", "OPTION")
    words.accept("RESTRICT")
    words.end()
    for owner, schema, privilege, (receiver_kind, name) in (
        (o, s, p, r) for o in owners for s in schemas for p in privileges for r in receivers
    ):
        require_grantee(session, receiver_kind, name)
        session.catalog.rows(
            "DELETE FROM {c}.default_privileges WHERE owner = ? AND schema_name = ? AND object_kind = ?"
            " AND privilege = ? AND grantee = ? AND grantee_kind = ?",
            *(owner, schema, kind, privilege, name, receiver_kind),
        )
        if granting:
            session.catalog.rows(
                "INSERT INTO {c}.default_privileges VALUES (?, ?, ?, ?, ?, ?, ?)",
                *(owner, schema, kind, privilege, name, receiver_kind, option),
            )
    return Result("ALTER DEFAULT PRIVILEGES")


def _default_privileges(words: Words) -> tuple[list[str], str]:
    privileges = [words.next().text.lower()]
    while words.accept(","):
        privileges.append(words.next().text.lower())
    words.accept("PRIVILEGES")
    words.expect("ON")
    target = words.next().text.upper()
    if target not in _DEFAULTS:
        raise unsupported(f"ALTER DEFAULT PRIVILEGES ON {target}")
    kind, every = _DEFAULTS[target]
    unknown = set(privileges) - set(every) - {"all"}
    if unknown:
        raise RedshiftError("0LP01", f"invalid privilege type {sorted(unknown)[0].upper()} for {target.lower()}")
    return (list(every) if privileges == ["all"] else privileges), kind


def _listed(words: Words) -> list[str]:
    names = [words.name()]
    while words.accept(","):
        names.append(words.name())
    return names
