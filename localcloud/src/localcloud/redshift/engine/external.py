"""External schemas: Glue databases under a schema's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.lake.session import Lake
from localcloud.redshift.engine import grants_checks, schemas
from localcloud.redshift.engine.result import Result
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session


def create_schema(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """CREATE EXTERNAL SCHEMA s FROM DATA CATALOG DATABASE 'g' IAM_ROLE … [CREATE EXTERNAL DATABASE IF NOT EXISTS]."""
    words = Words(statement.tokens)
    words.expect("CREATE", "EXTERNAL", "SCHEMA")
    if_not_exists = words.accept("IF", "NOT", "EXISTS")
    name = schemas.own_name(session, words.dotted_name())
    words.accept("FROM")
    if not words.accept("DATA", "CATALOG"):
        raise unsupported("an external schema from anything but the data catalog")
    words.expect("DATABASE")
    glue_database = words.string().lower()
    if words.accept("REGION"):
        words.string()
    role, create = "", False
    while not words.done:
        if words.accept("IAM_ROLE"):
            role = "default" if words.accept("DEFAULT") else words.string()
        elif words.accept("CREATE", "EXTERNAL", "DATABASE", "IF", "NOT", "EXISTS"):
            create = True
        else:
            raise words.error()
    if not role:
        raise RedshiftError("42601", "IAM_ROLE is required to create an external schema")
    if schemas.require_free(session, name, if_not_exists=if_not_exists):
        if not grants_checks.has_system_privilege(session, session.user, "create schema"):
            grants_checks.require_database(session, "create")
        if create:
            _ensure_database(session.database.lake, glue_database)
        session.catalog.rows(
            "INSERT INTO {c}.external_schemas VALUES (?, ?, ?, ?, ?)",
            session.catalog.next_oid(),
            name,
            glue_database,
            role,
            session.user,
        )
    return Result("CREATE SCHEMA")


def _ensure_database(lake: Lake, name: str) -> None:
    try:
        lake.glue.create_database(DatabaseInput={"Name": name})
    except lake.glue.exceptions.AlreadyExistsException:
        return


def drop_schema(session: Session, name: str) -> bool:
    """Forget an external schema (the Glue database stays); False when there is none of that name."""
    if session.catalog.external_schema(name) is None:
        return False
    session.catalog.forget_privileges(name)
    session.catalog.rows("DELETE FROM {c}.external_schemas WHERE schema_name = ?", name)
    return True
