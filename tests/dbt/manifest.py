"""dbt's own view of the project, made without an engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = REPOSITORY / "dbt_project"

TIMEOUT_SECONDS = 600

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


def dbt(*arguments: str, target: str, folder: Path, environment: dict[str, str] | None = None) -> str:
    """Run dbt in a process of its own, with artifacts and logs in `folder`; return its output, or fail with it."""
    command = [
        *(str(Path(sys.executable).with_name("dbt")), "--no-use-colors"),
        *(*arguments, "--target", target, "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
        *("--target-path", str(folder), "--log-path", str(folder)),
    ]
    ended = subprocess.run(
        command,
        env=os.environ | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
    )
    if ended.returncode != 0:
        raise AssertionError(f"{' '.join(command)}\n{ended.stdout[-6000:]}{ended.stderr[-2000:]}")
    return ended.stdout


def parsed_manifest(target: str, folder: Path) -> dict[str, Any]:
    """Return the manifest of `target`."""
    dbt("parse", target=target, folder=folder, environment=ANY_ENVIRONMENT)
    loaded: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return loaded
