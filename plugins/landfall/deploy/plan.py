"""Which stacks there are to be. Pure: it reads the repository and talks to nobody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from landfall.contracts import load_stream_contracts
from landfall.errors import DeploymentError
from landfall.settings import REPOSITORY

_ENVIRONMENT = re.compile(r"[a-z][a-z0-9]{1,11}")


@dataclass(frozen=True, kw_only=True)
class StackPlan:
    """One stack: its name, the text of its template and its parameters."""

    name: str
    template: str = field(repr=False)
    parameters: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class DeploymentPlan:
    """The platform, which comes first, and the others, which know only the platform."""

    environment: str
    platform: StackPlan
    walls: StackPlan
    notify: StackPlan
    delivery: StackPlan
    streams: tuple[StackPlan, ...]


def plan_deployment(
    *,
    environment: str,
    platform_parameters: Mapping[str, str],
    stream_parameters: Mapping[str, str],
    repository: Path = REPOSITORY,
) -> DeploymentPlan:
    """Plan the stacks of `environment` for the contracts in the repository.

    Raises DeploymentError for an unusable environment name and ContractError for a wrong contract.
    """
    if not _ENVIRONMENT.fullmatch(environment):
        raise DeploymentError(f"environment {environment!r}: use 2 to 12 lower-case letters and digits, such as local")
    platform = StackPlan(
        name=f"landfall-{environment}-platform",
        template=(repository / "infra" / "platform.yaml").read_text(),
        parameters={"Environment": environment, **platform_parameters},
    )
    walls, delivery = (
        StackPlan(
            name=f"landfall-{environment}-{name}",
            template=(repository / "infra" / f"{name}.yaml").read_text(),
            parameters={"Environment": environment},
        )
        for name in ("walls", "delivery")
    )
    shared = ("OperatorPrincipalArn",)
    notify = StackPlan(
        name=f"landfall-{environment}-notify",
        template=(repository / "infra" / "notify.yaml").read_text(),
        parameters={
            "Environment": environment,
            **{name: platform_parameters[name] for name in shared if name in platform_parameters},
        },
    )
    template = (repository / "infra" / "stream.yaml").read_text()
    streams = tuple(
        StackPlan(
            # A stack's name takes no underscore.
            name=f"landfall-{environment}-stream-{contract.stream.replace('_', '-')}",
            template=template,
            parameters={
                "Environment": environment,
                "Stream": contract.stream,
                **({"KafkaTopic": contract.kafka_topic} if contract.kafka_topic else {}),
                **stream_parameters,
            },
        )
        for contract in load_stream_contracts(repository / "contracts" / "streams")
    )
    return DeploymentPlan(
        environment=environment, platform=platform, walls=walls, notify=notify, delivery=delivery, streams=streams
    )
