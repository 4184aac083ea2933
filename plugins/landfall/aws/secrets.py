"""Secrets by their ARN."""

from __future__ import annotations

from landfall.aws.clients import client


def read_secret(arn: str) -> str:
    """Return the text of a secret. It must not come into a log, a message or an XCom."""
    return str(client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])
