"""Fixtures of the Athena tests: one AWS process and one Athena process for the session."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest
from localcloud.athena.sql import macros

sys.path.insert(0, str(Path(__file__).parent))

SOURCES = Path(__file__).resolve().parents[2] / "src"
STARTUP_SECONDS = 90
LAKE, RESULTS = "athena-tests-lake", "athena-tests-results"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(module: str, port: int, arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a process of the local cloud and wait until it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--port", str(port), *arguments],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        stdout=log.open("wb"),
        stderr=subprocess.STDOUT,
    )
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{module} ended: {log.read_text()[-2000:]}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_localcloud/health", timeout=2)
            return process
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    process.kill()
    raise RuntimeError(f"{module} is not ready: {log.read_text()[-2000:]}")


@dataclass
class Result:
    """A finished query: its description, its rows as Athena's texts (the header left out) and its columns."""

    execution: dict[str, Any]
    rows: list[list[str | None]]
    columns: list[dict[str, Any]]

    @property
    def types(self) -> list[str]:
        return [column["Type"] for column in self.columns]


class QueryFailedError(Exception):
    """A query that did not succeed; the message is Athena's reason."""


class Cloud:
    """Clients of the two processes and a way to run queries."""

    def __init__(self, aws_port: int, athena_port: int) -> None:
        self.athena_port = athena_port
        self.s3, self.glue = self._client("s3", aws_port), self._client("glue", aws_port)
        self.athena = self._client("athena", athena_port)
        self.lake, self.results = f"s3://{LAKE}", f"s3://{RESULTS}"

    @staticmethod
    def _client(service: str, port: int) -> Any:
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def start_query(self, sql: str, database: str = "default", **more: Any) -> str:
        answer = self.athena.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": database},
            ResultConfiguration={"OutputLocation": f"{self.results}/"},
            **more,
        )
        return str(answer["QueryExecutionId"])

    def wait(self, query_id: str) -> dict[str, Any]:
        while True:
            execution = self.athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            if execution["Status"]["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                return dict(execution)
            time.sleep(0.02)

    def run(self, sql: str, database: str = "default", **more: Any) -> Result:
        """Run a statement to its end; raises QueryFailedError with Athena's reason."""
        execution = self.wait(self.start_query(sql, database, **more))
        if execution["Status"]["State"] != "SUCCEEDED":
            raise QueryFailedError(execution["Status"].get("StateChangeReason", execution["Status"]["State"]))
        query_id = execution["QueryExecutionId"]
        pages = list(self.athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id))
        rows = [
            [cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]
        ]
        columns = pages[0]["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        header = execution.get("SubstatementType") == "SELECT"
        return Result(execution, rows[1:] if header else rows, columns)

    def failure(self, sql: str, database: str = "default") -> str:
        """The reason a statement fails for."""
        with pytest.raises(QueryFailedError) as caught:
            self.run(sql, database)
        return str(caught.value)

    def objects(self, uri: str) -> dict[str, int]:
        """Key and size of each object below a URI."""
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", [])}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB with Trino's functions, for what needs no server."""
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    macros.install(database)
    yield database
    database.close()


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    home = tmp_path_factory.mktemp("athena")
    aws_port, athena_port = free_port(), free_port()
    engine = f"http://127.0.0.1:{athena_port}"
    aws = start(
        "localcloud.aws",
        aws_port,
        ["--state-dir", str(home / "aws"), "--athena-endpoint", engine, "--redshift-endpoint", engine],
        home / "aws.log",
    )
    athena = start(
        "localcloud.athena",
        athena_port,
        ["--aws-endpoint", f"http://127.0.0.1:{aws_port}", "--state-dir", str(home / "athena")],
        home / "athena.log",
    )
    running = Cloud(aws_port, athena_port)
    for bucket in (LAKE, RESULTS):
        running.s3.create_bucket(Bucket=bucket)
    yield running
    for process in (athena, aws):
        process.terminate()
        process.wait(30)
    assert athena.returncode == 0


@pytest.fixture
def database(cloud: Cloud) -> str:
    """A fresh database."""
    name = f"t_{uuid.uuid4().hex[:10]}"
    cloud.run(f"create database {name}")
    return name
