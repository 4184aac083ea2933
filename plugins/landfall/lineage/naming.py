"""What datasets are called in events, by the naming rules of the OpenLineage spec."""

from __future__ import annotations

import os
from dataclasses import dataclass

from openlineage.client.naming.dataset import S3, Athena, DatasetNaming, Redshift

from landfall.settings import Settings

LANDING = "landing"
"""Stands before a stream where a table's database would: the fields of its landed records."""

_CATALOG = "awsdatacatalog"
_REDSHIFT_PORT = "5439"
_PUBLISHED = "published"


@dataclass(frozen=True, order=True)
class Dataset:
    """A dataset's identity in events."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class Names:
    """The names of one environment's datasets."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def lake(self, table: str) -> Dataset:
        """Return the lake's table `database.name`."""
        database, _, name = table.partition(".")
        region = self._settings.aws_region
        return _dataset(Athena(region_name=region, catalog=_CATALOG, database=database, table=name))

    def warehouse(self, table: str) -> Dataset:
        """Return Redshift's table `schema.name`; its external schema holds the lake's published tables."""
        schema, _, name = table.partition(".")
        if schema == _PUBLISHED:
            return self.lake(table)
        settings = self._settings
        return _dataset(
            Redshift(
                cluster_identifier=settings.redshift_workgroup,
                region=settings.aws_region,
                port=os.environ.get("LANDFALL_REDSHIFT_PORT") or _REDSHIFT_PORT,
                database=settings.redshift_database,
                schema=schema,
                table=name,
            )
        )

    def landing(self, stream: str) -> Dataset:
        """Return a stream's landed objects, all together: one dataset, however many objects there will be."""
        return self.file(self._settings.landing_bucket, stream)

    def file(self, bucket: str, key: str) -> Dataset:
        """Return an object of a bucket, or what lies below a prefix."""
        return _dataset(S3(bucket_name=bucket, object_key=key))

    def table(self, table: str) -> Dataset:
        """Return what an origin names: `landing.<stream>`, or a table of the lake."""
        database, _, name = table.partition(".")
        return self.landing(name) if database == LANDING else self.lake(table)


def _dataset(naming: DatasetNaming) -> Dataset:
    return Dataset(namespace=naming.get_namespace(), name=naming.get_name())
