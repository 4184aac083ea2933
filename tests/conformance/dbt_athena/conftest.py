"""dbt's shared suite against dbt-athena on the local cloud: every class once on Hive and once on Iceberg tables.

The suite is the PyPI package `dbt-tests-adapter`; the adapter is the one the product uses, unmodified.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from tests.conformance.dbt_athena.expected_failures import EXPECTED_FAILURES

pytest_plugins = ["dbt.tests.fixtures.project"]

ICEBERG = {"+table_type": "iceberg"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is known not to pass, each with its reason; one that passes after all fails the run."""
    for item in items:
        if "dbt_athena" not in item.nodeid:
            continue
        name = item.nodeid.partition("::")[2].replace("::", ".")
        for pattern, reason in EXPECTED_FAILURES.items():
            if name == pattern or name.startswith((f"{pattern}.", f"{pattern}[")):
                item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


@pytest.fixture(scope="class", params=["hive", "iceberg"])
def table_type(request: pytest.FixtureRequest) -> str:
    """The kind of table that all models, seeds and snapshots of the class are kept in."""
    return str(request.param)


@pytest.fixture(scope="class")
def prefix(table_type: str) -> str:
    """The beginning of the class's database name, another one for each kind of table."""
    return f"{table_type}_{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="class")
def project_root(table_type: str, tmpdir_factory: Any) -> Any:
    """The class's project folder, another one for each kind of table."""
    return tmpdir_factory.mktemp(f"project-{table_type}")


@pytest.fixture(scope="class")
def logs_dir(table_type: str, tmpdir_factory: Any) -> Iterator[str]:
    """Where dbt logs; the suite's own choice is a folder in the checkout."""
    with pytest.MonkeyPatch.context() as patch:
        folder = str(tmpdir_factory.mktemp(f"logs-{table_type}"))
        patch.setenv("DBT_LOG_PATH", folder)
        yield folder


@pytest.fixture(scope="class")
def dbt_profile_target(local_cloud: Mapping[str, str]) -> dict[str, Any]:
    """dbt-athena's profile; credentials and endpoints come from boto3's environment."""
    return {
        "type": "athena",
        "database": "awsdatacatalog",
        "region_name": os.environ["AWS_REGION"],
        "work_group": "primary",
        "s3_staging_dir": f"s3://{local_cloud['LANDFALL_OPS_BUCKET']}/dbt-conformance/",
        "poll_interval": 0.05,
        "num_retries": 0,
        "threads": 2,
    }


@pytest.fixture(scope="class")
def dbt_project_yml(dbt_project_yml: dict[str, Any], project_root: Any, table_type: str) -> dict[str, Any]:
    """The class's project with all of it on the kind of table under test."""
    if table_type == "iceberg":
        # dbt-athena's default strategy, insert_overwrite, is none of Iceberg's.
        models = ICEBERG | {"+incremental_strategy": "append"}
        for kind, settings in (("models", models), ("seeds", ICEBERG), ("snapshots", ICEBERG)):
            dbt_project_yml[kind] = settings | (dbt_project_yml.get(kind) or {})
        (project_root / "dbt_project.yml").write_text(yaml.safe_dump(dbt_project_yml), encoding="utf-8")
    return dbt_project_yml
