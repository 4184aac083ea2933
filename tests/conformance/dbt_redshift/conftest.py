"""dbt's shared suite against dbt-redshift on the local cloud.

The suite is the PyPI package `dbt-tests-adapter`; the adapter is the one the product uses, unmodified.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import redshift_connector
import sqlparse

from tests.conformance.dbt_redshift.expected_failures import EXPECTED_FAILURES

pytest_plugins = ["dbt.tests.fixtures.project"]

GRANTEES = ("dbt_test_user_1", "dbt_test_user_2", "dbt_test_user_3")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is known not to pass, each with its reason; one that passes after all fails the run."""
    for item in items:
        if "dbt_redshift" not in item.nodeid:
            continue
        name = item.nodeid.partition("::")[2].replace("::", ".")
        for pattern, reason in EXPECTED_FAILURES.items():
            if name == pattern or name.startswith((f"{pattern}.", f"{pattern}[")):
                item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


@pytest.fixture(scope="class")
def dbt_profile_target(local_cloud: Mapping[str, str]) -> dict[str, Any]:
    """dbt-redshift's profile. TLS is off: redshift_connector trusts none but Amazon's certificates."""
    return {
        "type": "redshift",
        "host": local_cloud["LANDFALL_REDSHIFT_HOST"],
        "port": int(local_cloud["LANDFALL_REDSHIFT_PORT"]),
        "dbname": local_cloud["LANDFALL_REDSHIFT_DATABASE"],
        "user": local_cloud["LANDFALL_REDSHIFT_USER"],
        "pass": local_cloud["LANDFALL_REDSHIFT_PASSWORD"],
        "sslmode": "disable",
        "threads": 2,
        "retries": 0,
    }


@pytest.fixture(scope="class")
def logs_dir(tmpdir_factory: Any) -> Iterator[str]:
    """Where dbt logs; the suite's own choice is a folder in the checkout."""
    with pytest.MonkeyPatch.context() as patch:
        folder = str(tmpdir_factory.mktemp("logs"))
        patch.setenv("DBT_LOG_PATH", folder)
        yield folder


@pytest.fixture(scope="class")
def project(project: Any) -> Any:
    """The suite's project; what its tests run themselves is sent a statement at a time, as Redshift takes it.

    dbt-redshift splits what dbt runs in the same way.
    """
    send = project.run_sql

    def run_sql(sql: str, fetch: str | None = None) -> Any:
        statements = sqlparse.split(sql)
        for statement in statements[:-1]:
            send(statement)
        return send(statements[-1], fetch=fetch) if statements else None

    project.run_sql = run_sql
    return project


@pytest.fixture(scope="session")
def grantees(local_cloud: Mapping[str, str]) -> Iterator[None]:
    """The users that the suite grants privileges to, by the names it looks for in the environment."""
    with redshift_connector.connect(
        host=local_cloud["LANDFALL_REDSHIFT_HOST"],
        port=int(local_cloud["LANDFALL_REDSHIFT_PORT"]),
        database=local_cloud["LANDFALL_REDSHIFT_DATABASE"],
        user=local_cloud["LANDFALL_REDSHIFT_USER"],
        password=local_cloud["LANDFALL_REDSHIFT_PASSWORD"],
        ssl=False,
    ) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("select usename from pg_user")
        known = {row[0] for row in cursor.fetchall()}
        for user in GRANTEES:
            if user not in known:
                cursor.execute(f"create user {user} password disable")
    for number, user in enumerate(GRANTEES, 1):
        os.environ[f"DBT_TEST_USER_{number}"] = user
    yield
