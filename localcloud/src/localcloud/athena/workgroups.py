"""Work groups, kept in a file of the state directory."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

from localcloud.athena.errors import invalid_request

_ENGINE = {"SelectedEngineVersion": "Athena engine version 3", "EffectiveEngineVersion": "Athena engine version 3"}
_PRIMARY = "primary"


class WorkGroups:
    """All work groups; `primary` always exists."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._groups: dict[str, dict[str, Any]] = json.loads(path.read_text()) if path.exists() else {}
        if _PRIMARY not in self._groups:
            self.create(_PRIMARY, {}, "")

    def create(self, name: str, configuration: dict[str, Any], description: str) -> None:
        """Add a group; raises InvalidRequestException if it exists."""
        with self._lock:
            if name in self._groups:
                raise invalid_request(f"WorkGroup {name} is already created")
            self._groups[name] = {
                "Name": name,
                "State": "ENABLED",
                "Description": description,
                "CreationTime": time.time(),
                "Configuration": {
                    "EnforceWorkGroupConfiguration": True,
                    "PublishCloudWatchMetricsEnabled": True,
                    "RequesterPaysEnabled": False,
                    **configuration,
                    "EngineVersion": _ENGINE,
                },
            }
            self._save()

    def get(self, name: str) -> dict[str, Any]:
        """A group as GetWorkGroup shows it; raises InvalidRequestException if there is none."""
        with self._lock:
            if name not in self._groups:
                raise invalid_request(f"WorkGroup {name} is not found.")
            return self._groups[name]

    def update(self, name: str, changes: dict[str, Any], description: str | None, state: str | None) -> None:
        """Apply UpdateWorkGroup's ConfigurationUpdates."""
        group = self.get(name)
        with self._lock:
            configuration = group["Configuration"]
            changes = dict(changes)
            result = dict(changes.pop("ResultConfigurationUpdates", {}))
            if result:
                kept = dict(configuration.get("ResultConfiguration", {}))
                for key in [key for key in result if key.startswith("Remove")]:
                    if result.pop(key):
                        kept.pop(key.removeprefix("Remove"), None)
                configuration["ResultConfiguration"] = kept | result
            if changes.pop("RemoveBytesScannedCutoffPerQuery", False):
                configuration.pop("BytesScannedCutoffPerQuery", None)
            changes.pop("EngineVersion", None)
            configuration.update(changes)
            if description is not None:
                group["Description"] = description
            if state is not None:
                group["State"] = state
            self._save()

    def delete(self, name: str) -> None:
        """Remove a group; `primary` stays."""
        self.get(name)
        if name == _PRIMARY:
            raise invalid_request("Primary WorkGroup cannot be deleted")
        with self._lock:
            del self._groups[name]
            self._save()

    def list(self) -> list[dict[str, Any]]:
        """All groups as ListWorkGroups shows them."""
        with self._lock:
            return [
                {key: group[key] for key in ("Name", "State", "Description", "CreationTime")}
                | {"EngineVersion": _ENGINE}
                for group in self._groups.values()
            ]

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".new")
        temporary.write_text(json.dumps(self._groups, indent=1))
        temporary.replace(self._path)
