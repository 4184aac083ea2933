"""Addresses of the engines for clients that speak SQL through SQLAlchemy."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from landfall.aws.clients import client, new_session
from landfall.settings import Settings

_POLL_SECONDS = "0.1"


@dataclass(frozen=True)
class EngineAddress:
    """What `sqlalchemy.create_engine` needs. The address of Redshift holds a password: never log it."""

    url: str = field(repr=False)
    connect_args: Mapping[str, Any]


def athena_address(settings: Settings) -> EngineAddress:
    """Return PyAthena's address of the workgroup; credentials and endpoint come from the environment."""
    url = sa.URL.create(
        "awsathena+rest",
        host=f"athena.{settings.aws_region}.amazonaws.com",
        port=443,
        database="default",
        query={"work_group": settings.athena_workgroup, "poll_interval": _POLL_SECONDS},
    )
    # A session of PyAthena's own would read the descriptions of services anew.
    return EngineAddress(url=url.render_as_string(), connect_args={"session": new_session()})


def redshift_address(settings: Settings) -> EngineAddress:
    """Return the address of the Redshift workgroup, with the user of its secret.

    TLS is verified unless LANDFALL_REDSHIFT_SSLMODE, which dbt reads too, is `disable`.
    """
    workgroup = client("redshift-serverless").get_workgroup(workgroupName=settings.redshift_workgroup)["workgroup"]
    held = client("secretsmanager").get_secret_value(SecretId=settings.redshift_secret_arn)
    secret = json.loads(held["SecretString"])
    url = sa.URL.create(
        "redshift+redshift_connector",
        username=secret["username"],
        password=secret["password"],
        host=workgroup["endpoint"]["address"],
        port=workgroup["endpoint"]["port"],
        database=settings.redshift_database,
    )
    plain = os.environ.get("LANDFALL_REDSHIFT_SSLMODE") == "disable"
    connect_args: dict[str, Any] = {"ssl": False, "sslmode": None} if plain else {"ssl": True, "sslmode": "verify-ca"}
    return EngineAddress(url=url.render_as_string(hide_password=False), connect_args=connect_args)


def redshift_engine(settings: Settings) -> sa.Engine:
    """Return SQLAlchemy's engine of the Redshift workgroup; each of its connections is a session of its own."""
    address = redshift_address(settings)
    return sa.create_engine(address.url, connect_args=dict(address.connect_args), poolclass=sa.NullPool)
