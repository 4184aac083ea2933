"""Users, groups and roles as GRANT, REVOKE and their like name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.redshift.engine.grants_checks import SYSTEM_ROLES
from localcloud.redshift.engine.policies import POLICY, find
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session


def principal(words: Words) -> str:
    """A name, or one of AWS's own roles such as `sys:secadmin`."""
    name = words.name()
    return f"{name}:{words.name()}" if words.accept(":") else name


def grantees(words: Words) -> list[tuple[str, str]]:
    """`user`, `GROUP group`, `ROLE role`, `RLS POLICY policy` and `PUBLIC` as (kind, name), up to the last one."""
    found = []
    while True:
        if words.accept("RLS", "POLICY"):
            found.append((POLICY, words.name()))
        elif words.accept("PUBLIC"):
            found.append(("public", "public"))
        else:
            kind = "group" if words.accept("GROUP") else "role" if words.accept("ROLE") else "user"
            found.append((kind, principal(words)))
        if not words.accept(","):
            return found


def exists(session: Session, kind: str, name: str) -> bool:
    if kind == "public" or (kind == "role" and name in SYSTEM_ROLES) or (kind == "user" and name == session.user):
        return True
    if kind == POLICY:
        return find(session, name) is not None
    return bool(session.catalog.rows("SELECT 1 FROM {c}.principals WHERE principal_name = ? AND kind = ?", name, kind))


def require_grantee(session: Session, kind: str, name: str) -> None:
    """Raises RedshiftError 42704 for a user, group or role that isn't there."""
    if not exists(session, kind, name):
        raise RedshiftError("42704", f'{kind} "{name}" does not exist')
