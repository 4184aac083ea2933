"""dbt's models as a group of Airflow tasks, one a model and one its tests, read from a manifest made beforehand."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal

from cosmos import DbtTaskGroup, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import ExecutionMode, InvocationMode, LoadMode, TestBehavior

from landfall.errors import SettingsError
from landfall.settings import REPOSITORY

PROJECT: Final = REPOSITORY / "dbt_project"
MANIFEST_DIR_VARIABLE: Final = "LANDFALL_DBT_MANIFEST_DIR"


def manifest_path(target: str) -> Path:
    """Return the manifest of a dbt `target`; SettingsError if it was not made, which shows as a DAG import error."""
    path = Path(os.environ.get(MANIFEST_DIR_VARIABLE) or PROJECT / "target") / target / "manifest.json"
    if not path.is_file():
        raise SettingsError(
            f"no dbt manifest at {path}: make it with `dbt parse --project-dir dbt_project --profiles-dir dbt_project "
            f"--target {target} --target-path {path.parent}` (`make up` does), or set {MANIFEST_DIR_VARIABLE}"
        )
    return path


def dbt_models(*, target: Literal["lake", "warehouse"], environment: Mapping[str, str] | None = None) -> DbtTaskGroup:
    """Return the task group `dbt` that builds and tests the models of `target`.

    One task runs a single `dbt build`; the others follow their model's part of it, turn red with it, and run their
    model alone when they are retried. `environment` is added to that of the tasks; its values may be templates.
    """
    manifest = manifest_path(target)
    operator_args: dict[str, Any] = {
        # Unit tests belong to `make test`: they read no data, and the engine bills each of them.
        "env": {
            "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test",
            # The parse that made the manifest, so that no run parses the project again.
            "DBT_PARTIAL_PARSE_FILE_PATH": str(manifest.with_name("partial_parse.msgpack")),
            **(environment or {}),
        },
        "append_env": True,
        "install_deps": False,
        "emit_datasets": False,
        "callback": "landfall.lineage.hooks.models_built",
        # A model that failed for good is to show red in a minute, not after the pipeline's patient retries.
        "retries": 1,
        "retry_delay": timedelta(seconds=5),
        "retry_exponential_backoff": False,
    }
    return DbtTaskGroup(
        group_id="dbt",
        project_config=ProjectConfig(dbt_project_path=PROJECT, manifest_path=manifest, project_name="landfall"),
        profile_config=ProfileConfig(
            profile_name="landfall", target_name=target, profiles_yml_filepath=PROJECT / "profiles.yml"
        ),
        execution_config=ExecutionConfig(
            execution_mode=ExecutionMode.WATCHER, invocation_mode=InvocationMode.DBT_RUNNER
        ),
        render_config=RenderConfig(load_method=LoadMode.DBT_MANIFEST, test_behavior=TestBehavior.AFTER_EACH),
        operator_args=operator_args,
    )
