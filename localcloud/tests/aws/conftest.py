"""Start `python -m localcloud.aws` as a process of its own, as the supervisor does."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

SOURCE = Path(__file__).parents[2] / "src"
UNUSED_ENDPOINT = "http://127.0.0.1:9"


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class AwsProcess:
    """The process under test; it can be stopped and started again over the same state."""

    state_dir: Path
    athena_endpoint: str = UNUSED_ENDPOINT
    redshift_endpoint: str = UNUSED_ENDPOINT
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None, "localcloud.aws is not running"
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it is healthy."""
        arguments = ["--port", str(self.port), "--state-dir", str(self.state_dir)]
        arguments += ["--athena-endpoint", self.athena_endpoint, "--redshift-endpoint", self.redshift_endpoint]
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        self._process = subprocess.Popen([sys.executable, "-m", "localcloud.aws", *arguments], env=environment)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
                connection.request("GET", "/_localcloud/health")
                assert connection.getresponse().status == 200
                return
            except OSError:
                assert self._process.poll() is None, "localcloud.aws ended while starting"
                time.sleep(0.05)
        raise AssertionError("localcloud.aws was not healthy within 30 s")

    def stop(self) -> int:
        """End it as `down` does and return its exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(30)
        self._process = None
        return code

    def wait(self) -> int:
        """Wait for its end, which somebody else has brought about, and return its exit code."""
        assert self._process is not None, "localcloud.aws is not running"
        code = self._process.wait(30)
        self._process = None
        return code

    def client(self, service: str, config: Config | None = None) -> Any:
        """Return an unmodified boto3 client of it."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=config,
        )


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsProcess]:
    """One process for the tests of a module."""
    process = AwsProcess(tmp_path_factory.mktemp("aws"))
    process.start()
    yield process
    assert process.stop() == 0
