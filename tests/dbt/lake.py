"""A raw database of a test's own, and marts built from it beside the pipeline's."""

from __future__ import annotations

import contextlib
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from landfall.aws.athena import Athena
from landfall.aws.clients import client
from landfall.aws.engine_urls import redshift_engine
from landfall.aws.glue import get_table, put_table
from landfall.publish.record import Publication, PublishedDataset
from landfall.publish.warehouse_rows import WarehouseRows
from landfall.settings import Settings

from tests.dbt.history import COLUMNS, Load
from tests.dbt.manifest import dbt
from tests.redshift import redshift_cursor

_DAY = "customer_id, sales_date, currency"
_MONEY = "gross_sales_cents, cancelled_cents, refunded_cents, net_sales_cents"
_EUROS = "gross_sales_eur_cents, cancelled_eur_cents, refunded_eur_cents, net_sales_eur_cents"

MARTS = {
    "marts.dim_customers": "*",
    "marts.dim_exchange_rates": "*",
    "marts.fct_orders": "*",
    "marts.fct_payments": "*",
    "marts.fct_payment_funnel": "*",
    "marts.fct_refunds_and_chargebacks": "*",
    "marts.fct_sales_day_changes": "*",
    "marts.fct_sessions": "*",
    "marts.fct_cohort_retention": "*",
    # The _loaded_at of these says how far the input was when a row was computed, which the order of loads decides.
    "marts.fct_daily_sales": f"{_DAY}, orders, order_lines, units, {_MONEY}",
    "marts.fct_daily_sales_v2": f"{_DAY}, orders, order_lines, units, {_MONEY}, exchange_rate, {_EUROS}",
    "marts.fct_monthly_sales": "customer_id, sales_month, active_days, order_lines, units, net_sales_eur_cents",
    "extracts.ext_orders": "*",
    "extracts.ext_payments": "*",
    "extracts.ext_sessions": "*",
    "extracts.ext_daily_sales": f"{_DAY}, orders, order_lines, units, {_MONEY}, exchange_rate, net_sales_eur_cents",
}
"""Published table of the lake -> the columns that the order of arrival must not change."""

WAREHOUSE = {
    "warehouse.dwh_dim_currencies": "*",
    "warehouse.dwh_dim_customers": "*",
    "warehouse.dwh_dim_dates": "*",
    "warehouse.dwh_fct_orders": "*",
    "warehouse.dwh_fct_payments": "*",
    "warehouse.dwh_fct_payment_funnel": "*",
    "warehouse.dwh_fct_refunds_and_chargebacks": "*",
    "warehouse.dwh_fct_daily_sales": f"{_DAY}, orders, order_lines, units, {_MONEY}",
    "warehouse.dwh_fct_daily_sales_converted": f"{_DAY}, exchange_rate, {_EUROS}",
}
"""The same for the warehouse."""


