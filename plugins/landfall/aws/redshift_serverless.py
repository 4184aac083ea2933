"""Where the warehouse listens and who logs in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from landfall.aws.clients import client
from landfall.aws.secrets import read_secret


@dataclass(frozen=True, kw_only=True)
class WarehouseLogin:
    """What a PostgreSQL client needs to reach the warehouse."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)


def warehouse_login(*, workgroup: str, secret_arn: str) -> WarehouseLogin:
    """Return the endpoint of `workgroup` and the administrator that the secret names."""
    found = client("redshift-serverless").get_workgroup(workgroupName=workgroup)["workgroup"]["endpoint"]
    secret = json.loads(read_secret(secret_arn))
    return WarehouseLogin(
        host=found["address"], port=found["port"], user=secret["username"], password=secret["password"]
    )
