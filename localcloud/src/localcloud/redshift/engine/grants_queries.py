"""The rights that a query or a change of rows needs, found on its tree; row-level security on what it writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.engine import grants_checks, policies
from localcloud.redshift.engine.catalog import RelationEntry
from localcloud.redshift.engine.catalog_tables import HIDDEN_SCHEMA
from localcloud.redshift.errors import unsupported
from localcloud.redshift.sql.translate import RESOLVED, is_cte

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_EVERY = "*"


def authorize(session: Session, tree: exp.Expr, user: str) -> None:
    """Raises RedshiftError 42501; rows that policies hide are taken out of what UPDATE and DELETE see (in `tree`)."""
    target = _target(tree)
    if target is not None:
        _authorize_change(session, tree, target, user)
    if not tree.find(exp.Table) or grants_checks.is_superuser(session, user):
        return
    for table in tree.find_all(exp.Table):
        if (
            table is not target
            and RESOLVED not in table.meta
            and isinstance(table.this, exp.Identifier)
            and not is_cte(table)
        ):
            _authorize_reading(session, tree, table, user)


def _target(tree: exp.Expr) -> exp.Table | None:
    if not isinstance(tree, (exp.Insert, exp.Update, exp.Delete, exp.Merge)):
        return None
    written = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    return written if isinstance(written, exp.Table) else None


def _entry(session: Session, table: exp.Table) -> RelationEntry | None:
    """The relation of the catalogue that the name means; None for temporary, external and system relations."""
    if table.db in ("pg_catalog", "information_schema", HIDDEN_SCHEMA):
        return None
    schema, name = session.names.place(table)
    return None if schema == "pg_temp" else session.catalog.relation(schema, name)


def _authorize_reading(session: Session, tree: exp.Expr, table: exp.Table, user: str) -> None:
    if table.catalog and table.catalog != session.database.name:
        return  # what is asked for there decides when it is read
    entry = _entry(session, table)
    if entry is None:
        if table.db:
            grants_checks.require_schema(session, table.db, "usage", user)
        return
    used = set(_used_columns(session, tree, table, entry))
    grants_checks.require_columns(session, entry, "select", used, user)


def _used_columns(session: Session, tree: exp.Expr, table: exp.Table, entry: RelationEntry) -> Iterator[str]:
    """Names in the statement that may mean a column of the table: rather one too many than one too few."""
    known = {column.name for column in session.catalog.columns(entry.oid)}
    alias = table.args.get("alias")
    if alias is not None and alias.args.get("columns"):
        yield _EVERY
    for star in tree.find_all(exp.Star):
        if not isinstance(star.parent, exp.Count):
            yield _EVERY
    for column in tree.find_all(exp.Column):
        if column.table in ("", table.alias_or_name) and (column.name in known or column.name == table.alias_or_name):
            yield column.name
    for join in tree.find_all(exp.Join):
        if join.method:
            yield _EVERY
        yield from (shared.name for shared in join.args.get("using") or [] if shared.name in known)


def _authorize_change(session: Session, tree: exp.Expr, target: exp.Table, user: str) -> None:
    entry = _entry(session, target)
    if entry is None:
        return
    target.meta[RESOLVED] = session.names.stored(entry)
    if isinstance(tree, exp.Merge):
        _authorize_merge(session, tree, entry, user)
        return
    if isinstance(tree, exp.Insert):
        grants_checks.require_relation(session, entry, "insert", user)
        return
    if isinstance(tree, exp.Update):
        changed = [assignment.this.name for assignment in tree.expressions]
        grants_checks.require_columns(session, entry, "update", changed, user)
        values: Iterable[exp.Expr] = [assignment.expression for assignment in tree.expressions]
    else:
        grants_checks.require_relation(session, entry, "delete", user)
        values = []
    where = tree.args.get("where")
    read = [name for part in [*values, where] if part for name in _used_columns(session, part, target, entry)]
    if read:
        grants_checks.require_columns(session, entry, "select", read, user)
    _hide_rows(session, tree, target, entry)


def _hide_rows(session: Session, tree: exp.Expr, target: exp.Table, entry: RelationEntry) -> None:
    """UPDATE and DELETE reach only rows that the user's policies show."""
    query = policies.visible_rows(session, entry, output="rowid")
    if query is None:
        return
    visible = exp.table_("visible", quoted=True)
    visible.meta[RESOLVED] = session.names.visible(query)
    rows = exp.select(exp.column("rowid", table="visible", quoted=True)).from_(visible)
    condition = exp.In(this=exp.column("rowid", table=target.alias_or_name, quoted=True), query=exp.Subquery(this=rows))
    where = tree.args.get("where")
    tree.set("where", exp.Where(this=exp.and_(where.this, condition) if where else condition))


def _authorize_merge(session: Session, tree: exp.Merge, entry: RelationEntry, user: str) -> None:
    needed = {"select"}
    for when in tree.args["whens"].expressions:
        action = when.args["then"]
        needed.add(
            "update" if isinstance(action, exp.Update) else "insert" if isinstance(action, exp.Insert) else "delete"
        )
    for privilege in sorted(needed):
        grants_checks.require_relation(session, entry, privilege, user)
    if policies.visible_rows(session, entry) is not None:
        raise unsupported("MERGE into a table with row-level security")
