"""Sessions of a role, narrowed by a policy of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import boto3
from botocore.credentials import RefreshableCredentials

from landfall.aws.clients import client, new_session

LONGEST_POLICY: Final = 2_048
"""Characters that AssumeRole takes as a session policy."""

_LONGEST_NAME: Final = 64


def narrowed_session(
    role_arn: str, *, policy: Mapping[str, Any], name: str, external_id: str | None = None
) -> boto3.Session:
    """Return a session that may do what both the role and `policy` allow; `name` is in the services' own logs.

    `external_id` is what a role of another account asks for. Raises ClientError when the role does not let us in.
    Its credentials live an hour and are fetched anew as long as the session is used.
    """
    # The caller's own: within the session there is nobody who may assume the role again.
    service = client("sts")

    asked = {
        "RoleArn": role_arn,
        "RoleSessionName": name[:_LONGEST_NAME],
        "Policy": json.dumps(policy, separators=(",", ":")),
        **({"ExternalId": external_id} if external_id else {}),
    }

    def fetch() -> dict[str, str]:
        found = service.assume_role(**asked)["Credentials"]
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found["SessionToken"],
            "expiry_time": found["Expiration"].isoformat(),
        }

    return new_session(
        RefreshableCredentials.create_from_metadata(metadata=fetch(), refresh_using=fetch, method="sts-assume-role")
    )
