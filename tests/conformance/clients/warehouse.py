"""Where the local Redshift is, as each client wants to be told."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import redshift_connector

ROLE = "arn:aws:iam::000000000000:role/landfall-local-redshift"


@dataclass(frozen=True)
class Warehouse:
    """The workgroup's address and its administrator's password."""

    host: str
    port: int
    database: str
    user: str
    password: str
    work_group: str
    secret_arn: str
    bucket: str

    def options(self) -> dict[str, Any]:
        """The keywords that redshift_connector, psycopg and psycopg2 share."""
        return {"host": self.host, "port": self.port, "user": self.user, "password": self.password}

    def connect(self, **options: Any) -> redshift_connector.Connection:
        """A connection of redshift_connector."""
        return redshift_connector.connect(**{**self.options(), "database": self.database, "ssl": False, **options})

    def address(self, driver: str) -> str:
        """An SQLAlchemy address for `redshift+driver`."""
        return f"redshift+{driver}://{self.user}:{self.password}@{self.host}:{self.port}/{self.database}"


def local_warehouse() -> Warehouse:
    """The workgroup of the deployed platform, from the local cloud's environment."""
    variables = os.environ
    return Warehouse(
        host=variables["LANDFALL_REDSHIFT_HOST"],
        port=int(variables["LANDFALL_REDSHIFT_PORT"]),
        database=variables["LANDFALL_REDSHIFT_DATABASE"],
        user=variables["LANDFALL_REDSHIFT_USER"],
        password=variables["LANDFALL_REDSHIFT_PASSWORD"],
        work_group=variables["LANDFALL_REDSHIFT_WORKGROUP"],
        secret_arn=variables["LANDFALL_REDSHIFT_SECRET_ARN"],
        bucket=variables["LANDFALL_OPS_BUCKET"],
    )
