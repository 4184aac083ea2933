"""CREATE, DROP, ALTER and TRUNCATE TABLE, and COMMENT ON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.lake.sql_text import identifier
from localcloud.redshift.engine import external_entries, external_tables, grants_checks, table_changes, views
from localcloud.redshift.engine.catalog import CatalogColumn, NewRelation
from localcloud.redshift.engine.result import Result, columns_of
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.declarations import TableDeclaration, declaration
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.translate import translate_typed
from localcloud.redshift.sql.types import of_typed_result
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

alter = table_changes.alter


def create(session: Session, statement: Statement, parameters: Sequence[exp.Expr]) -> Result:
    """CREATE [TEMP] TABLE, from columns or AS a query; distribution, sort keys and encodings go to the catalogue."""
    declared = declaration(statement, parameters)
    if declared.temporary:
        schema, name = "pg_temp", declared.name[-1]
        taken = session.names.is_temporary(name)
        grants_checks.require_database(session, "temp")
    else:
        schema = declared.name[-2] if len(declared.name) > 1 else session.names.creation_schema()
        name = declared.name[-1]
        _require_own(session, declared, schema)
        taken = session.catalog.relation(schema, name) is not None
    if taken:
        if declared.if_not_exists:
            return Result("CREATE TABLE")
        raise RedshiftError("42P07", f'Relation "{name}" already exists')
    place = ("temp", "main", name) if declared.temporary else (session.database.name, schema, name)
    identities = _identities(session, declared) if not declared.temporary else {}
    columns = (
        _create_as(session, declared, place)
        if declared.query is not None
        else _create_empty(session, declared, place, identities)
    )
    if declared.temporary:
        for ordinal, column in enumerate(columns, 1):
            session.connection.execute(
                "INSERT INTO temp.main.pg_landfall_temp_columns VALUES (?, ?, ?, ?, ?)",
                [name, ordinal, column.name, column.type_name, column.not_null],
            )
        return Result("CREATE TABLE")
    keyed = [replace(c, is_distkey=c.name == declared.distkey, sortkey=declared.sort_place(c.name)) for c in columns]
    oid = session.catalog.add(NewRelation(schema, name, "r", keyed, session.user, diststyle=declared.diststyle))
    for constraint in declared.constraints:
        kind = {"p": "pkey", "u": "key", "f": "fkey"}[constraint.kind]
        label = (
            constraint.name or f"{name}_{'' if constraint.kind == 'p' else '_'.join(constraint.columns) + '_'}{kind}"
        )
        session.catalog.add_constraint(oid, constraint.kind, constraint.columns, constraint.definition, label)
    if declared.query is None:
        return Result("CREATE TABLE")
    session.inserted(session.catalog.require(schema, name), _count(session, place))
    return Result("SELECT")


def _count(session: Session, place: tuple[str, ...]) -> int:
    row = session.connection.execute(f"SELECT count(*) FROM {identifier(*place)}").fetchone()  # noqa: S608
    return int(row[0]) if row else 0


def _require_own(session: Session, declared: TableDeclaration, schema: str) -> None:
    if len(declared.name) == 3 and declared.name[0] != session.database.name:
        raise unsupported(f'creating a table in another database, "{declared.name[0]}",')
    if session.catalog.external_schema(schema):
        raise unsupported(f'creating a table in the external schema "{schema}"')
    session.catalog.require_schema(schema)
    if not grants_checks.has_system_privilege(session, session.user, "create table"):
        grants_checks.require_schema(session, schema, "create")


def _identities(session: Session, declared: TableDeclaration) -> dict[str, str]:
    found = {}
    for column, (seed, step) in declared.identities.items():
        sequence = f"{identifier(session.database.name, 'pg_landfall')}.identity_{session.catalog.next_oid()}"
        # The number may have been given out before a restart, to a table that was dropped since.
        session.connection.execute(
            f"CREATE OR REPLACE SEQUENCE {sequence} START {seed} INCREMENT {step} MINVALUE -9223372036854775807"
        )
        found[column] = sequence
    return found


def _create(place: tuple[str, ...]) -> str:
    return f"CREATE {'TEMP ' if place[0] == 'temp' else ''}TABLE {identifier(*place)}"


def _create_empty(
    session: Session, declared: TableDeclaration, place: tuple[str, ...], identities: dict[str, str]
) -> Sequence[CatalogColumn]:
    if declared.identities and not identities:
        raise unsupported("IDENTITY in a temporary table")
    columns, parts = list(declared.columns), []
    if declared.like is not None:
        schema, name = session.names.place(declared.like)
        columns = session.catalog.columns(session.catalog.require(schema, name).oid)
    for column in columns:
        default = (
            f"nextval('{identities[column.name]}')" if column.name in identities else declared.defaults.get(column.name)
        )
        parts.append(
            f"{identifier(column.name)} {declared.duckdb_type(column)}"
            + (" NOT NULL" if column.not_null else "")
            + (f" DEFAULT {default}" if default else "")
        )
    session.connection.execute(f"{_create(place)} ({', '.join(parts)})")
    return columns


def _create_as(session: Session, declared: TableDeclaration, place: tuple[str, ...]) -> Sequence[CatalogColumn]:
    if declared.query is None:
        raise ValueError("a table created from columns has no query")
    translated = translate_typed(declared.query, session.names)
    sql = translated.sql
    found = columns_of(((c.name, c.type) for c in session.query_columns(sql)), translated.columns)
    names = declared.column_names or [column.name for column in found]
    if len(names) != len(found):
        raise RedshiftError("42601", "CREATE TABLE AS specifies too many column names")
    repeated = {n for n in names if names.count(n) > 1}
    if repeated:
        raise RedshiftError("42701", f'column "{sorted(repeated)[0]}" duplicated')
    kinds = [of_typed_result(column.declared or None, column.type) for column in found]
    inner = ", ".join(f"c{i}" for i in range(len(found)))
    outputs = ", ".join(
        f"CAST(c{i} AS {kind.duckdb}) AS {identifier(name)}"
        for i, (kind, name) in enumerate(zip(kinds, names, strict=True))
    )
    session.connection.execute(f"{_create(place)} AS SELECT {outputs} FROM ({sql}) AS source({inner})")  # noqa: S608
    return [CatalogColumn(name, kind.name) for name, kind in zip(names, kinds, strict=True)]


def drop(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """DROP TABLE [IF EXISTS] a, b [CASCADE|RESTRICT]; bound views on the table need CASCADE."""
    words = Words(statement.tokens)
    words.expect("DROP", "TABLE")
    names, if_exists, cascade = views.drop_clause(words)
    for parts in names:
        _drop_one(session, parts, if_exists=if_exists, cascade=cascade)
    return Result("DROP TABLE")


def _drop_one(session: Session, parts: tuple[str, ...], *, if_exists: bool, cascade: bool) -> None:
    schema, name = session.names.place_of(parts)
    if schema == "pg_temp" and session.names.is_temporary(name):
        session.connection.execute(f"DROP TABLE temp.main.{identifier(name)}")
        session.connection.execute("DELETE FROM temp.main.pg_landfall_temp_columns WHERE table_name = ?", [name])
        return
    database = external_entries.external_database(session, schema, name)
    if database is not None:
        external_tables.drop(session, schema, name, database, if_exists=if_exists)
        return
    entry = session.catalog.relation(schema, name)
    if entry is None:
        if if_exists:
            return
        raise RedshiftError("42P01", f'Table "{name}" does not exist')
    if entry.kind != "r":
        raise RedshiftError("42809", f'"{name}" is not a table')
    grants_checks.require_owner(session, entry, "drop", "drop table")
    views.drop_dependents(session, entry, cascade=cascade)
    session.connection.execute(f"DROP TABLE {identifier(session.database.name, schema, name)}")
    session.catalog.remove(entry.oid)


def truncate(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """TRUNCATE commits, as in Redshift: it ends an open transaction."""
    words = Words(statement.tokens)
    words.expect("TRUNCATE")
    words.accept("TABLE")
    parts = words.dotted_name()
    words.end()
    schema, name = session.names.place_of(parts)
    if schema == "pg_temp":
        session.connection.execute(f"DELETE FROM temp.main.{identifier(name)}")  # noqa: S608
    else:
        entry = session.catalog.require(schema, name)
        if entry.kind != "r":
            raise RedshiftError("42809", f'"{name}" is not a table')
        grants_checks.require_owner(session, entry, "truncate", "truncate table")
        session.connection.execute(f"DELETE FROM {identifier(session.database.name, schema, name)}")  # noqa: S608
    if session.status == "T":
        session.transactions.end(commit=True)
    return Result("TRUNCATE TABLE")


def comment(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """COMMENT ON TABLE|VIEW|COLUMN|SCHEMA name IS 'text'|NULL."""
    words = Words(statement.tokens)
    words.expect("COMMENT", "ON")
    kind = words.next().text.upper()
    parts = words.dotted_name()
    words.expect("IS")
    text = None if words.accept("NULL") else words.string()
    words.end()
    if kind == "SCHEMA":
        session.catalog.require_schema(parts[-1])
        session.catalog.rows("UPDATE {c}.schemas SET comment = ? WHERE schema_name = ?", text, parts[-1])
        return Result("COMMENT")
    if kind not in ("TABLE", "VIEW", "COLUMN"):
        raise unsupported(f"COMMENT ON {kind}")
    relation = parts[:-1] if kind == "COLUMN" else parts
    schema, name = session.names.place_of(relation)
    entry = session.catalog.require(schema, name)
    grants_checks.require_owner(session, entry)
    oid = entry.oid
    if kind == "COLUMN":
        session.catalog.rows(
            "UPDATE {c}.columns SET comment = ? WHERE relation_oid = ? AND column_name = ?", text, oid, parts[-1]
        )
    else:
        session.catalog.rows("UPDATE {c}.relations SET comment = ? WHERE oid = ?", text, oid)
    return Result("COMMENT")


def maintain(_session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """ANALYZE and VACUUM have nothing to do: DuckDB keeps statistics and reclaims space by itself."""
    return Result(statement.verb)
