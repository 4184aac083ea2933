"""Usage limits of workgroups: RPU-hours a day, week or month, and what happens when they are used up."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from localcloud.redshift.api.app import Operation
from localcloud.redshift.api.errors import ApiError, only, text, validation
from localcloud.redshift.api.paging import serverless_page
from localcloud.redshift.limits import UsageLimit
from localcloud.redshift.namespaces import Registry, Workgroup

Request = Mapping[str, Any]
_FIELDS = {"amount", "breachAction", "period", "resourceArn", "usageType"}


class UsageLimits:
    """Each public method is an operation of the redshift-serverless API."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def operations(self) -> dict[str, Operation]:
        methods = (
            self.create_usage_limit,
            self.get_usage_limit,
            self.update_usage_limit,
            self.delete_usage_limit,
            self.list_usage_limits,
        )
        return {f"RedshiftServerless.{m.__name__.title().replace('_', '')}": m for m in methods}

    def create_usage_limit(self, request: Request) -> Request:
        only(request, _FIELDS)
        if request["usageType"] != "serverless-compute":
            raise validation("usage limits on cross-Region data sharing are not supported by the local cloud")
        _check_amount(request["amount"])
        with self._registry.lock:
            workgroup = self._workgroup(text(request, "resourceArn"))
            period = request.get("period", "monthly")
            if any(limit.workgroup == workgroup.name and limit.period == period for limit in self._all()):
                raise ApiError("ConflictException", f"A {period} usage limit already exists for this resource.")
            limit = UsageLimit(
                id=str(uuid.uuid4()),
                workgroup=workgroup.name,
                resource_arn=request["resourceArn"],
                amount=request["amount"],
                period=period,
                action=request.get("breachAction", "log"),
            )
            self._registry.usage_limits[limit.id] = limit
            self._registry.save()
        return {"usageLimit": self._shown(limit)}

    def get_usage_limit(self, request: Request) -> Request:
        return {"usageLimit": self._shown(self._find(request))}

    def update_usage_limit(self, request: Request) -> Request:
        only(request, {"usageLimitId", "amount", "breachAction"})
        with self._registry.lock:
            limit = self._find(request)
            limit.amount = request.get("amount", limit.amount)
            _check_amount(limit.amount)
            limit.action = request.get("breachAction", limit.action)
            self._registry.save()
        return {"usageLimit": self._shown(limit)}

    def delete_usage_limit(self, request: Request) -> Request:
        with self._registry.lock:
            limit = self._registry.usage_limits.pop(self._find(request).id)
            self._registry.save()
        return {"usageLimit": self._shown(limit)}

    def list_usage_limits(self, request: Request) -> Request:
        only(request, {"resourceArn", "usageType", "maxResults", "nextToken"})
        wanted = request.get("resourceArn")
        found = [self._shown(limit) for limit in self._all() if wanted in (None, limit.resource_arn)]
        return serverless_page(request, "usageLimits", found)

    def _all(self) -> list[UsageLimit]:
        return list(self._registry.usage_limits.values())

    def _workgroup(self, arn: str) -> Workgroup:
        for workgroup in self._registry.workgroups.values():
            if arn.endswith(f":workgroup/{workgroup.id}"):
                return workgroup
        raise ApiError("ResourceNotFoundException", f"{arn} not found", extra={"resourceName": arn})

    def _find(self, request: Request) -> UsageLimit:
        identifier = text(request, "usageLimitId")
        if identifier not in self._registry.usage_limits:
            raise ApiError(
                "ResourceNotFoundException", f"Usage limit {identifier} not found", extra={"resourceName": identifier}
            )
        return self._registry.usage_limits[identifier]

    @staticmethod
    def _shown(limit: UsageLimit) -> dict[str, Any]:
        return {
            "usageLimitId": limit.id,
            "usageLimitArn": limit.resource_arn.rpartition(":workgroup/")[0] + f":usagelimit/{limit.id}",
            "resourceArn": limit.resource_arn,
            "usageType": "serverless-compute",
            "amount": limit.amount,
            "period": limit.period,
            "breachAction": limit.action,
        }


def _check_amount(amount: int) -> None:
    if amount <= 0:
        raise validation("amount must be a positive number of RPU-hours")
