"""Hold AssumeRole to the role's trust policy, above all to the external id that it may ask for.

ministack looks at a trust policy only where it enforces all policies (`AUTH`). A role in a customer's account is
opened by nothing else than that policy, so it is looked at here always: a role that is not there, a caller whom it does
not name and a wrong external id are refused alike, as STS does.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from ministack.core.iam_evaluator import EvalContext, evaluate_trust_policy
from ministack.core.responses import get_region
from ministack.services import iam, sts

Response = tuple[int, dict[str, str], bytes]


def install() -> None:
    """Put this module before ministack's STS."""
    original = sts.handle_request

    async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Response:
        asked = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        if asked.get("Action") == "AssumeRole":
            refused = _refusal(asked, headers, query)
            if refused is not None:
                return refused
        answer: Response = await original(method, path, headers, body, query)
        return answer

    sts.handle_request = handle_request


def _refusal(asked: dict[str, str], headers: dict[str, str], query: Any) -> Response | None:
    """Return AccessDenied where the trust policy does not let the caller in, None where it does."""
    arn = asked.get("RoleArn", "")
    assumed, malformed = sts._assumed_role_arn(arn, asked.get("RoleSessionName", ""))
    caller = sts._caller_identity(headers, query)
    if malformed is not None or assumed is None or not isinstance(caller, dict):
        return None  # refused by ministack itself
    role = iam._roles.get_scoped(arn.split(":")[4], None, arn.rsplit("/", 1)[-1])
    context = EvalContext(
        principal_arn=caller["userArn"],
        principal_type=caller["principalType"],
        principal_account=caller["accountId"],
        action="sts:AssumeRole",
        resource_arn=arn,
        region=get_region(),
        service_context={
            "sts:externalid": asked.get("ExternalId"),
            "sts:rolesessionname": asked.get("RoleSessionName"),
        },
    )
    if role is not None and evaluate_trust_policy(role["AssumeRolePolicyDocument"], caller["userArn"], context):
        return None
    words = f"User: {caller['userArn']} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    refused: Response = sts._error(403, "AccessDenied", words, ns="sts")
    return refused
