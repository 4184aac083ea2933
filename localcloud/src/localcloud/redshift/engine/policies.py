"""Row-level security: which rows of a relation a user may see, as a query put in the relation's place."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.engine import grants_checks
from localcloud.redshift.engine.catalog import RelationEntry
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql.statement import parse
from localcloud.redshift.sql.translate import is_cte

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

POLICY = "rls policy"
"""The kind of grantee that a policy is for the lookup tables its predicate reads."""


@dataclass(frozen=True)
class Policy:
    """`columns` are (name, type) of WITH; `predicate` is Redshift SQL over them, qualified with `alias` where given."""

    oid: int
    name: str
    alias: str
    columns: tuple[tuple[str, str], ...]
    predicate: str


def find(session: Session, name: str) -> Policy | None:
    rows = session.catalog.rows(
        "SELECT oid, policy_name, alias, columns, predicate FROM {c}.rls_policies WHERE policy_name = ?", name
    )
    return _policy(rows[0]) if rows else None


def _policy(row: tuple[int, str, str, str, str]) -> Policy:
    oid, name, alias, columns, predicate = row
    return Policy(oid, name, alias, tuple((column, kind) for column, kind in json.loads(columns)), predicate)


def visible_rows(session: Session, entry: RelationEntry, output: str = "*") -> exp.Select | None:
    """`SELECT output FROM relation WHERE …` with what the session's user may see; None when that is all of it.

    The policies of whoever runs the statement count, also for what a view of somebody else's reads.
    """
    if not entry.protection or grants_checks.has_system_privilege(session, session.user, "ignore rls"):
        return None
    found = _attached(session, entry)
    conditions = [exp.paren(_condition(session, policy, entry)) for policy in found]
    combine = exp.and_ if entry.protection == "AND" else exp.or_
    condition = combine(*conditions) if conditions else exp.false()
    return exp.select(output).from_(exp.table_(entry.name, db=entry.schema, quoted=True)).where(condition)


def _attached(session: Session, entry: RelationEntry) -> list[Policy]:
    holders = grants_checks.held(session, session.user)
    rows = session.catalog.rows(
        "SELECT DISTINCT a.grantee, a.grantee_kind, p.oid, policy_name, alias, columns, predicate"
        " FROM {c}.rls_attachments a JOIN {c}.rls_policies p ON p.oid = a.policy_oid"
        " WHERE relation_oid = ? ORDER BY p.oid",
        entry.oid,
    )
    found = {row[2]: _policy(row[2:]) for row in rows if (row[0], row[1]) in holders}
    return list(found.values())


def _condition(session: Session, policy: Policy, entry: RelationEntry) -> exp.Expr:
    condition = parse(policy.predicate).copy()
    for column in condition.find_all(exp.Column):
        if policy.alias and column.table.lower() == policy.alias:
            column.set("table", exp.to_identifier(entry.name, quoted=True))
    for table in condition.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier) and not is_cte(table):
            _require_lookup(session, policy, table)
    return condition


def _require_lookup(session: Session, policy: Policy, table: exp.Table) -> None:
    """A policy reads a lookup table by a grant of its own, whatever the user may read."""
    schema, name = session.names.place(table)
    entry = session.catalog.require(schema, name)
    granted = session.catalog.rows(
        "SELECT 1 FROM {c}.privileges WHERE object_kind = 'relation' AND object_oid = ? AND privilege = 'select'"
        " AND grantee = ? AND grantee_kind = ?",
        entry.oid,
        policy.name,
        POLICY,
    )
    if not granted:
        raise RedshiftError(
            "42501", f"permission denied for relation {name}: GRANT SELECT ON {name} TO RLS POLICY {policy.name}"
        )
