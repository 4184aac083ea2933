"""A customer's own account on the local cloud: keys, buckets, and roles that the deployment's extract role may take."""

from __future__ import annotations

import json
import os
import uuid
from typing import Any

import boto3
from landfall.extract.delivery.destination import Destination, new_destination
from landfall.extract.delivery.register import Register
from landfall.settings import Settings

ACCOUNT = "111111111111"


def client(service: str) -> Any:
    """Return a client of the account's administrator: the local cloud takes twelve digits for one."""
    region = os.environ["AWS_REGION"]
    return boto3.client(service, region_name=region, aws_access_key_id=ACCOUNT, aws_secret_access_key="x")


def make_key(settings: Settings, *, shared: bool = True) -> str:
    """Make a key, by its policy usable through S3 by the deployment's account if `shared`, and return its ARN."""
    owner = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    guest = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{our_account(settings)}:root"},
        "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
        "Resource": "*",
        "Condition": {"StringEquals": {"kms:ViaService": f"s3.{settings.aws_region}.amazonaws.com"}},
    }
    policy = {"Version": "2012-10-17", "Statement": [owner, guest] if shared else [owner]}
    return str(client("kms").create_key(Policy=json.dumps(policy))["KeyMetadata"]["Arn"])


def make_bucket() -> str:
    """Make an empty bucket and return its name."""
    name = f"customer-{uuid.uuid4().hex[:20]}"
    client("s3").create_bucket(Bucket=name)
    return name


def let_in(destination: Destination, settings: Settings, *, external_id: str | None = None) -> None:
    """Make the role of `destination`, which trusts our extract role with the external id of the destination alone."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": settings.extract_role_arn},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": external_id or destination.external_id}},
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    name = str(destination.role_arn).rpartition("/")[2]
    client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)


def registered(settings: Settings, *, customer_id: str, key: bool = False, bucket: bool = False) -> Destination:
    """Register a destination with a new key, a new bucket with its role, or both, and return it."""
    name = f"d-{uuid.uuid4().hex[:12]}"
    made = new_destination(
        customer_id=customer_id,
        name=name,
        kms_key_arn=make_key(settings) if key else None,
        bucket=make_bucket() if bucket else None,
        prefix="landfall/in/" if bucket else "",
        role_arn=f"arn:aws:iam::{ACCOUNT}:role/landfall-delivery-{name}" if bucket else None,
        created_at="2026-11-22T00:00:00Z",
        created_by="cli:test",
        environment=settings.environment,
        region=settings.aws_region,
        own_account=our_account(settings),
    )
    Register.of(settings).add(made)
    if bucket:
        let_in(made, settings)
    return made


def our_account(settings: Settings) -> str:
    """Return the account of the deployment."""
    return settings.extract_role_arn.split(":")[4]
