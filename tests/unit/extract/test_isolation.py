"""The credentials of one extract: one version to read, one prefix to write, in policies that AssumeRole takes."""

from __future__ import annotations

import json
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest
from landfall.aws.sts import LONGEST_POLICY
from landfall.extract.engines.isolation import certificate_policy, session_policy
from landfall.extract.engines.walls import lake_views
from landfall.settings import Settings

from tests.pinned import PINNED

SETTINGS = Settings(
    **dict.fromkeys(Settings.__dataclass_fields__, "x")
    | {
        "aws_region": "eu-central-1",
        "lake_bucket": "landfall-production12-123456789012-lake",
        "extracts_bucket": "landfall-production12-123456789012-extracts",
        "ops_bucket": "landfall-production12-123456789012-ops",
        "extract_role_arn": "arn:aws-us-gov:iam::123456789012:role/landfall-production12-extract",
    }
)
PREFIX = f"cus_000042/{'r' * 120}/attempt-1/"
BASE = PREFIX.rpartition("attempt")[0]
POLICY = session_policy(PINNED, prefix=PREFIX, settings=SETTINGS)
EARLIER = replace(PINNED, table="published.ext_daily_sales__v123456")
WITH_BASE = session_policy(PINNED, base=EARLIER, prefix=PREFIX, settings=SETTINGS)
CERTIFIER = certificate_policy(BASE, settings=SETTINGS)
VIEW = "/".join(lake_views(PREFIX)) + "0"
EXTRACTS = "arn:aws-us-gov:s3:::landfall-production12-123456789012-extracts"
LAKE = "arn:aws-us-gov:s3:::landfall-production12-123456789012-lake"
GLUE = "arn:aws-us-gov:glue:eu-central-1:123456789012"


def _allows(action: str, resource: str, policy: dict[str, Any] = POLICY) -> bool:
    """Whether a statement of `policy` without a condition allows `action` on `resource`."""
    return any(
        any(fnmatchcase(action, pattern) for pattern in statement["Action"])
        and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        for statement in policy["Statement"]
        if "Condition" not in statement
    )


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("s3:PutObject", f"{EXTRACTS}/{PREFIX}orders_000.csv.gz", True),
        ("s3:PutObject", f"{EXTRACTS}/{PREFIX.replace('attempt-1', 'attempt-2')}orders_000.csv.gz", False),
        ("s3:PutObject", f"{EXTRACTS}/{PREFIX.rpartition('attempt')[0]}manifest.json", False),
        ("s3:GetObject", f"{EXTRACTS}/cus_000043/run-1/attempt-1/orders_000.csv.gz", False),
        ("s3:GetObject", f"{LAKE}/extracts/ext_orders/data/1.parquet", True),
        ("s3:GetObject", f"{LAKE}/raw/orders/data/1.parquet", False),
        ("s3:PutObject", f"{LAKE}/extracts/ext_orders/data/1.parquet", False),
        ("s3:DeleteObject", f"{LAKE}/extracts/ext_orders/data/1.parquet", False),
        ("s3:ListBucket", EXTRACTS, False),  # only below its own prefix, by a condition
        ("glue:GetTable", f"{GLUE}:table/published/ext_orders__v7", True),
        ("glue:GetTable", f"{GLUE}:table/published/ext_orders__v6", False),
        ("glue:GetTable", f"{GLUE}:table/raw/orders", False),
        ("glue:GetTable", f"{GLUE}:table/{VIEW}", True),
        ("glue:GetTable", f"{GLUE}:table/scratch/extract_view_of_another_attempt", False),
        ("glue:UpdateTable", f"{GLUE}:table/{VIEW}", False),
        ("glue:UpdateTable", f"{GLUE}:table/published/ext_orders__v7", False),
        ("kms:Sign", "*", False),
        ("dynamodb:GetItem", "*", False),
        ("sts:AssumeRole", "*", False),
    ],
)
def test_an_attempt_can_read_its_version_and_write_its_prefix_alone(action: str, resource: str, allowed: bool) -> None:
    assert _allows(action, resource) == allowed


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("s3:GetObject", f"{EXTRACTS}/{PREFIX}orders_000.csv.gz", True),
        ("s3:PutObject", f"{EXTRACTS}/{PREFIX}orders_000.csv.gz", False),
        ("s3:PutObject", f"{EXTRACTS}/{BASE}manifest.json", True),
        ("s3:PutObject", f"{EXTRACTS}/{BASE}manifest-0123456789abcdef.sig", True),
        ("s3:PutObject", f"{EXTRACTS}/{BASE}attempt-1-xlsx/orders.xlsx", True),
        ("s3:PutObject", f"{EXTRACTS}/{BASE}other.json", False),
        ("s3:DeleteObject", f"{EXTRACTS}/{PREFIX}orders_000.csv.gz", True),
        ("s3:DeleteObject", f"{EXTRACTS}/{BASE}manifest.json", False),
        ("s3:GetObject", f"{EXTRACTS}/cus_000042/another-run/manifest.json", False),
        ("s3:PutObject", f"{EXTRACTS}/cus_000042/another-run/manifest.json", False),
        ("s3:GetObject", f"{EXTRACTS}/cus_000043/run-1/attempt-1/orders_000.csv.gz", False),
        ("s3:GetObject", f"{LAKE}/extracts/ext_orders/data/1.parquet", False),
        ("s3:ListBucket", EXTRACTS, False),  # only below its own prefix, by a condition
        ("kms:Sign", "*", True),
        ("athena:StartQueryExecution", "*", False),
        ("redshift-data:BatchExecuteStatement", "*", False),
        ("secretsmanager:GetSecretValue", "*", False),
        ("dynamodb:GetItem", "*", False),
    ],
)
def test_who_certifies_can_read_one_extract_and_write_its_manifest_alone(
    action: str, resource: str, allowed: bool
) -> None:
    assert _allows(action, resource, CERTIFIER) == allowed


@pytest.mark.parametrize("policy", [POLICY, WITH_BASE, CERTIFIER])
def test_the_policy_of_the_longest_names_is_not_too_long(policy: dict[str, Any]) -> None:
    assert len(json.dumps(policy, separators=(",", ":"))) <= LONGEST_POLICY
