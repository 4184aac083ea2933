"""boto3 clients, made once a process. Endpoints and credentials come from the environment alone."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

# Signature v4 for presigned URLs: in us-east-1 botocore would still sign them with v2.
_CONFIG = Config(signature_version="s3v4", retries={"mode": "standard", "max_attempts": 8})


@cache
def client(service: str) -> Any:
    """Return the process's client of an AWS `service` by its boto3 name."""
    config = _CONFIG if service == "s3" else Config(retries={"mode": "standard", "max_attempts": 8})
    # Names are checked by boto3 itself; its stubs know them only as literals.
    return boto3.client(service, config=config)  # type: ignore[call-overload]
