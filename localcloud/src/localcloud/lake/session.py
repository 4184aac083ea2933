"""One DuckDB instance and the AWS clients an engine process uses."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import duckdb
import duckdb_extension_avro
import duckdb_extension_httpfs
from botocore.config import Config
from pyiceberg.catalog.glue import GlueCatalog

from localcloud.faults.requests import ENGINE_AGENT
from localcloud.lake import absent_modules, iceberg_manifests
from localcloud.lake.local_files import LocalFiles
from localcloud.lake.recent_objects import RecentObjects
from localcloud.lake.sql_text import quoted

_NOBODYS_FIELD = 2_147_483_000
"""A field id that no column of a table comes to, and below those that Iceberg keeps for itself."""


@dataclass(frozen=True, kw_only=True)
class LakeSettings:
    """Where the lake is and how much of this machine its engine may use."""

    aws_endpoint: str
    state_dir: Path
    region: str = "us-east-1"
    access_key: str = "test"
    secret_key: str = "test"  # noqa: S105 - the local cloud takes any key
    memory_limit: str = "1GB"
    threads: int = 2

    @property
    def no_rows(self) -> Path:
        """A Parquet file without rows, and with no column of anybody's."""
        return self.state_dir / "no-rows.parquet"


def load_httpfs(connection: duckdb.DuckDBPyConnection) -> None:
    """Load the S3 client that the wheel duckdb-extension-httpfs carries; nothing is downloaded."""
    _load(connection, Path(duckdb_extension_httpfs.__file__), "httpfs")


def load_avro(connection: duckdb.DuckDBPyConnection) -> None:
    """Load the Avro reader that the wheel duckdb-extension-avro carries."""
    _load(connection, Path(duckdb_extension_avro.__file__), "avro")


def _load(connection: duckdb.DuckDBPyConnection, package: Path, name: str) -> None:
    extension = package.parent / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    connection.execute(f"LOAD '{extension}'")


def attach_lake(connection: duckdb.DuckDBPyConnection, settings: LakeSettings) -> None:
    """Let any DuckDB connection read and write `s3://` at the local cloud, within the settings' bounds."""
    temporary = settings.state_dir / "duckdb-temp"
    temporary.mkdir(parents=True, exist_ok=True)
    endpoint = urlsplit(settings.aws_endpoint)
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    connection.execute(f"SET memory_limit = '{settings.memory_limit}'")
    connection.execute(f"SET threads = {settings.threads}")
    connection.execute(f"SET temp_directory = '{temporary}'")
    connection.execute("SET TimeZone = 'UTC'")
    # Where rows have numbers, DuckDB fails on a file that has no field ids.
    connection.execute(
        f"COPY (SELECT 0 AS nothing WHERE false) TO {quoted(str(settings.no_rows))}"
        f" (FORMAT parquet, FIELD_IDS {{nothing: {_NOBODYS_FIELD}}})"
    )
    load_httpfs(connection)
    load_avro(connection)
    connection.execute(
        "CREATE OR REPLACE SECRET lake (TYPE s3, PROVIDER config, URL_STYLE 'path',"
        f" KEY_ID '{settings.access_key}', SECRET '{settings.secret_key}', REGION '{settings.region}',"
        f" ENDPOINT '{endpoint.netloc}', USE_SSL {endpoint.scheme == 'https'})"
    )


_REQUESTS_AT_ONCE = 8
Listing = list[tuple[str, int, str]]
"""URI, size in bytes and ETag of objects."""


@dataclass(frozen=True)
class Told:
    """An answer about several tables at once: its bytes, and the tables and the folders that it tells of."""

    answer: bytes
    tables: frozenset[tuple[str, str]]
    folders: frozenset[str]


class Lake:
    """The AWS clients of one engine process. All members may be used from several threads."""

    listings: dict[str, Listing] | None = None
    """What has been listed by URI, where it is kept."""
    told: dict[str, Told] | None = None
    """What was answered of several tables at once, by the query that asked for it, where it is kept."""

    def __init__(self, settings: LakeSettings) -> None:
        absent_modules.remember_that_pandas_is_absent()
        self.settings = settings
        self.workers = ThreadPoolExecutor(_REQUESTS_AT_ONCE, thread_name_prefix="lake")
        self.s3: Any = self._client("s3")
        self.local_files = LocalFiles()
        self.local_files.watch(self.s3)
        self.recent = RecentObjects(self.local_files)
        self.glue: Any = self._client("glue")
        iceberg_manifests.ENTRIES.install()
        self.iceberg = GlueCatalog("awsdatacatalog", client=self.glue, **self._iceberg_properties())

    def of_one_statement(self) -> Lake:
        """The same clients for what one statement reads: a folder that it names twice is listed once."""
        lake = copy.copy(self)
        lake.listings, lake.told = {}, {}
        return lake

    def _client(self, service: str) -> Any:
        settings = self.settings
        return boto3.client(
            service,
            endpoint_url=settings.aws_endpoint,
            region_name=settings.region,
            aws_access_key_id=settings.access_key,
            aws_secret_access_key=settings.secret_key,
            config=Config(
                max_pool_connections=32,
                retries={"max_attempts": 4, "mode": "standard"},
                user_agent_extra=ENGINE_AGENT,
            ),
        )

    def _iceberg_properties(self) -> dict[str, str]:
        settings = self.settings
        return {
            "s3.endpoint": settings.aws_endpoint,
            "s3.access-key-id": settings.access_key,
            "s3.secret-access-key": settings.secret_key,
            "s3.region": settings.region,
            # As long as boto3 waits. PyArrow's own 1 and 3 seconds fail statements on a machine that is merely busy.
            "s3.connect-timeout": "60",
            "s3.request-timeout": "60",
        }
