"""One stack without Airflow for the session, and clients that do not try again."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from localcloud.stack.cli import main
from localcloud.stack.environment import read_env_file
from localcloud.stack.layout import Layout

_ENDPOINTS = {"athena": "AWS_ENDPOINT_URL_ATHENA", "redshift-data": "AWS_ENDPOINT_URL_REDSHIFT_DATA"}


class Stack:
    """A running stack: its clients, its environment and the `localcloud` command on it."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.env = read_env_file(Layout(state).env_file)

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.env[_ENDPOINTS.get(service, "AWS_ENDPOINT_URL")],
            region_name=self.env["AWS_REGION"],
            aws_access_key_id=self.env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": 1}, read_timeout=20),
        )

    def fault(self, *words: str) -> tuple[int, str]:
        """`localcloud fault …` on the stack: its exit code and what it says."""
        said = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
            patch.setenv("LANDFALL_STATE", str(self.state))
            return main(["fault", *words]), said.getvalue()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    state = tmp_path_factory.mktemp("faults")
    command = [sys.executable, "-m", "localcloud"]
    options = ["--state", str(state)]
    up = subprocess.run([*command, "up", "--without-airflow", "--ports", "free", *options], check=False)
    try:
        assert up.returncode == 0
        yield state
    finally:
        subprocess.run([*command, "down", "--purge", *options], check=True)


@pytest.fixture
def stack(running: Path) -> Iterator[Stack]:
    """The stack with no rule in force, before and after."""
    found = Stack(running)
    found.fault("clear")
    yield found
    found.fault("clear")


@pytest.fixture
def athena(stack: Stack) -> Callable[[str], dict[str, Any]]:
    """Runs a statement on Athena to its end and gives its QueryExecution."""
    client = stack.client("athena")

    def run(sql: str) -> dict[str, Any]:
        group = stack.env["LANDFALL_ATHENA_WORKGROUP"]
        query = client.start_query_execution(QueryString=sql, WorkGroup=group)["QueryExecutionId"]
        while True:
            execution = client.get_query_execution(QueryExecutionId=query)["QueryExecution"]
            if execution["Status"]["State"] in ("SUCCEEDED", "FAILED"):
                return dict(execution)

    return run
