"""The redshift-serverless API beyond namespaces and workgroups: what use costs, and limits on it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from cloud import WORKGROUP, Cloud
from pgclient import PgClient, PgError

RPUS = 128


@pytest.fixture
def api(cloud: Cloud) -> Any:
    return cloud.client("redshift-serverless")


def _charged(pg: PgClient) -> int:
    return int(pg.query("select sum(charged_seconds) from sys_serverless_usage").rows[0][0] or 0)


def test_use_is_charged_by_the_second_with_a_minute_at_least(pg: PgClient) -> None:
    charged = _charged(pg)
    assert charged >= 60 * RPUS
    answer = pg.query("select * from sys_serverless_usage order by start_time")
    assert [name for name, _ in answer.columns] == [
        "start_time",
        "end_time",
        "compute_seconds",
        "compute_capacity",
        "data_storage",
        "cross_region_transferred_data",
        "charged_seconds",
    ]
    assert answer.rows[0][3] == str(RPUS)
    pg.query("select 1")
    assert _charged(pg) - charged <= 60 * RPUS


def test_a_limit_that_is_used_up_switches_queries_off(cloud: Cloud, api: Any, pg: PgClient) -> None:
    arn = api.get_workgroup(workgroupName=WORKGROUP)["workgroup"]["workgroupArn"]
    pg.query("select 1")
    limit = api.create_usage_limit(
        resourceArn=arn, usageType="serverless-compute", amount=1, period="daily", breachAction="deactivate"
    )["usageLimit"]
    try:
        # One minute of 128 RPUs is 2.1 RPU-hours.
        with pytest.raises(PgError) as caught:
            pg.query("select 1")
        assert "usage limit" in caught.value.fields["M"]
        api.update_usage_limit(usageLimitId=limit["usageLimitId"], amount=1_000_000)
        assert pg.query("select 1").rows == [("1",)]
        api.update_usage_limit(usageLimitId=limit["usageLimitId"], amount=1, breachAction="log")
        assert pg.query("select 1").rows == [("1",)]
        assert [each["usageLimitId"] for each in api.list_usage_limits(resourceArn=arn)["usageLimits"]] == [
            limit["usageLimitId"]
        ]
        with pytest.raises(ClientError, match="ConflictException"):
            api.create_usage_limit(resourceArn=arn, usageType="serverless-compute", amount=1, period="daily")
    finally:
        api.delete_usage_limit(usageLimitId=limit["usageLimitId"])
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        api.get_usage_limit(usageLimitId=limit["usageLimitId"])


def test_usage_survives_a_restart(cloud: Cloud, pg: PgClient) -> None:
    charged = _charged(pg)
    pg.close()
    cloud.restart_redshift()
    after = PgClient(cloud.wire_port, "analyst", "Passw0rd-of-tests", "shop")
    assert _charged(after) >= charged
    after.close()


def test_snapshots_and_unknown_operations_are_refused(api: Any) -> None:
    with pytest.raises(ClientError, match="not supported by the local cloud"):
        api.create_snapshot(namespaceName="shop-local", snapshotName="s")


@pytest.mark.parametrize(("operation", "key"), [("list_namespaces", "namespaces"), ("list_workgroups", "workgroups")])
def test_lists_are_given_page_by_page(api: Any, operation: str, key: str) -> None:
    for name in ("paged-one", "paged-two"):
        api.create_namespace(namespaceName=name)
        api.create_workgroup(workgroupName=name, namespaceName=name)
    try:
        pages = list(api.get_paginator(operation).paginate(PaginationConfig={"PageSize": 1}))
        names = [item[f"{key[:-1]}Name"] for page in pages for item in page[key]]
        assert [len(page[key]) for page in pages] == [1, 1, 1]
        assert sorted(names) == ["paged-one", "paged-two", "shop-local"]
        with pytest.raises(ClientError, match="nextToken"):
            getattr(api, operation)(nextToken="4")
    finally:
        for name in ("paged-one", "paged-two"):
            api.delete_workgroup(workgroupName=name)
            api.delete_namespace(namespaceName=name)
