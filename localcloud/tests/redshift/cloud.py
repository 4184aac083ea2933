"""A Redshift process (and, where S3 and Glue are needed, the AWS process) of its own for the tests, on free ports."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

USER, PASSWORD, DATABASE, WORKGROUP = "analyst", "Passw0rd-of-tests", "shop", "shop-local"
SOURCES = Path(__file__).resolve().parents[2] / "src"
STARTUP_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Cloud:
    """Ports and processes of a running pair."""

    wire_port: int
    api_port: int
    aws_port: int
    state_dir: Path
    redshift: subprocess.Popen[bytes]
    aws: subprocess.Popen[bytes] | None

    def client(self, service: str, config: Config | None = None, port: int | None = None) -> Any:
        port = port or (self.api_port if service.startswith("redshift") else self.aws_port)
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=config,
        )

    def restart_redshift(self, *, kill: bool = False) -> None:
        """Stop (SIGTERM, or SIGKILL) and start the engine over the same state."""
        self.redshift.kill() if kill else self.redshift.terminate()
        self.redshift.wait(20)
        self.redshift = start_redshift(self.wire_port, self.api_port, self.aws_port, self.state_dir)

    def stop(self) -> None:
        for process in (self.redshift, self.aws):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait(30)


def launch(arguments: list[str], health: str, log: Path) -> subprocess.Popen[bytes]:
    """Start a module of the local cloud with its arguments, and wait until it answers at `health`."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdout=output,
            stderr=output,
            env={"PYTHONPATH": str(SOURCES), "PATH": "/usr/bin:/bin"},
        )
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(health, timeout=2) as answer:  # noqa: S310
                if answer.status == 200:
                    return process
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    process.kill()
    raise RuntimeError(f"{arguments[0]} did not start: {log.read_text()[-2000:]}")


def start_redshift(
    wire_port: int, api_port: int, aws_port: int, state_dir: Path, *options: str
) -> subprocess.Popen[bytes]:
    """Start the engine with further `options` of its command line."""
    state_dir.mkdir(parents=True, exist_ok=True)
    arguments = ["localcloud.redshift", "--wire-port", str(wire_port), "--api-port", str(api_port)]
    arguments += ["--aws-endpoint", f"http://127.0.0.1:{aws_port}", "--state-dir", str(state_dir), *options]
    return launch(arguments, f"http://127.0.0.1:{api_port}/_localcloud/health", state_dir / "log")


def start(folder: Path, *options: str, with_aws: bool) -> Cloud:
    """Start the processes, the engine with its `options`, and make one namespace and workgroup."""
    wire_port, api_port, aws_port = free_port(), free_port(), free_port()
    aws = None
    if with_aws:
        arguments = ["localcloud.aws", "--port", str(aws_port), "--state-dir", str(folder / "aws")]
        arguments += ["--athena-endpoint", "http://127.0.0.1:9", "--redshift-endpoint", f"http://127.0.0.1:{api_port}"]
        aws = launch(arguments, f"http://127.0.0.1:{aws_port}/_localcloud/health", folder / "aws.log")
    redshift = start_redshift(wire_port, api_port, aws_port, folder / "redshift", *options)
    cloud = Cloud(wire_port, api_port, aws_port, folder / "redshift", redshift, aws)
    serverless = cloud.client("redshift-serverless")
    serverless.create_namespace(
        namespaceName="shop-local", adminUsername=USER, adminUserPassword=PASSWORD, dbName=DATABASE
    )
    serverless.create_workgroup(workgroupName=WORKGROUP, namespaceName="shop-local")
    return cloud