class Lake:
    """A raw database of this test alone, and marts built from it under any prefix."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings.from_environment()
        self.athena = Athena(settings=self.settings)
        self.name = f"test_{uuid.uuid4().hex[:8]}_"
        self.folder = folder
        self._first: dict[tuple[str, str], dict[str, Any]] = {}
        client("glue").create_database(DatabaseInput={"Name": f"{self.name}raw"})
        for stream, columns in COLUMNS.items():
            definitions = ", ".join(f"`{name}` {kind}" for name, kind in {**columns, "_loaded_at": "timestamp"}.items())
            self.athena.run(
                f"create table {self.name}raw.{stream} ({definitions}) partitioned by (day(`occurred_at`)) "
                f"location 's3://{self.settings.lake_bucket}/{self.name}raw/{stream}/' "
                "tblproperties ('table_type' = 'iceberg')"
            )

    def bring(self, load: Load) -> None:
        """Insert the rows of one load into raw."""
        for stream, rows in load.rows.items():
            if rows:
                names = ", ".join(COLUMNS[stream])
                values = ", ".join(_row([*(row[name] for name in COLUMNS[stream]), load.loaded_at]) for row in rows)
                self.athena.run(f"insert into {self.name}raw.{stream} ({names}, _loaded_at) values {values}")

    def correct_rate(self, currency: str, day: date, eur_per_unit: str, *, prefix: str) -> None:
        """Give `currency` a rate of its own from `day` on, as an edit of the seed would."""
        self.athena.run(
            f"insert into {self.name}{prefix}_staging.exchange_rates "
            f"values ('{currency}', date '{day}', cast({eur_per_unit} as decimal(18, 8)))"
        )

    def dbt(
        self,
        *arguments: str,
        prefix: str,
        target: str = "lake",
        variables: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Counter[str]:
        """Run a dbt command whose tables get `prefix`; return how many nodes ended in which status."""
        own = {
            "schema_prefix": f"{self.name}{prefix}_",
            "raw_schema": f"{self.name}raw",
            "published_schema": f"{self.name}{prefix}_published",
        }
        every = {**own, **(variables or {})}
        folder = self.folder / f"{prefix}_{target}"
        return dbt(*arguments, target=target, folder=folder, variables=every, environment=environment)

    def publish_warehouse(self, prefix: str, version: int) -> None:
        """Carry what was built of the warehouse since the last time to those who read its published schema."""
        group = f"{self.name}{prefix}_warehouse"
        rows = WarehouseRows(group, engine=lambda: redshift_engine(self.settings))
        builds = {name: tuple(build.build_id for build in found) for name, found in rows.builds().items()}
        publication = Publication(
            group=group,
            version=version,
            datasets={name: PublishedDataset(table=f"{group}.{name}", builds=ids) for name, ids in builds.items()},
            gate="gate",
            contract_versions={},
            cause_run_id="run",
            published_at=datetime.now(UTC),
        )
        rows.carry(publication, base_version=version - 1)

    def publish(self, prefix: str) -> None:
        """Let the published tables of `prefix` be its marts as they stand."""
        glue = client("glue")
        database = f"{self.name}{prefix}_published"
        with contextlib.suppress(glue.exceptions.AlreadyExistsException):
            glue.create_database(DatabaseInput={"Name": database})
        for table in MARTS:
            schema, _, name = table.partition(".")
            found = get_table(database=f"{self.name}{prefix}_{schema}", table=name) or {}
            kept = ("Name", "StorageDescriptor", "TableType", "Parameters", "PartitionKeys")
            definition = {part: found[part] for part in kept if part in found}
            self._first.setdefault((database, name), definition)
            put_table(database=database, definition=definition)

    def roll_back(self, prefix: str) -> None:
        """Let the published tables of `prefix` be what was published first."""
        for (database, _), definition in self._first.items():
            if database == f"{self.name}{prefix}_published":
                put_table(database=database, definition=definition)

    def rows(self, table: str, columns: str, *, prefix: str) -> Sequence[tuple[str | None, ...]]:
        """Return `columns` of all rows, sorted."""
        return sorted(self.fetch(f"select {columns} from {self.name}{prefix}_{table}"), key=str)

    def warehouse_rows(
        self, table: str, columns: str, *, prefix: str, published: bool = False
    ) -> Sequence[tuple[object, ...]]:
        """Return `columns` of all rows of a table in Redshift, sorted; as readers see them if `published`."""
        schema = f"{'published_' if published else ''}{self.name}{prefix}"
        return sorted(self.fetch_in_warehouse(f"select {columns} from {schema}_{table}"), key=str)

    def run(self, *statements: str) -> None:
        """Run statements on Athena."""
        for statement in statements:
            self.athena.run(statement)

    def run_in_warehouse(self, *statements: str) -> None:
        """Run statements on Redshift."""
        with redshift_cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def fetch(self, query: str) -> Sequence[tuple[str | None, ...]]:
        """Return the rows of a query on Athena, every value as its text."""
        return [tuple(row) for row in self.athena.run(query, fetch=True).rows]

    def fetch_in_warehouse(self, query: str) -> Sequence[tuple[object, ...]]:
        """Return the rows of a query on Redshift."""
        with redshift_cursor() as cursor:
            cursor.execute(query)
            return [tuple(row) for row in cursor.fetchall()]

    def snapshots(self, prefix: str) -> Mapping[str, str]:
        """Return the metadata file that each mart is at."""
        glue = client("glue")
        found = {}
        for table in MARTS:
            database, _, name = table.partition(".")
            definition = glue.get_table(DatabaseName=f"{self.name}{prefix}_{database}", Name=name)["Table"]
            found[table] = definition["Parameters"]["metadata_location"]
        return found

    def drop(self) -> None:
        """Remove the databases and schemas; the lake's files stay in the local cloud, which ends with the tests."""
        with redshift_cursor() as cursor:
            cursor.execute("select schema_name from svv_all_schemas where schema_name like %s", (f"%{self.name}%",))
            for (schema,) in cursor.fetchall():
                cursor.execute(f'drop schema "{schema}" cascade')
        for page in client("glue").get_paginator("get_databases").paginate():
            for database in page["DatabaseList"]:
                if database["Name"].startswith(self.name):
                    client("glue").delete_database(Name=database["Name"])


def _row(values: Sequence[object]) -> str:
    return f"({', '.join(_literal(value) for value in values)})"


def _literal(value: object) -> str:
    if isinstance(value, datetime):
        return f"timestamp '{value:%Y-%m-%d %H:%M:%S.%f}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return "null" if value is None else str(value).lower()
