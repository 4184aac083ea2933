"""The redshift-serverless API: namespaces, workgroups, temporary credentials, tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localcloud.redshift.api.app import Operation
from localcloud.redshift.api.errors import ApiError, number, only, text, validation
from localcloud.redshift.api.paging import serverless_page
from localcloud.redshift.api.usage_limits import UsageLimits
from localcloud.redshift.namespaces import ACCOUNT, IAM_USER, Namespace, Registry, Workgroup, password_hash

_NAME = re.compile(r"[a-z0-9-]{3,64}")
_PASSWORD = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[!-~]{8,64}")
_NAMESPACE_FIELDS = {"defaultIamRoleArn", "iamRoles", "kmsKeyId", "logExports"}
_WORKGROUP_FIELDS = {
    "baseCapacity",
    "configParameters",
    "enhancedVpcRouting",
    "ipAddressType",
    "maxCapacity",
    "pricePerformanceTarget",
    "publiclyAccessible",
    "securityGroupIds",
    "subnetIds",
    "trackName",
    "port",
}

Request = Mapping[str, Any]


class ServerlessApi:
    """Each method is an operation of the API: request fields in, answer fields out; raises ApiError."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def operations(self) -> dict[str, Operation]:
        methods = (
            self.create_namespace,
            self.get_namespace,
            self.update_namespace,
            self.delete_namespace,
            self.list_namespaces,
            self.create_workgroup,
            self.get_workgroup,
            self.update_workgroup,
            self.delete_workgroup,
            self.list_workgroups,
            self.get_credentials,
            self.list_tags_for_resource,
            self.tag_resource,
            self.untag_resource,
        )
        own = {f"RedshiftServerless.{m.__name__.title().replace('_', '')}": m for m in methods}
        return {**own, **UsageLimits(self._registry).operations()}

    def create_namespace(self, request: Request) -> Request:
        only(request, _NAMESPACE_FIELDS | {"namespaceName", "adminUsername", "adminUserPassword", "dbName", "tags"})
        name = _name(request, "namespaceName")
        user = text(request, "adminUsername", "admin")
        password = text(request, "adminUserPassword", "")
        if password and not _PASSWORD.fullmatch(password):
            raise validation(
                "adminUserPassword must be 8 to 64 printable characters with upper and lower case letters and a number"
            )
        with self._registry.lock:
            if name in self._registry.namespaces:
                raise ApiError("ConflictException", f"Namespace {name} already exists.")
            details = {key: request[key] for key in _NAMESPACE_FIELDS if key in request} | {
                "tags": request.get("tags", [])
            }
            database = text(request, "dbName", "dev")
            # Without a password nobody can log in with one: an empty hash matches none.
            stored = password_hash(user, password) if password else ""
            namespace = Namespace(name, database, user, stored, details=details)
            self._registry.namespaces[name] = namespace
            self._registry.save()
        return {"namespace": self._namespace(namespace)}

    def get_namespace(self, request: Request) -> Request:
        return {"namespace": self._namespace(self._find_namespace(text(request, "namespaceName")))}

    def update_namespace(self, request: Request) -> Request:
        only(request, _NAMESPACE_FIELDS | {"namespaceName", "adminUsername", "adminUserPassword"})
        with self._registry.lock:
            namespace = self._find_namespace(text(request, "namespaceName"))
            if "adminUsername" in request and "adminUserPassword" not in request:
                raise validation("adminUsername can only be updated together with adminUserPassword")
            if "adminUserPassword" in request:
                namespace.admin_user = text(request, "adminUsername", namespace.admin_user)
                namespace.password_hash = password_hash(namespace.admin_user, text(request, "adminUserPassword"))
            namespace.details |= {key: request[key] for key in _NAMESPACE_FIELDS if key in request}
            self._registry.save()
        return {"namespace": self._namespace(namespace)}

    def delete_namespace(self, request: Request) -> Request:
        name = text(request, "namespaceName")
        if request.get("finalSnapshotName"):
            raise validation("finalSnapshotName is not supported by the local cloud")
        with self._registry.lock:
            self._find_namespace(name)
            if any(workgroup.namespace == name for workgroup in self._registry.workgroups.values()):
                raise ApiError("ConflictException", f"Namespace {name} still has a workgroup.")
            return {"namespace": self._namespace(self._registry.remove_namespace(name)) | {"status": "DELETING"}}

    def list_namespaces(self, request: Request) -> Request:
        only(request, {"maxResults", "nextToken"})
        found = [self._namespace(namespace) for namespace in self._registry.namespaces.values()]
        return serverless_page(request, "namespaces", found)

    def create_workgroup(self, request: Request) -> Request:
        only(request, _WORKGROUP_FIELDS | {"workgroupName", "namespaceName", "tags"})
        name, namespace = _name(request, "workgroupName"), text(request, "namespaceName")
        with self._registry.lock:
            self._find_namespace(namespace)
            if name in self._registry.workgroups:
                raise ApiError("ConflictException", f"Workgroup {name} already exists.")
            if any(workgroup.namespace == namespace for workgroup in self._registry.workgroups.values()):
                raise ApiError("ConflictException", f"Namespace {namespace} already has a workgroup.")
            details = {key: request[key] for key in _WORKGROUP_FIELDS if key in request} | {
                "tags": request.get("tags", [])
            }
            workgroup = Workgroup(name, namespace, details=details)
            self._registry.workgroups[name] = workgroup
            self._registry.save()
        return {"workgroup": self._workgroup(workgroup)}

    def get_workgroup(self, request: Request) -> Request:
        return {"workgroup": self._workgroup(self._find_workgroup(text(request, "workgroupName")))}

    def update_workgroup(self, request: Request) -> Request:
        only(request, _WORKGROUP_FIELDS | {"workgroupName"})
        with self._registry.lock:
            workgroup = self._find_workgroup(text(request, "workgroupName"))
            workgroup.details |= {key: request[key] for key in _WORKGROUP_FIELDS if key in request}
            self._registry.save()
        return {"workgroup": self._workgroup(workgroup)}

    def delete_workgroup(self, request: Request) -> Request:
        with self._registry.lock:
            workgroup = self._find_workgroup(text(request, "workgroupName"))
            del self._registry.workgroups[workgroup.name]
            limits = self._registry.usage_limits
            self._registry.usage_limits = {k: v for k, v in limits.items() if v.workgroup != workgroup.name}
            self._registry.save()
        return {"workgroup": self._workgroup(workgroup) | {"status": "DELETING"}}

    def list_workgroups(self, request: Request) -> Request:
        only(request, {"maxResults", "nextToken"})
        found = [self._workgroup(workgroup) for workgroup in self._registry.workgroups.values()]
        return serverless_page(request, "workgroups", found)

    def get_credentials(self, request: Request) -> Request:
        only(request, {"workgroupName", "dbName", "durationSeconds"})
        workgroup = self._find_workgroup(text(request, "workgroupName"))
        seconds = number(request, "durationSeconds", 900, 900, 3600)
        password, expires_at = self._registry.temporary_login(
            self._find_namespace(workgroup.namespace), IAM_USER, seconds
        )
        return {"dbUser": IAM_USER, "dbPassword": password, "expiration": expires_at, "nextRefreshTime": expires_at}

    def list_tags_for_resource(self, request: Request) -> Request:
        return {"tags": self._tagged(text(request, "resourceArn")).get("tags", [])}

    def tag_resource(self, request: Request) -> Request:
        with self._registry.lock:
            details = self._tagged(text(request, "resourceArn"))
            tags = {tag["key"]: tag["value"] for tag in [*details.get("tags", []), *request.get("tags", [])]}
            details["tags"] = [{"key": key, "value": value} for key, value in tags.items()]
            self._registry.save()
        return {}

    def untag_resource(self, request: Request) -> Request:
        with self._registry.lock:
            details = self._tagged(text(request, "resourceArn"))
            details["tags"] = [tag for tag in details.get("tags", []) if tag["key"] not in request.get("tagKeys", [])]
            self._registry.save()
        return {}

    def _tagged(self, arn: str) -> dict[str, Any]:
        known: list[Namespace | Workgroup] = [*self._registry.namespaces.values(), *self._registry.workgroups.values()]
        for found in known:
            if arn.endswith(f"/{found.id}"):
                return found.details
        raise ApiError("ResourceNotFoundException", f"{arn} not found", extra={"resourceName": arn})

    def _find_namespace(self, name: str) -> Namespace:
        if name not in self._registry.namespaces:
            raise ApiError("ResourceNotFoundException", f"Namespace {name} not found", extra={"resourceName": name})
        return self._registry.namespaces[name]

    def _find_workgroup(self, name: str) -> Workgroup:
        if name not in self._registry.workgroups:
            raise ApiError("ResourceNotFoundException", f"Workgroup {name} not found", extra={"resourceName": name})
        return self._registry.workgroups[name]

    def _arn(self, kind: str, identifier: str) -> str:
        return f"arn:aws:redshift-serverless:{self._registry.region}:{ACCOUNT}:{kind}/{identifier}"

    def _namespace(self, namespace: Namespace) -> dict[str, Any]:
        details = {key: value for key, value in namespace.details.items() if key != "tags"}
        return {
            "namespaceName": namespace.name,
            "namespaceId": namespace.id,
            "namespaceArn": self._arn("namespace", namespace.id),
            "adminUsername": namespace.admin_user,
            "dbName": namespace.database,
            "status": "AVAILABLE",
            "creationDate": namespace.created_at,
            "iamRoles": [],
            "logExports": [],
            **details,
        }

    def _workgroup(self, workgroup: Workgroup) -> dict[str, Any]:
        details = {key: value for key, value in workgroup.details.items() if key not in ("tags", "port")}
        endpoint = {"address": "127.0.0.1", "port": self._registry.wire_port, "vpcEndpoints": []}
        return {
            "workgroupName": workgroup.name,
            "workgroupId": workgroup.id,
            "workgroupArn": self._arn("workgroup", workgroup.id),
            "namespaceName": workgroup.namespace,
            "status": "AVAILABLE",
            "creationDate": workgroup.created_at,
            "baseCapacity": 128,
            "enhancedVpcRouting": False,
            "publiclyAccessible": False,
            "configParameters": [],
            "securityGroupIds": [],
            "subnetIds": [],
            "endpoint": endpoint,
            "port": self._registry.wire_port,
            **details,
        }


def _name(request: Request, key: str) -> str:
    name = text(request, key)
    if not _NAME.fullmatch(name):
        raise validation(f"{key} must be 3 to 64 lower-case letters, digits and hyphens, not {name!r}")
    return name
