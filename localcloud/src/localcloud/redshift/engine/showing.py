"""SHOW SCHEMAS, TABLES, COLUMNS, DATABASES and GRANTS, with the columns AWS documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.engine.result import Column, Result, of_rows
from localcloud.redshift.errors import unsupported
from localcloud.redshift.sql.statement import Statement, parse
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session


def show_schemas(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """SHOW SCHEMAS FROM DATABASE name [LIKE 'pattern'] [LIMIT n]."""
    words = Words(statement.tokens)
    words.expect("SHOW", "SCHEMAS")
    words.expect("FROM", "DATABASE")
    place = _in_database(session, words.name())
    return _select(place, "SELECT * FROM pg_catalog.svv_all_schemas", "schema_name", words, [])


def show_tables(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """SHOW TABLES FROM SCHEMA [database.]schema [LIKE 'pattern'] [LIMIT n]."""
    words = Words(statement.tokens)
    words.expect("SHOW", "TABLES")
    words.expect("FROM", "SCHEMA")
    parts = words.dotted_name()
    place = _in_database(session, parts[0]) if len(parts) == 2 else session
    return _select(
        place,
        "SELECT * FROM pg_catalog.rs_show_tables WHERE NOT table_name LIKE 'mv\\_tbl\\_\\_%'",
        "table_name",
        words,
        [("schema_name", parts[-1])],
    )


def show_columns(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """SHOW COLUMNS FROM TABLE [database.]schema.table [LIKE 'pattern'] [LIMIT n]."""
    words = Words(statement.tokens)
    words.expect("SHOW", "COLUMNS")
    words.expect("FROM", "TABLE")
    parts = words.dotted_name()
    if len(parts) < 2:
        raise words.error()
    place = _in_database(session, parts[0]) if len(parts) == 3 else session
    place.names.resolve(parts)
    conditions = [("schema_name", parts[-2]), ("table_name", parts[-1])]
    return _select(
        place, "SELECT * FROM pg_catalog.svv_all_columns", "column_name", words, conditions, order="ordinal_position"
    )


def show_databases(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    words = Words(statement.tokens)
    words.expect("SHOW", "DATABASES")
    return _select(session, "SELECT * FROM pg_catalog.svv_redshift_databases", "database_name", words, [])


def show_grants(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """SHOW GRANTS ON TABLE [database.]schema.table."""
    words = Words(statement.tokens)
    words.expect("SHOW", "GRANTS")
    if not words.accept("ON", "TABLE"):
        raise unsupported("SHOW GRANTS on anything but a table")
    parts = words.dotted_name()
    if len(parts) < 2:
        raise words.error()
    place = _in_database(session, parts[0]) if len(parts) == 3 else session
    query = (
        "SELECT current_database() AS database_name, namespace_name AS schema_name, relation_name AS object_name,"
        " 'TABLE' AS object_type,"
        " upper(privilege_type) AS privilege_type, identity_id,"
        # The service shows a group as a role whose name begins with a slash.
        " CASE WHEN identity_type = 'group' THEN '/' || identity_name ELSE identity_name END AS identity_name,"
        " CASE WHEN identity_type = 'group' THEN 'role' ELSE identity_type END AS identity_type, admin_option"
        " FROM pg_catalog.svv_relation_privileges"
    )
    return _select(
        place,
        query,
        "identity_name",
        words,
        [("schema_name", parts[-2]), ("object_name", parts[-1])],
    )


def _in_database(session: Session, name: str) -> Session:
    """The session, or one in another database; raises RedshiftError 3D000."""
    return session if name == session.database.name else session.others.session(name, session.user)


def _select(
    session: Session, query: str, name_column: str, words: Words, equal: Sequence[tuple[str, str]], order: str = ""
) -> Result:
    conditions = [exp.EQ(this=exp.column(column), expression=exp.Literal.string(value)) for column, value in equal]
    if words.accept("LIKE"):
        conditions.append(exp.Like(this=exp.column(name_column), expression=exp.Literal.string(words.string())))  # type: ignore[arg-type]
    limit = words.number() if words.accept("LIMIT") else "10000"
    words.end()
    listed = exp.TableAlias(this=exp.to_identifier("listed", quoted=True))
    tree = exp.select("*").from_(exp.Subquery(this=parse(query), alias=listed))
    for condition in conditions:
        tree = tree.where(condition)
    cursor = session.connection.execute(session.translated(tree.order_by(order or name_column).limit(int(limit)), []))
    columns = [Column(d[0], str(d[1])) for d in cursor.description or []]
    return of_rows("SHOW", columns, cursor.fetchall())
