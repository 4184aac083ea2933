"""A raw database of a test's own, and marts built from it beside the pipeline's."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from landfall.aws.athena import Athena
from landfall.aws.clients import client
from landfall.settings import Settings

from tests.dbt.history import COLUMNS, Load
from tests.dbt.manifest import dbt

MARTS = {
    "marts.fct_orders": "*",
    "marts.fct_payments": "*",
    "marts.dim_customers": "*",
    # Its _loaded_at says how far the input was when a row was computed, which the order of loads decides.
    "marts.fct_daily_sales": "customer_id, sales_date, currency, orders, order_lines, units, gross_sales_cents, "
    "cancelled_cents, refunded_cents, net_sales_cents",
    "marts.fct_sessions": "*",
    "extracts.ext_orders": "*",
}


class Lake:
    """A raw database of this test alone, and marts built from it under any prefix."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings.from_environment()
        self.athena = Athena(settings=self.settings)
        self.name = f"test_{uuid.uuid4().hex[:8]}_"
        self.folder = folder
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

    def dbt(self, *arguments: str, prefix: str) -> str:
        """Run a dbt command whose tables get `prefix`; return its output."""
        variables = f"{{schema_prefix: {self.name}{prefix}_, raw_schema: {self.name}raw}}"
        return dbt(*arguments, "--vars", variables, target="lake", folder=self.folder)

    def rows(self, table: str, columns: str, *, prefix: str) -> Sequence[tuple[str | None, ...]]:
        """Return `columns` of all rows, sorted."""
        found = self.athena.run(f"select {columns} from {self.name}{prefix}_{table}", fetch=True).rows
        return sorted(found, key=str)

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
        """Remove the databases; their files stay in the local cloud, which ends with the tests."""
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
