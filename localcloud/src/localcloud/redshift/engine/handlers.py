"""Which function executes which verb."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.engine import (
    copying,
    cursors,
    databases,
    explaining,
    external,
    external_tables,
    grants,
    grants_defaults,
    grants_principals,
    grants_users,
    materialized,
    policies_statements,
    prepared,
    queries,
    schemas,
    settings,
    showing,
    tables,
    transactions,
    unloading,
    user_functions,
    views,
)
from localcloud.redshift.engine.result import Result
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.statement import Statement

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

Work = Callable[[], Result]
Run = Callable[["Session", Statement, Sequence[exp.Expr]], Result]


@dataclass(frozen=True)
class Handler:
    """`transactional` handlers run several DuckDB statements that must succeed or fail as one."""

    run: Run
    transactional: bool = True


READ_ONLY_ROWS = frozenset(
    {"SHOW", "SHOW SCHEMAS", "SHOW TABLES", "SHOW COLUMNS", "SHOW DATABASES", "SHOW GRANTS", "EXPLAIN"}
)
"""Verbs that give rows and change nothing, so that describing them may execute them."""

OUTSIDE_TRANSACTIONS = frozenset({"VACUUM", "CREATE DATABASE", "DROP DATABASE", "CREATE EXTERNAL TABLE"})
"""Verbs that Redshift refuses inside a transaction block."""

STATEMENTS = {
    "SELECT": Handler(queries.select, transactional=False),
    "BEGIN": Handler(transactions.begin, transactional=False),
    "COMMIT": Handler(transactions.commit, transactional=False),
    "ROLLBACK": Handler(transactions.rollback, transactional=False),
    "LOCK": Handler(transactions.lock),
    "CREATE DATABASE": Handler(databases.create, transactional=False),
    "ALTER DATABASE": Handler(databases.alter, transactional=False),
    "DROP DATABASE": Handler(databases.drop, transactional=False),
    "DECLARE": Handler(cursors.declare, transactional=False),
    "FETCH": Handler(cursors.fetch, transactional=False),
    "CLOSE": Handler(cursors.close, transactional=False),
    "PREPARE": Handler(prepared.prepare, transactional=False),
    "EXECUTE": Handler(prepared.execute, transactional=False),
    "DEALLOCATE": Handler(prepared.deallocate, transactional=False),
    "SET": Handler(settings.set_value, transactional=False),
    "RESET": Handler(settings.reset, transactional=False),
    "EXPLAIN": Handler(explaining.explain, transactional=False),
    "USE": Handler(settings.use_database, transactional=False),
    "SHOW": Handler(settings.show, transactional=False),
    "SHOW SCHEMAS": Handler(showing.show_schemas),
    "SHOW TABLES": Handler(showing.show_tables),
    "SHOW COLUMNS": Handler(showing.show_columns),
    "SHOW DATABASES": Handler(showing.show_databases),
    "SHOW GRANTS": Handler(showing.show_grants),
    "INSERT": Handler(queries.insert),
    "UPDATE": Handler(queries.update),
    "DELETE": Handler(queries.delete),
    "MERGE": Handler(queries.merge),
    "TRUNCATE": Handler(tables.truncate),
    "CREATE TABLE": Handler(tables.create),
    "DROP TABLE": Handler(tables.drop),
    "ALTER TABLE": Handler(tables.alter),
    "COMMENT ON": Handler(tables.comment),
    "CREATE VIEW": Handler(views.create),
    "DROP VIEW": Handler(views.drop),
    "SELECT INTO": Handler(queries.select_into),
    "CREATE MATERIALIZED VIEW": Handler(materialized.create),
    "REFRESH MATERIALIZED VIEW": Handler(materialized.refresh),
    "ALTER MATERIALIZED VIEW": Handler(materialized.alter),
    "DROP MATERIALIZED VIEW": Handler(materialized.drop),
    "CREATE FUNCTION": Handler(user_functions.create),
    "DROP FUNCTION": Handler(user_functions.drop),
    "CREATE SCHEMA": Handler(schemas.create),
    "DROP SCHEMA": Handler(schemas.drop),
    "CREATE EXTERNAL SCHEMA": Handler(external.create_schema),
    "CREATE EXTERNAL TABLE": Handler(external_tables.create),
    "GRANT": Handler(grants.grant),
    "REVOKE": Handler(grants.revoke),
    "ALTER DEFAULT PRIVILEGES": Handler(grants_defaults.alter_defaults),
    "CREATE USER": Handler(grants_users.create_user),
    "CREATE GROUP": Handler(grants_principals.create_group),
    "CREATE ROLE": Handler(grants_principals.create_role),
    "ALTER USER": Handler(grants_users.alter_user),
    "ALTER GROUP": Handler(grants_principals.alter_group),
    "ALTER ROLE": Handler(grants_principals.alter_role),
    "DROP USER": Handler(grants_principals.drop),
    "DROP GROUP": Handler(grants_principals.drop),
    "DROP ROLE": Handler(grants_principals.drop),
    "CREATE RLS POLICY": Handler(policies_statements.create),
    "ALTER RLS POLICY": Handler(policies_statements.alter),
    "DROP RLS POLICY": Handler(policies_statements.drop),
    "ATTACH RLS POLICY": Handler(policies_statements.attach),
    "DETACH RLS POLICY": Handler(policies_statements.detach),
    "UNLOAD": Handler(unloading.unload, transactional=False),
    "COPY": Handler(copying.copy),
    "ANALYZE": Handler(tables.maintain, transactional=False),
    "VACUUM": Handler(tables.maintain, transactional=False),
}
"""What executes a statement, by its verb."""

_OTHER_STATEMENTS = frozenset(
    [
        "ALTER",
        "ATTACH",
        "CALL",
        "CANCEL",
        "CREATE",
        "DESC",
        "DETACH",
        "DROP",
        "IMPORT",
        "SHOW",
    ]
)
"""First words of statements that Redshift has and this engine refuses."""


def find(verb: str) -> Handler:
    """The handler of a verb; raises RedshiftError 0A000 for statements it doesn't execute, 42601 for none at all."""
    if verb not in STATEMENTS:
        if verb.partition(" ")[0] in _OTHER_STATEMENTS:
            raise unsupported(f"the statement {verb}")
        raise RedshiftError("42601", f'syntax error at or near "{verb.lower()}"')
    return STATEMENTS[verb]
