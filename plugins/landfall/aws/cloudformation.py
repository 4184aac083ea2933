"""Bring CloudFormation stacks to what their templates say."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from landfall.aws.clients import client
from landfall.errors import DeploymentError

MAX_TEMPLATE_BYTES = 51_200
"""Longest template that CloudFormation takes in a request (CloudFormation quotas)."""

Change = Literal["created", "updated", "unchanged"]

_FIRST_POLL_SECONDS = 0.1
_LONGEST_POLL_SECONDS = 5.0
_UNUSABLE = frozenset({"CREATE_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"})
_NOTHING_TO_DO = "No updates are to be performed"


def bring_up(
    *, stack: str, template: str, parameters: Mapping[str, str], say: Callable[[str], None]
) -> tuple[Change, dict[str, str]]:
    """Create or update `stack` from the text of `template` and return what happened and the stack's outputs.

    A stack that never came to be is removed first, and one that another deployment is working on is waited for.
    Raises DeploymentError that names the failing resources and CloudFormation's reasons.
    """
    size = len(template.encode())
    if size > MAX_TEMPLATE_BYTES:
        raise DeploymentError(f"{stack}: the template has {size} bytes, CloudFormation takes {MAX_TEMPLATE_BYTES}")
    try:
        return _bring_up(stack, template, parameters, say)
    except BotoCoreError as error:
        # No credentials, no endpoint, no network: botocore's words say which.
        raise DeploymentError(f"{stack}: {error}") from error


def _bring_up(
    stack: str, template: str, parameters: Mapping[str, str], say: Callable[[str], None]
) -> tuple[Change, dict[str, str]]:
    before = _settled(stack)
    if before is not None and before["StackStatus"] in _UNUSABLE:
        say(f"{stack}: removing what is left of a failed creation")
        client("cloudformation").delete_stack(StackName=stack)
        before = _settled(stack)
    say(f"{stack}: {'creating' if before is None else 'comparing with its template'}")
    seen = _event_ids(stack) if before is not None else frozenset()
    change = _request(stack, template, parameters, exists=before is not None)
    after = _settled(stack)
    if after is None or after["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        status = "gone" if after is None else after["StackStatus"]
        raise DeploymentError(f"{stack} is {status}: {'; '.join(_failures(stack, seen)) or 'no reason was given'}")
    return change, {output["OutputKey"]: output["OutputValue"] for output in after.get("Outputs", ())}


def _request(stack: str, template: str, parameters: Mapping[str, str], *, exists: bool) -> Change:
    request: dict[str, Any] = {
        "StackName": stack,
        "TemplateBody": template,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
    }
    try:
        if not exists:
            client("cloudformation").create_stack(**request)
            return "created"
        client("cloudformation").update_stack(**request)
        return "updated"
    except ClientError as error:
        if exists and _NOTHING_TO_DO in str(error):
            return "unchanged"
        raise DeploymentError(f"{stack}: {error}") from error


def _settled(stack: str) -> dict[str, Any] | None:
    """Return the description of `stack` once nothing works on it, or None if it does not exist."""
    pause = _FIRST_POLL_SECONDS
    while True:
        try:
            found: dict[str, Any] = client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise DeploymentError(f"{stack}: {error}") from error
        if found["StackStatus"] == "DELETE_COMPLETE":
            return None
        if not found["StackStatus"].endswith("_IN_PROGRESS") or found["StackStatus"] == "REVIEW_IN_PROGRESS":
            return found
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_POLL_SECONDS)


def _events(stack: str) -> Sequence[dict[str, Any]]:
    pages = client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack)
    return [event for page in pages for event in page["StackEvents"]]


def _event_ids(stack: str) -> frozenset[str]:
    return frozenset(event["EventId"] for event in _events(stack))


def _failures(stack: str, seen: frozenset[str]) -> list[str]:
    """Return a line a resource that failed since the events `seen`, the first cause first."""
    return [
        f"{event['LogicalResourceId']} ({event['ResourceType']}): {event['ResourceStatusReason']}"
        for event in reversed(_events(stack))
        if event["EventId"] not in seen
        and event["ResourceStatus"].endswith("_FAILED")
        and "cancelled" not in event.get("ResourceStatusReason", "cancelled")
    ]
