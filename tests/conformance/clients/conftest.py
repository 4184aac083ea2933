"""What the tests of the clients share: the sample lake and a Redshift database of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import pyarrow.fs
import pytest
from pyathena.cursor import Cursor

from tests.conformance.clients.lake import Lake, create_lake
from tests.conformance.clients.warehouse import Warehouse, local_warehouse


@pytest.fixture(scope="session")
def lake(local_cloud: Mapping[str, str]) -> Lake:
    """A database with the sample tables, made afresh for the session."""
    return create_lake(local_cloud)


@pytest.fixture
def cursor(lake: Lake) -> Iterator[Cursor]:
    """PyAthena's ordinary cursor; the modules about Redshift have one of their own."""
    with lake.connect() as connection, connection.cursor() as opened:
        yield opened


@pytest.fixture
def arrow_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pyarrow find the local S3: it does not read AWS_ENDPOINT_URL (apache/arrow issue 49643)."""

    class LocalFileSystem(pyarrow.fs.S3FileSystem):  # type: ignore[misc]
        def __init__(self, **options: Any) -> None:
            super().__init__(endpoint_override=os.environ["AWS_ENDPOINT_URL"], **options)

    monkeypatch.setattr(pyarrow.fs, "S3FileSystem", LocalFileSystem)


@pytest.fixture(scope="session")
def warehouse(local_cloud: Mapping[str, str]) -> Warehouse:
    """The deployed Redshift workgroup."""
    return local_warehouse()


@pytest.fixture
def airflow(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """An Airflow home of its own and the connections that the operators ask for."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://?region_name=us-east-1")
    monkeypatch.setenv(
        "AIRFLOW_CONN_REDSHIFT_DEFAULT",
        f"redshift://{warehouse.user}:{quote(warehouse.password)}@{warehouse.host}:{warehouse.port}/{warehouse.database}?ssl=false",
    )
