"""Sessions of a role, narrowed by a policy of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextvars import copy_context
from typing import Any, Final

from botocore.credentials import RefreshableCredentials

from landfall.aws.clients import acting_as, client

LONGEST_POLICY: Final = 2_048
"""Characters that AssumeRole takes as a session policy."""

_LONGEST_NAME: Final = 64


def narrowed(role_arn: str, *, policy: Mapping[str, Any], name: str, external_id: str | None = None) -> acting_as:
    """Return the context of a session that may do what both the role and `policy` allow.

    `name` is in the services' own logs.

    `external_id` is what a role of another account asks for. Raises ClientError when the role does not let us in.
    Its credentials live an hour and are fetched anew as long as the session is used.
    """
    # As the caller is now: within the session there is nobody who may assume the role again.
    caller = copy_context()
    asked = {
        "RoleArn": role_arn,
        "RoleSessionName": name[:_LONGEST_NAME],
        "Policy": json.dumps(policy, separators=(",", ":")),
        **({"ExternalId": external_id} if external_id else {}),
    }

    def fetch() -> dict[str, str]:
        found = caller.copy().run(client("sts").assume_role, **asked)["Credentials"]
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found["SessionToken"],
            "expiry_time": found["Expiration"].isoformat(),
        }

    return acting_as(
        RefreshableCredentials.create_from_metadata(metadata=fetch(), refresh_using=fetch, method="sts-assume-role")
    )
