"""CloudFormation resources that live in the engines' processes: the Athena workgroup and Redshift Serverless.

ministack keeps a workgroup of its own that no engine sees, and knows no Redshift. Here each resource is made by an
unmodified boto3 client of the engine, as the real CloudFormation calls the service.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.model import Shape
from ministack.core.responses import get_region
from ministack.services.cloudformation import provisioners, stacks

_AVAILABLE_WITHIN_SECONDS = 60.0
_POLL_SECONDS = 0.1

Properties = Mapping[str, Any]
Provisioned = tuple[str, dict[str, Any]]


def install(*, athena_endpoint: str, redshift_endpoint: str) -> None:
    """Provision the engines' resource types at these endpoints."""
    handlers = {
        "AWS::Athena::WorkGroup": _AthenaWorkgroup("athena", athena_endpoint),
        "AWS::RedshiftServerless::Namespace": _Serverless("namespace", ("DbName",), redshift_endpoint),
        "AWS::RedshiftServerless::Workgroup": _Serverless("workgroup", ("NamespaceName",), redshift_endpoint),
    }
    for kind, handler in handlers.items():
        provisioners._RESOURCE_HANDLERS[kind] = {
            "create": handler.create,
            "update": handler.update,
            "delete": handler.delete,
        }
    # The engines call back for secrets and objects while they provision, which the event loop must be free to answer.
    on_thread = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda kind: kind in handlers or on_thread(kind)


class _Engine:
    def __init__(self, service: str, endpoint: str) -> None:
        self._service = service
        self._endpoint = endpoint

    @cached_property
    def client(self) -> Any:
        return boto3.client(
            self._service,
            endpoint_url=self._endpoint,
            region_name=get_region(),
            aws_access_key_id="cloudformation",
            aws_secret_access_key="cloudformation",  # noqa: S106 - the engines take any
            config=Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "max_attempts": 2}),
        )

    def create(self, logical_id: str, properties: Properties, stack: str) -> Provisioned:
        raise NotImplementedError

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str) -> Provisioned:
        raise NotImplementedError

    def delete(self, physical_id: str, properties: Properties) -> None:
        raise NotImplementedError

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Call `operation` (its API name) with a template's values turned into the types the API declares."""
        model = self.client.meta.service_model.operation_model(operation)
        method = next(name for name, api in self.client.meta.method_to_api_mapping.items() if api == operation)
        return dict(getattr(self.client, method)(**_typed(request, model.input_shape)))


class _AthenaWorkgroup(_Engine):
    """AWS::Athena::WorkGroup; its name is its physical id."""

    def create(self, _logical_id: str, properties: Properties, _stack: str) -> Provisioned:
        request = {"Name": properties["Name"], "Configuration": properties.get("WorkGroupConfiguration", {})}
        for optional in ("Description", "Tags"):
            if optional in properties:
                request[optional] = properties[optional]
        self.call("CreateWorkGroup", request)
        if properties.get("State", "ENABLED") != "ENABLED":
            self.call("UpdateWorkGroup", {"WorkGroup": properties["Name"], "State": properties["State"]})
        return properties["Name"], {}

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str) -> Provisioned:
        if new["Name"] != physical_id:
            return self.create("", new, stack)
        configuration = dict(new.get("WorkGroupConfiguration", {}))
        # The update takes the result location under another name than the creation.
        if "ResultConfiguration" in configuration:
            configuration["ResultConfigurationUpdates"] = configuration.pop("ResultConfiguration")
        if "BytesScannedCutoffPerQuery" in old.get("WorkGroupConfiguration", {}):
            configuration.setdefault(
                "RemoveBytesScannedCutoffPerQuery", "BytesScannedCutoffPerQuery" not in configuration
            )
        request = {
            "WorkGroup": physical_id,
            "Description": new.get("Description", ""),
            "State": new.get("State", "ENABLED"),
            "ConfigurationUpdates": configuration,
        }
        self.call("UpdateWorkGroup", request)
        return physical_id, {}

    def delete(self, physical_id: str, properties: Properties) -> None:
        recursive = properties.get("RecursiveDeleteOption", False)
        self.call("DeleteWorkGroup", {"WorkGroup": physical_id, "RecursiveDeleteOption": recursive})


class _Serverless(_Engine):
    """AWS::RedshiftServerless::Namespace or Workgroup; the template's names are the API's, but for the first letter."""

    def __init__(self, noun: str, fixed: tuple[str, ...], endpoint: str) -> None:
        super().__init__("redshift-serverless", endpoint)
        self._noun = noun
        self._name = f"{noun.title()}Name"
        self._fixed = fixed

    def create(self, _logical_id: str, properties: Properties, _stack: str) -> Provisioned:
        self.call(f"Create{self._noun.title()}", _api_names(properties))
        return properties[self._name], self._await_available(properties[self._name])

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str) -> Provisioned:
        if new[self._name] != physical_id:
            return self.create("", new, stack)
        changed = [name for name in self._fixed if old.get(name) != new.get(name)]
        if changed:
            raise ValueError(f"a change of {', '.join(changed)} is not supported by the local cloud: it replaces data")
        request = {name: value for name, value in new.items() if name not in self._fixed}
        self.call(f"Update{self._noun.title()}", _api_names(request))
        return physical_id, self._await_available(physical_id)

    def delete(self, physical_id: str, _properties: Properties) -> None:
        self.call(f"Delete{self._noun.title()}", {f"{self._noun}Name": physical_id})

    def _await_available(self, name: str) -> dict[str, Any]:
        deadline = time.monotonic() + _AVAILABLE_WITHIN_SECONDS
        while True:
            found = self.call(f"Get{self._noun.title()}", {f"{self._noun}Name": name})[self._noun]
            if found["status"] == "AVAILABLE":
                return _attributes(self._noun.title(), found)
            if time.monotonic() > deadline:
                raise ValueError(f"{self._noun} {name} is {found['status']} after {_AVAILABLE_WITHIN_SECONDS:.0f} s")
            time.sleep(_POLL_SECONDS)


def _api_names(properties: Properties) -> dict[str, Any]:
    return {name[0].lower() + name[1:]: value for name, value in properties.items()}


def _attributes(path: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return Fn::GetAtt's names, as `Workgroup.Endpoint.Address`, with their values."""
    found: dict[str, Any] = {}
    for name, item in value.items():
        full = f"{path}.{name[0].upper()}{name[1:]}"
        if isinstance(item, Mapping):
            found.update(_attributes(full, item))
        elif not isinstance(item, list):
            found[full] = str(item)
    return found


def _typed(value: Any, shape: Shape) -> Any:
    """Turn template values, where a referenced number or truth is a text, into what the API's `shape` declares."""
    if shape.type_name == "structure":
        return {
            name: _typed(item, shape.members[name]) if name in shape.members else item for name, item in value.items()
        }
    if shape.type_name == "list":
        return [_typed(item, shape.member) for item in value]
    if shape.type_name in ("integer", "long"):
        return int(value)
    if shape.type_name == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    return value
