"""The contracts in force: what was generated last, kept beside the sources so that a change can be told."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from landfall.contracts.model import Field, FieldType, LimitAction, QuarantineLimit, StreamContract
from landfall.errors import ContractError


def released_text(contract: StreamContract) -> str:
    """Return the file of a contract in force: every promise that is enforced, as JSON."""
    return json.dumps(asdict(contract), indent=1, ensure_ascii=False) + "\n"


def read_released(path: Path) -> StreamContract | None:
    """Return the contract in force that `path` holds, None if the stream has none yet.

    Raises ContractError if the file is not what `released_text` writes.
    """
    if not path.exists():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        fields = tuple(
            Field(**{**field, "type": FieldType(field["type"]), "allowed": tuple(field["allowed"])})
            for field in values.pop("fields")
        )
        limit = values.get("quarantine_limit")
        if limit is not None:
            values["quarantine_limit"] = QuarantineLimit(**{**limit, "action": LimitAction(limit["action"])})
        return StreamContract(**{**values, "key": tuple(values["key"]), "fields": fields})
    except (ValueError, KeyError, TypeError) as error:
        raise ContractError(f"{path}: not a released contract ({error}): restore it from git") from error
