"""Raise the second wall on Redshift for a published version: the views through which extracts read it.

The user that writes extracts may read these views and not the external schema behind them. Each view has a policy that
shows the rows of the customer its session is bound to; a session that is bound to none gets an error. Every step can
be done again: a version whose wall is half raised stays closed, for the right to read comes last.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa

from landfall.aws import glue
from landfall.aws.engine_urls import redshift_engine
from landfall.aws.secrets import read_secret
from landfall.contracts.extract_product import load_products
from landfall.errors import EngineError, SettingsError
from landfall.extract.engines.walls import CUSTOMER_SETTING, WAREHOUSE_SCHEMA, warehouse_view
from landfall.publish.groups import LAKE
from landfall.publish.publication import PublicationStore
from landfall.publish.record import Publication
from landfall.settings import Settings

_PUBLISHED: Final = "published"
_USER: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")


def raise_walls_of_version(version: int) -> None:
    """Raise the walls of a version of the lake. Raises EngineError when Redshift ends a statement without success."""
    settings = Settings.from_environment()
    raise_walls_of(PublicationStore(settings).version(LAKE, version), settings=settings)


def raise_walls_of(publication: Publication, *, settings: Settings) -> None:
    """Raise the walls of the products in `publication`; raises EngineError."""
    products = [product for product in load_products().values() if product.dataset in publication.datasets]
    tables = {publication.datasets[each.dataset].table: each.customer_column for each in products}
    raise_walls(tables, settings=settings)


def raise_walls(tables: Mapping[str, str], *, settings: Settings) -> None:
    """Raise the wall of each published table (`published.<name>` -> the column that says whose a row is).

    Walls of tables that are gone are removed. Raises EngineError when Redshift ends a statement without success.
    """
    engine = redshift_engine(settings)
    try:
        # Redshift makes external schemas and users outside of transactions that others may end.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            walls = _Walls(connection, login=read_secret(settings.redshift_extract_secret_arn))
            walls.prepare(set(tables.values()))
            for table, column in tables.items():
                walls.raise_wall(table, column)
            walls.remove_all_but({found["Name"] for found in glue.list_tables(database=_PUBLISHED)})
    except sa.exc.DBAPIError as error:
        raise EngineError(f"Redshift ended a statement of the walls between customers: {error.orig}") from error
    finally:
        engine.dispose()


class _Walls:
    """The statements; names come from contracts and publications, and nothing from a request."""

    def __init__(self, connection: sa.Connection, *, login: str) -> None:
        self._connection = connection
        self._quote = connection.dialect.identifier_preparer.quote
        secret = json.loads(login)
        self._user = str(secret["username"])
        if not _USER.fullmatch(self._user):
            raise SettingsError("the secret of Redshift's user for extracts names no plain lower-case user")
        # Redshift keeps MD5 of password and user (CREATE USER); so the statement does not hold the password.
        digest = hashlib.md5(f"{secret['password']}{self._user}".encode(), usedforsecurity=False).hexdigest()
        self._password = f"'md5{digest}'"

    def prepare(self, columns: set[str]) -> None:
        """Make what all walls share: the schemas, the user with its present password, and a policy a column."""
        self._run(f"CREATE SCHEMA IF NOT EXISTS {WAREHOUSE_SCHEMA}")
        # dbt makes it too, but a publication may come first.
        self._run(
            f"CREATE EXTERNAL SCHEMA IF NOT EXISTS {_PUBLISHED} FROM DATA CATALOG DATABASE '{_PUBLISHED}' "
            "IAM_ROLE default"
        )
        is_there = self._user in self._names("SELECT usename FROM pg_user")
        self._run(f"{'ALTER' if is_there else 'CREATE'} USER {self._user} PASSWORD {self._password}")
        self._run(f"GRANT USAGE ON SCHEMA {WAREHOUSE_SCHEMA} TO {self._user}")
        policies = self._names("SELECT polname FROM svv_rls_policy")
        for column in columns:
            if _policy(column) not in policies:
                self._run(
                    f"CREATE RLS POLICY {self._quote(_policy(column))} WITH ({self._quote(column)} VARCHAR(64)) "
                    f"USING ({self._quote(column)} = current_setting('{CUSTOMER_SETTING}', FALSE))"
                )

    def raise_wall(self, table: str, column: str) -> None:
        """Make the view of one published table, close it by the policy, and only then let the user read it."""
        view = warehouse_view(table)
        name = view.partition(".")[2]
        if name not in self._views():
            # An external table takes no policy (ATTACH RLS POLICY); only late-binding views show one (CREATE VIEW).
            rows = f"SELECT * FROM {self._quoted(table)}"  # noqa: S608 - a name of the publication record
            self._run(f"CREATE VIEW {self._quoted(view)} AS {rows} WITH NO SCHEMA BINDING")
        self._run(f"ALTER TABLE {self._quoted(view)} ROW LEVEL SECURITY ON")
        if name not in self._names(
            f"SELECT relname FROM svv_rls_attached_policy WHERE relschema = '{WAREHOUSE_SCHEMA}' "  # noqa: S608
            f"AND polname = '{_policy(column)}' AND grantee = '{self._user}'"
        ):
            self._run(f"ATTACH RLS POLICY {self._quote(_policy(column))} ON TABLE {self._quoted(view)} TO {self._user}")
        self._run(f"GRANT SELECT ON {self._quoted(view)} TO {self._user}")

    def remove_all_but(self, tables: set[str]) -> None:
        """Drop the views of tables that are not among `tables`, the names in the catalog."""
        for name in self._views() - tables:
            self._run(f"DROP VIEW IF EXISTS {self._quoted(f'{WAREHOUSE_SCHEMA}.{name}')}")

    def _views(self) -> set[str]:
        return self._names(f"SELECT viewname FROM pg_views WHERE schemaname = '{WAREHOUSE_SCHEMA}'")  # noqa: S608

    def _run(self, statement: str) -> None:
        self._connection.exec_driver_sql(statement)

    def _names(self, query: str) -> set[str]:
        return {str(name).strip() for (name,) in self._connection.exec_driver_sql(query)}

    def _quoted(self, name: str) -> str:
        return ".".join(self._quote(part) for part in name.split("."))


def _policy(column: str) -> str:
    """Return the name of the policy for tables whose `column` says whose a row is."""
    return f"landfall_one_{column}"
