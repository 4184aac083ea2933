"""dbt, run in this process: its imports are paid once, and a folder keeps its parse of the project for the next run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import dbtRunner

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = REPOSITORY / "dbt_project"

ANY_ENVIRONMENT = {
    "AWS_REGION": "us-east-1",
    "LANDFALL_ATHENA_WORKGROUP": "workgroup",
    "LANDFALL_LAKE_BUCKET": "lake",
    "LANDFALL_OPS_BUCKET": "ops",
    "LANDFALL_REDSHIFT_HOST": "localhost",
    "LANDFALL_REDSHIFT_PORT": "5439",
    "LANDFALL_REDSHIFT_USER": "user",
    "LANDFALL_REDSHIFT_PASSWORD": "password",
    "LANDFALL_REDSHIFT_DATABASE": "landfall",
}


class DbtError(AssertionError):
    """dbt ended without success; says what each failed node said."""


def dbt(
    *arguments: str,
    target: str,
    folder: Path,
    variables: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Counter[str]:
    """Run a dbt command with artifacts and logs in `folder`; return how many nodes ended in which status.

    Raises DbtError unless all of them ended well.
    """
    text = json.dumps(variables or {}, sort_keys=True)
    options = [
        *("--target", target, "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--vars", text),
        *("--target-path", str(folder), "--log-path", str(folder), "--quiet", "--no-use-colors"),
    ]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (environment or {}).items():
            patch.setenv(name, value)
        ended = dbtRunner().invoke([*arguments, *options])
    nodes = getattr(ended.result, "results", None) or []
    if not ended.success:
        said = [f"{node.node.unique_id}: {node.message}" for node in nodes if node.status not in ("success", "pass")]
        raise DbtError("\n".join([" ".join(arguments), str(ended.exception or ""), *said]))
    return Counter(str(node.status) for node in nodes)


def parsed_manifest(target: str, folder: Path) -> dict[str, Any]:
    """Return the manifest of `target`, made without an engine."""
    dbt("parse", target=target, folder=folder, environment=ANY_ENVIRONMENT)
    loaded: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return loaded
