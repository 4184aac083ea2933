"""The DAGs that benchmarks.dbt_in_airflow measures: the models of a target by Cosmos LOCAL, Cosmos WATCHER and ours.

The benchmark puts a copy of this file into Airflow's DAG folder for as long as it runs.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG
from cosmos import DbtTaskGroup, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import ExecutionMode, InvocationMode, LoadMode, TestBehavior
from landfall.dag_defaults import START_DATE
from landfall.transform.group import dbt_models
from landfall.transform.models import PROJECT, Target, manifest_path

TARGETS: tuple[Target, ...] = ("lake", "warehouse")
COSMOS_MODES = {"cosmos_local": ExecutionMode.LOCAL, "cosmos_watcher": ExecutionMode.WATCHER}
RETRIES = {"retries": 1, "retry_delay": timedelta(seconds=5)}


def cosmos_models(*, target: Target, mode: ExecutionMode) -> DbtTaskGroup:
    """Return what dbt builds for `target` as Cosmos renders it, dbt called in the task's own process."""
    manifest = manifest_path(target)
    return DbtTaskGroup(
        group_id="dbt",
        project_config=ProjectConfig(dbt_project_path=PROJECT, manifest_path=manifest, project_name="landfall"),
        profile_config=ProfileConfig(
            profile_name="landfall", target_name=target, profiles_yml_filepath=PROJECT / "profiles.yml"
        ),
        execution_config=ExecutionConfig(execution_mode=mode, invocation_mode=InvocationMode.DBT_RUNNER),
        render_config=RenderConfig(load_method=LoadMode.DBT_MANIFEST, test_behavior=TestBehavior.AFTER_EACH),
        operator_args={
            "env": {
                "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test",
                "DBT_PARTIAL_PARSE_FILE_PATH": str(manifest.with_name("partial_parse.msgpack")),
            },
            "append_env": True,
            "install_deps": False,
            "emit_datasets": False,
            **RETRIES,
        },
    )


for target in TARGETS:
    for arm in ("ours", *COSMOS_MODES):
        with DAG(f"benchmark_{target}_{arm}", schedule=None, start_date=START_DATE, max_active_tasks=32):
            if arm in COSMOS_MODES:
                cosmos_models(target=target, mode=COSMOS_MODES[arm])
            else:
                dbt_models(target=target)
