"""What ministack must find in the environment; it reads most of it while it is imported."""

from __future__ import annotations

import os
from pathlib import Path

ACCOUNT_ID = "000000000000"

SERVICES = (
    "cloudformation",
    "dynamodb",
    "dynamodbstreams",
    "events",
    "firehose",
    "glue",
    "iam",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "states",
    "sts",
    "tagging",
)
"""The services that are answered here. ministack offers more, but nobody has checked them for this pipeline."""


def prepare(*, port: int, state_dir: Path, region: str) -> None:
    """Set the variables that make ministack keep to 127.0.0.1 and to `state_dir`; call before importing it."""
    state_dir.mkdir(parents=True, exist_ok=True)
    os.environ.update(
        {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            # Both would open ports of their own, IoT on all interfaces whatever BIND_HOST says.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(state_dir / "services"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(state_dir / "s3"),
            "MINISTACK_REGION": region,
            "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
            "SERVICES": ",".join(SERVICES),
            # A Docker daemon on the machine is none of our business: ministack would reap containers in it.
            "DOCKER_HOST": f"unix://{state_dir / 'no-docker.sock'}",
        }
    )
    os.environ.setdefault("LOG_LEVEL", "WARNING")
