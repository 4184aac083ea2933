"""CREATE, ALTER, DROP, ATTACH and DETACH RLS POLICY, and ALTER TABLE … ROW LEVEL SECURITY."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.engine import grants_checks, policies
from localcloud.redshift.engine.catalog import RelationEntry
from localcloud.redshift.engine.grants_names import grantees, require_grantee
from localcloud.redshift.engine.result import Result
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.declarations import column_declaration
from localcloud.redshift.sql.statement import Statement, parse
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session


def create(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """CREATE RLS POLICY name [WITH (column type, …) [[AS] alias]] USING (predicate)."""
    words = _begin(session, statement, "CREATE")
    name = _own_name(session, words)
    if policies.find(session, name):
        raise RedshiftError("42710", f'RLS policy "{name}" already exists')
    columns: list[tuple[str, str]] = []
    alias = ""
    if words.accept("WITH"):
        declared = column_declaration(_in_parentheses(words, statement.text)).columns
        columns = [(column.name, column.type_name) for column in declared]
        words.accept("AS")
        alias = "" if words.peek() == "USING" else words.name()
    predicate = _predicate(words, statement.text)
    session.catalog.rows(
        "INSERT INTO {c}.rls_policies VALUES (?, ?, ?, ?, ?, ?, now()::TIMESTAMP)",
        session.catalog.next_oid(),
        name,
        alias,
        json.dumps(columns),
        predicate,
        session.user,
    )
    return Result("CREATE RLS POLICY")


def alter(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """ALTER RLS POLICY name USING (predicate)."""
    words = _begin(session, statement, "ALTER")
    policy = _require(session, _own_name(session, words))
    session.catalog.rows(
        "UPDATE {c}.rls_policies SET predicate = ?, modified_at = now()::TIMESTAMP WHERE oid = ?",
        _predicate(words, statement.text),
        policy.oid,
    )
    return Result("ALTER RLS POLICY")


def drop(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """DROP RLS POLICY [IF EXISTS] name [CASCADE|RESTRICT]; an attached one needs CASCADE."""
    words = _begin(session, statement, "DROP")
    if_exists = words.accept("IF", "EXISTS")
    name = _own_name(session, words)
    cascade = words.accept("CASCADE")
    if not cascade:
        words.accept("RESTRICT")
    words.end()
    if if_exists and policies.find(session, name) is None:
        return Result("DROP RLS POLICY")
    policy = _require(session, name)
    attached = session.catalog.rows("SELECT 1 FROM {c}.rls_attachments WHERE policy_oid = ?", policy.oid)
    if attached and not cascade:
        raise RedshiftError("2BP01", f'cannot drop RLS policy "{name}" because it is attached to a relation')
    session.catalog.rows("DELETE FROM {c}.rls_attachments WHERE policy_oid = ?", policy.oid)
    session.catalog.rows("DELETE FROM {c}.rls_policies WHERE oid = ?", policy.oid)
    session.catalog.rows("DELETE FROM {c}.privileges WHERE grantee = ? AND grantee_kind = ?", name, policies.POLICY)
    return Result("DROP RLS POLICY")


def attach(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """ATTACH RLS POLICY name ON [TABLE] a, b TO user|ROLE role|PUBLIC, …"""
    words = _begin(session, statement, "ATTACH")
    policy = _require(session, _own_name(session, words))
    relations = _relations(session, words)
    words.expect("TO")
    for kind, grantee in grantees(words):
        require_grantee(session, kind, grantee)
        if kind == "group":
            raise RedshiftError("42601", "an RLS policy is attached to users, roles and PUBLIC, not to groups")
        for entry in relations:
            _require_fitting(session, policy, entry)
            _detach(session, policy, entry, grantee, kind)
            session.catalog.rows(
                "INSERT INTO {c}.rls_attachments VALUES (?, ?, ?, ?, ?)",
                policy.oid,
                entry.oid,
                grantee,
                kind,
                session.user,
            )
    return Result("ATTACH RLS POLICY")


def detach(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """DETACH RLS POLICY name ON [TABLE] a, b FROM user|ROLE role|PUBLIC, …"""
    words = _begin(session, statement, "DETACH")
    policy = _require(session, _own_name(session, words))
    relations = _relations(session, words)
    words.expect("FROM")
    for kind, grantee in grantees(words):
        for entry in relations:
            _detach(session, policy, entry, grantee, kind)
    return Result("DETACH RLS POLICY")


def set_protection(session: Session, entry: RelationEntry, words: Words) -> None:
    """The rest of ALTER TABLE … ROW LEVEL SECURITY: ON|OFF [CONJUNCTION TYPE AND|OR] [FOR DATASHARES]."""
    _require_administrator(session)
    on = words.accept("ON")
    if not on:
        words.expect("OFF")
    before = session.catalog.rows("SELECT conjunction FROM {c}.rls_relations WHERE relation_oid = ?", entry.oid)
    conjunction = before[0][0] if before else "AND"
    if words.accept("CONJUNCTION", "TYPE"):
        conjunction = words.next().text.upper()
        if conjunction not in ("AND", "OR"):
            raise RedshiftError("42601", "CONJUNCTION TYPE is AND or OR")
    if words.accept("FOR", "DATASHARES"):
        raise unsupported("row-level security FOR DATASHARES")
    words.end()
    session.catalog.rows("DELETE FROM {c}.rls_relations WHERE relation_oid = ?", entry.oid)
    if on:
        session.catalog.rows("INSERT INTO {c}.rls_relations VALUES (?, ?)", entry.oid, conjunction)


def _begin(session: Session, statement: Statement, verb: str) -> Words:
    _require_administrator(session)
    words = Words(statement.tokens)
    words.expect(verb, "RLS", "POLICY")
    return words


def _require_administrator(session: Session) -> None:
    holders = grants_checks.held(session, session.user)
    if not grants_checks.is_superuser(session, session.user) and (grants_checks.SECURITY_ADMIN, "role") not in holders:
        raise RedshiftError("42501", "permission denied: only superusers and sys:secadmin manage row-level security")


def _own_name(session: Session, words: Words) -> str:
    parts = words.dotted_name()
    if len(parts) > 1 and parts[0] != session.database.name:
        raise unsupported("an RLS policy of another database")
    return parts[-1]


def _require(session: Session, name: str) -> policies.Policy:
    policy = policies.find(session, name)
    if policy is None:
        raise RedshiftError("42704", f'RLS policy "{name}" does not exist')
    return policy


def _in_parentheses(words: Words, text: str) -> str:
    words.expect("(")
    depth, first, last = 1, words.next(), None
    token = first
    while True:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0:
            break
        last, token = token, words.next()
    return text[first.start : last.end + 1] if last else ""


def _predicate(words: Words, text: str) -> str:
    words.expect("USING")
    predicate = _in_parentheses(words, text)
    words.end()
    parse(predicate)
    return predicate


def _relations(session: Session, words: Words) -> list[RelationEntry]:
    words.expect("ON")
    words.accept("TABLE")
    names = [words.dotted_name()]
    while words.accept(","):
        names.append(words.dotted_name())
    found = []
    for parts in names:
        schema, name = session.names.place_of(parts)
        if schema == "pg_temp" or session.catalog.external_schema(schema):
            raise RedshiftError("0A000", f'RLS policies are not supported on temporary and external tables: "{name}"')
        found.append(session.catalog.require(schema, name))
    return found


def _require_fitting(session: Session, policy: policies.Policy, entry: RelationEntry) -> None:
    there = {column.name for column in session.catalog.columns(entry.oid)}
    missing = [name for name, _ in policy.columns if name not in there and not entry.late_binding]
    if missing:
        raise RedshiftError("42703", f'column "{missing[0]}" of RLS policy "{policy.name}" is not in "{entry.name}"')


def _detach(session: Session, policy: policies.Policy, entry: RelationEntry, grantee: str, kind: str) -> None:
    session.catalog.rows(
        "DELETE FROM {c}.rls_attachments"
        " WHERE policy_oid = ? AND relation_oid = ? AND grantee = ? AND grantee_kind = ?",
        policy.oid,
        entry.oid,
        grantee,
        kind,
    )
