"""SQLAlchemy addresses of the engines, for clients that speak SQL through SQLAlchemy."""

from __future__ import annotations

import json

from sqlalchemy import URL

from landfall.aws.clients import client
from landfall.settings import Settings

_POLL_SECONDS = "0.1"


def athena_url(settings: Settings) -> str:
    """Return PyAthena's address of the workgroup; credentials and endpoint come from the environment."""
    url = URL.create(
        "awsathena+rest",
        host=f"athena.{settings.aws_region}.amazonaws.com",
        port=443,
        database="default",
        query={"work_group": settings.athena_workgroup, "poll_interval": _POLL_SECONDS},
    )
    return url.render_as_string(hide_password=False)


def redshift_url(settings: Settings) -> str:
    """Return the address of the Redshift workgroup. It holds the password of its secret: never log it."""
    workgroup = client("redshift-serverless").get_workgroup(workgroupName=settings.redshift_workgroup)["workgroup"]
    secret = json.loads(
        client("secretsmanager").get_secret_value(SecretId=settings.redshift_secret_arn)["SecretString"]
    )
    url = URL.create(
        "redshift+redshift_connector",
        username=secret["username"],
        password=secret["password"],
        host=workgroup["endpoint"]["address"],
        port=workgroup["endpoint"]["port"],
        database=settings.redshift_database,
    )
    return url.render_as_string(hide_password=False)
