"""A stack is brought to its template from whatever state it is in, and a failure names its cause."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from landfall.aws import cloudformation
from landfall.errors import DeploymentError


class Stacks:
    """CloudFormation as far as one stack goes: the states it will be found in, and what was asked of it."""

    def __init__(self, *states: str | None, events: list[dict[str, str]] | None = None) -> None:
        self.states = list(states)
        self.asked: list[str] = []
        self.events = events or []
        self.answer: ClientError | None = None

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - the API's name
        state = self.states.pop(0)
        if state is None:
            raise refused(f"Stack with id {StackName} does not exist")
        outputs = [{"OutputKey": "LakeBucket", "OutputValue": "lake"}]
        return {"Stacks": [{"StackStatus": state, "Outputs": outputs}]}

    def create_stack(self, **request: Any) -> None:
        self.asked.append("create")

    def update_stack(self, **request: Any) -> None:
        self.asked.append("update")
        if self.answer:
            raise self.answer

    def delete_stack(self, **request: Any) -> None:
        self.asked.append("delete")

    def get_paginator(self, name: str) -> Stacks:
        return self

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        # What is asked before the change is made must not be blamed for its failure.
        return [{"StackEvents": self.events if "update" in self.asked or "create" in self.asked else self.events[-1:]}]


def refused(message: str) -> ClientError:
    return ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "Operation")


def failed(identity: str, resource: str, reason: str) -> dict[str, str]:
    return {
        "EventId": identity,
        "LogicalResourceId": resource,
        "ResourceType": "AWS::S3::Bucket",
        "ResourceStatus": "CREATE_FAILED",
        "ResourceStatusReason": reason,
    }


def bring_up(monkeypatch: pytest.MonkeyPatch, stacks: Stacks, template: str = "{}") -> tuple[str, dict[str, str]]:
    monkeypatch.setattr(cloudformation, "client", lambda service: stacks)
    monkeypatch.setattr(cloudformation.time, "sleep", lambda seconds: None)
    return cloudformation.bring_up(stack="s", template=template, parameters={}, say=lambda line: None)


def test_a_missing_stack_is_created_and_its_outputs_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    stacks = Stacks(None, "CREATE_IN_PROGRESS", "CREATE_COMPLETE")
    assert bring_up(monkeypatch, stacks) == ("created", {"LakeBucket": "lake"})
    assert stacks.asked == ["create"]


def test_a_stack_that_is_as_planned_is_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    stacks = Stacks("CREATE_COMPLETE", "CREATE_COMPLETE")
    stacks.answer = refused("No updates are to be performed.")
    assert bring_up(monkeypatch, stacks)[0] == "unchanged"


def test_another_deployment_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    stacks = Stacks("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "UPDATE_COMPLETE")
    assert bring_up(monkeypatch, stacks)[0] == "updated"


def test_what_a_failed_creation_left_is_removed_first(monkeypatch: pytest.MonkeyPatch) -> None:
    stacks = Stacks("ROLLBACK_COMPLETE", "DELETE_IN_PROGRESS", None, "CREATE_COMPLETE")
    assert bring_up(monkeypatch, stacks)[0] == "created"
    assert stacks.asked == ["delete", "create"]


def test_a_failure_names_the_resources_of_this_change_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [
        failed("3", "Lake", "Resource creation cancelled"),
        failed("2", "Landing", "landing already exists"),
        failed("1", "Ops", "an older story"),
    ]
    stacks = Stacks("CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", events=events)
    with pytest.raises(DeploymentError) as caught:
        bring_up(monkeypatch, stacks)
    expected = "s is UPDATE_ROLLBACK_COMPLETE: Landing (AWS::S3::Bucket): landing already exists"
    assert str(caught.value) == expected


def test_a_refused_request_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    stacks = Stacks("CREATE_COMPLETE")
    stacks.answer = refused("Parameter Stream must match pattern")
    with pytest.raises(DeploymentError, match="Parameter Stream must match pattern"):
        bring_up(monkeypatch, stacks)


def test_a_template_that_is_too_long_is_stopped_at_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeploymentError, match="51201 bytes"):
        bring_up(monkeypatch, Stacks(), template=" " * 51_201)


def test_a_cloud_that_can_not_be_reached_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unreachable(Stacks):
        def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - the API's name
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

    with pytest.raises(DeploymentError, match="s: Could not connect to the endpoint URL"):
        bring_up(monkeypatch, Unreachable())
