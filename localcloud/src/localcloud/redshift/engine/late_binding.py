"""Columns of late-binding views, found out when somebody asks (pg_get_late_binding_view_cols)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from localcloud.redshift.engine.filling import fill
from localcloud.redshift.engine.result import columns_of
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql.types import of_typed_result

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session


def refresh_columns(session: Session) -> None:
    """Describe every late-binding view into the session's table; views that don't bind now have no columns."""
    views = session.catalog.rows("SELECT schema_name, relation_name FROM {c}.relations WHERE late_binding")
    rows = []
    for schema, name in views:
        try:
            query = session.names.resolve((schema, name))
            described = session.query_columns(query.query)  # type: ignore[union-attr]
        except (RedshiftError, duckdb.BinderException, duckdb.CatalogException):
            continue
        columns = columns_of(((column.name, column.type) for column in described), query.columns)
        for place, column in enumerate(columns, 1):
            rows.append([schema, name, column.name, of_typed_result(column.declared or None, column.type).name, place])
    fill(session.connection, "temp.main.pg_landfall_late_columns", rows)
