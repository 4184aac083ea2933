"""Work groups and their tags, kept in a file of the state directory."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from localcloud.athena.errors import ApiError, invalid_request, not_supported
from localcloud.athena.kept import KeptJson
from localcloud.athena.paging import page

Body = dict[str, Any]
_PRIMARY = "primary"
_EFFECTIVE = "Athena engine version 3"
ENGINE_VERSIONS = ("AUTO", _EFFECTIVE)
_ARN = "arn:aws:athena:"
_MAX_TAGS = 50
_PAGE = 50
_REFUSED_SETTINGS = {
    "AdditionalConfiguration": "The work group setting AdditionalConfiguration",
    "CustomerContentEncryptionConfiguration": "The work group setting CustomerContentEncryptionConfiguration",
    "EngineConfiguration": "The work group setting EngineConfiguration",
    "ExecutionRole": "The work group setting ExecutionRole",
    "IdentityCenterConfiguration": "The work group setting IdentityCenterConfiguration",
    "ManagedQueryResultsConfiguration": "The work group setting ManagedQueryResultsConfiguration",
    "MonitoringConfiguration": "The work group setting MonitoringConfiguration",
    "QueryResultsS3AccessGrantsConfiguration": "The work group setting QueryResultsS3AccessGrantsConfiguration",
}


class WorkGroups:
    """All work groups; `primary` always exists."""

    def __init__(self, path: Path, is_empty: Callable[[str], bool], forget: Callable[[str], None]) -> None:
        """`is_empty` tells whether a group holds queries, `forget` deletes the statements it holds."""
        self._kept = KeptJson(path)
        self._is_empty = is_empty
        self._forget = forget
        with self._kept.change() as groups:
            if _PRIMARY not in groups:
                groups[_PRIMARY] = _new(_PRIMARY, {"EnforceWorkGroupConfiguration": False}, None, [])

    def operations(self) -> dict[str, Callable[[Body], Body]]:
        """The API operations by name."""
        return {
            "CreateWorkGroup": self._create,
            "GetWorkGroup": lambda body: {"WorkGroup": _shown(self.get(body["WorkGroup"]))},
            "UpdateWorkGroup": self._update,
            "DeleteWorkGroup": self._delete,
            "ListWorkGroups": self._list,
            "ListEngineVersions": _list_engine_versions,
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTagsForResource": self._list_tags,
        }

    def get(self, name: str) -> Body:
        """A group; raises InvalidRequestException if there is none."""
        group = self._kept.read().get(name)
        if group is None:
            raise invalid_request(f"WorkGroup {name} is not found.")
        return dict(group)

    def _create(self, body: Body) -> Body:
        name = body["Name"]
        configuration = body.get("Configuration", {})
        _refuse(configuration)
        with self._kept.change() as groups:
            if name in groups:
                raise invalid_request(f"WorkGroup {name} is already created")
            groups[name] = _new(name, configuration, body.get("Description"), body.get("Tags", []))
        return {}

    def _update(self, body: Body) -> Body:
        changes = body.get("ConfigurationUpdates", {})
        _refuse(changes)
        with self._kept.change() as groups:
            if body["WorkGroup"] not in groups:
                raise invalid_request(f"WorkGroup {body['WorkGroup']} is not found.")
            group = groups[body["WorkGroup"]]
            group["Configuration"] = _updated(group["Configuration"], changes)
            group |= {key: body[key] for key in ("Description", "State") if key in body}
        return {}

    def _delete(self, body: Body) -> Body:
        name = body["WorkGroup"]
        self.get(name)
        if name == _PRIMARY:
            raise invalid_request("Primary WorkGroup cannot be deleted")
        if not body.get("RecursiveDeleteOption") and not self._is_empty(name):
            raise invalid_request(f"WorkGroup {name} is not empty")
        self._forget(name)
        with self._kept.change() as groups:
            groups.pop(name, None)
        return {}

    def _list(self, body: Body) -> Body:
        groups = sorted(self._kept.read().values(), key=lambda group: group["Name"])
        summaries = [
            {key: group[key] for key in ("Name", "State", "Description", "CreationTime") if key in group}
            | {"EngineVersion": group["Configuration"]["EngineVersion"]}
            for group in groups
        ]
        return page("WorkGroups", summaries, body, _PAGE)

    def _tag(self, body: Body) -> Body:
        with self._kept.change() as groups:
            group = _tagged(groups, body["ResourceARN"])
            tags = {tag["Key"]: tag for tag in [*group["Tags"], *_checked(body["Tags"])]}
            if len(tags) > _MAX_TAGS:
                raise invalid_request(f"A resource cannot have more than {_MAX_TAGS} tags")
            group["Tags"] = list(tags.values())
        return {}

    def _untag(self, body: Body) -> Body:
        with self._kept.change() as groups:
            group = _tagged(groups, body["ResourceARN"])
            group["Tags"] = [tag for tag in group["Tags"] if tag["Key"] not in body["TagKeys"]]
        return {}

    def _list_tags(self, body: Body) -> Body:
        return page("Tags", _tagged(self._kept.read(), body["ResourceARN"])["Tags"], body, 75)


def _new(name: str, configuration: Body, description: str | None, tags: list[Body]) -> Body:
    defaults = {
        "EnforceWorkGroupConfiguration": True,
        "PublishCloudWatchMetricsEnabled": True,
        "RequesterPaysEnabled": False,
    }
    group: Body = {
        "Name": name,
        "State": "ENABLED",
        "CreationTime": time.time(),
        "Configuration": {**defaults, **configuration, "EngineVersion": _engine_version(configuration)},
        "Tags": _checked(tags),
    }
    return group | ({} if description is None else {"Description": description})


def _shown(group: Body) -> Body:
    return {key: value for key, value in group.items() if key != "Tags"}


def _refuse(settings: Body) -> None:
    for name, what in _REFUSED_SETTINGS.items():
        if name in settings:
            raise not_supported(what)


def _engine_version(settings: Body) -> Body:
    selected = settings.get("EngineVersion", {}).get("SelectedEngineVersion", "AUTO")
    if selected not in ENGINE_VERSIONS:
        raise not_supported(f"The engine version {selected!r}")
    return {"SelectedEngineVersion": selected, "EffectiveEngineVersion": _EFFECTIVE}


def _updated(configuration: Body, changes: Body) -> Body:
    """A configuration with UpdateWorkGroup's ConfigurationUpdates applied."""
    updated, changes = copy.deepcopy(configuration), dict(changes)
    result = changes.pop("ResultConfigurationUpdates", {})
    if result:
        kept = dict(updated.get("ResultConfiguration", {}))
        for key, value in result.items():
            if not key.startswith("Remove"):
                kept[key] = value
            elif value:
                kept.pop(key.removeprefix("Remove"), None)
        updated["ResultConfiguration"] = kept
    if changes.pop("RemoveBytesScannedCutoffPerQuery", False):
        updated.pop("BytesScannedCutoffPerQuery", None)
    changes.pop("RemoveCustomerContentEncryptionConfiguration", None)
    if "EngineVersion" in changes:
        changes["EngineVersion"] = _engine_version(changes)
    return updated | changes


def _checked(tags: list[Body]) -> list[Body]:
    if any("Key" not in tag for tag in tags):
        raise invalid_request("A tag must have a key")
    return [{"Key": tag["Key"], "Value": tag.get("Value", "")} for tag in tags]


def _tagged(groups: Mapping[str, Any], arn: str) -> Body:
    kind, _, name = arn.rpartition(":")[2].partition("/")
    if not arn.startswith(_ARN) or kind not in ("workgroup", "datacatalog"):
        raise invalid_request(f"{arn} is not a valid resource ARN")
    if kind == "datacatalog":
        raise not_supported("The tagging of data catalogs")
    if name not in groups:
        raise ApiError("ResourceNotFoundException", f"Resource {arn} was not found")
    group: Body = groups[name]
    group.setdefault("Tags", [])
    return group


def _list_engine_versions(body: Body) -> Body:
    versions = [{"SelectedEngineVersion": name, "EffectiveEngineVersion": _EFFECTIVE} for name in ENGINE_VERSIONS]
    return page("EngineVersions", versions, body, 10)
