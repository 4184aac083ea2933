"""What databases hold: the listing operations of the redshift-data API, answered from the system views."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from localcloud.redshift.api.app import Operation
from localcloud.redshift.api.errors import only, text, validation
from localcloud.redshift.api.named_parameters import bound_statement
from localcloud.redshift.api.paging import paged
from localcloud.redshift.engine.session import Session
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.namespaces import Namespace, Registry

Request = Mapping[str, Any]
TARGET = {"WorkgroupName", "Database", "SecretArn", "DbUser"}
"""The fields by which a request names a database and a login."""
_LISTING = TARGET | {
    "ConnectedDatabase",
    "SchemaPattern",
    "TablePattern",
    "Schema",
    "Table",
    "NextToken",
    "MaxResults",
}


class Listings:
    """Each public method is an operation of the API; `identify` gives namespace, user and database of a request."""

    def __init__(self, *, registry: Registry, identify: Callable[[Request], tuple[Namespace, str, str]]) -> None:
        self._registry = registry
        self._identify = identify

    def operations(self) -> dict[str, Operation]:
        methods = (self.list_databases, self.list_schemas, self.list_tables, self.describe_table)
        return {f"RedshiftData.{m.__name__.title().replace('_', '')}": m for m in methods}

    def list_databases(self, request: Request) -> Request:
        only(request, _LISTING)
        return paged(
            request,
            "Databases",
            [row[0] for row in self._query(request, "select database_name from svv_redshift_databases")],
        )

    def list_schemas(self, request: Request) -> Request:
        only(request, _LISTING)
        rows = self._query(
            request,
            "select schema_name from svv_all_schemas where schema_name like :pattern order by 1",
            pattern=text(request, "SchemaPattern", "%"),
        )
        return paged(request, "Schemas", [row[0] for row in rows])

    def list_tables(self, request: Request) -> Request:
        only(request, _LISTING)
        rows = self._query(
            request,
            "select schema_name, table_name, table_type from svv_all_tables"
            " where schema_name like :schema and table_name like :name order by 1, 2",
            schema=text(request, "SchemaPattern", "%"),
            name=text(request, "TablePattern", "%"),
        )
        return paged(request, "Tables", [{"schema": row[0], "name": row[1], "type": row[2]} for row in rows])

    def describe_table(self, request: Request) -> Request:
        only(request, _LISTING)
        table, schema = text(request, "Table"), text(request, "Schema", "public")
        rows = self._query(
            request,
            "select column_name, data_type, is_nullable, character_maximum_length, numeric_precision, numeric_scale,"
            " column_default"
            " from svv_all_columns where schema_name = :schema and table_name = :name order by ordinal_position",
            schema=schema.lower(),
            name=table.lower(),
        )
        columns = [
            {
                "name": row[0],
                "label": row[0],
                "typeName": row[1],
                "nullable": int(row[2] == "YES"),
                "length": row[3] or 0,
                "precision": row[4] or row[3] or 0,
                "scale": row[5] or 0,
                "columnDefault": row[6],
                "schemaName": schema,
                "tableName": table,
            }
            for row in rows
        ]
        return {"TableName": table} | paged(request, "ColumnList", columns)

    def _query(self, request: Request, sql: str, **parameters: str) -> list[tuple[Any, ...]]:
        namespace, user, database = self._identify(
            {**request, "Database": request.get("ConnectedDatabase") or request.get("Database")}
        )
        session: Session | None = None
        try:
            session = self._registry.open(namespace, database, user)
            statement, literals = bound_statement(sql, parameters)
            return session.execute(statement, literals).fetch(1_000_000)
        except RedshiftError as error:
            raise validation(str(error)) from error
        finally:
            if session is not None:
                session.close()
