"""What the credentials of one extract may do: an attempt writes its files with some, others certify them."""

from __future__ import annotations

from typing import Any, Final

from landfall.aws.encryption import ACTIONS
from landfall.extract.door.pinning import PinnedDataset
from landfall.extract.engines.walls import lake_views
from landfall.extract.files.layout import MANIFEST
from landfall.extract.proof.signature import SIGNATURE_PREFIX
from landfall.settings import Settings

ASSUMING: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}],
}
"""The session policy of who tries a customer's role as a run would; the extract role itself says which roles."""


def session_policy(
    pinned: PinnedDataset, *, base: PinnedDataset | None = None, prefix: str, settings: Settings
) -> dict[str, Any]:
    """Return the session policy of the attempt that writes to `prefix` of the extracts bucket.

    `base` is the earlier version that it compares with.

    It can only take away from what the extract role may do. Redshift reads and writes with roles of its own; of that
    one the session may but start statements, as a user who sees one customer's rows.
    """
    _, partition, _, _, account, _ = settings.extract_role_arn.split(":", 5)
    lake, extracts, ops = (
        f"arn:{partition}:s3:::{bucket}"
        for bucket in (settings.lake_bucket, settings.extracts_bucket, settings.ops_bucket)
    )
    glue = f"arn:{partition}:glue:{settings.aws_region}:{account}"
    versions = [each.table.partition(".") for each in (pinned, base) if each is not None]
    tables = [*((database, table) for database, _, table in versions), lake_views(prefix)]
    objects = ["s3:Abort*", "s3:GetObject", "s3:PutObject"]  # of multipart uploads; AssumeRole takes few characters
    statements = [
        _allow(["s3:GetObject"], [f"{lake}/extracts/*"]),
        _allow(["s3:GetBucketLocation"], [lake, extracts, ops]),
        _allow(["s3:ListBucket"], [lake, ops]),
        _allow(["s3:ListBucket"], [extracts], {"StringLike": {"s3:prefix": f"{prefix.rstrip('/')}*"}}),
        _allow([*objects, "s3:DeleteObject"], [f"{extracts}/{prefix}*"]),
        _allow(objects, [f"{ops}/athena-results/*"]),
        _allow(
            ["glue:GetDatabase", "glue:GetTable"],
            [
                f"{glue}:catalog",
                *sorted({f"{glue}:database/{database}" for database, _ in tables}),
                *(f"{glue}:table/{database}/{table}" for database, table in tables[:-1]),
                f"{glue}:table/{'/'.join(tables[-1])}*",
            ],
        ),
        # The role itself names the workgroups and secrets; a session policy has no room for what it would only repeat.
        _allow(["athena:*", "redshift-data:*", "secretsmanager:GetSecretValue"], ["*"]),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def encryption_policy(prefix: str, *, key_arn: str, settings: Settings) -> dict[str, Any]:
    """Return the session policy that tries the customer's key at `prefix` and encrypts files there with it."""
    extracts = f"arn:{settings.extract_role_arn.split(':', 2)[1]}:s3:::{settings.extracts_bucket}"
    objects = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    statements = [
        _allow(["s3:ListBucket"], [extracts], {"StringLike": {"s3:prefix": f"{prefix.rstrip('/')}*"}}),
        _allow(objects, [f"{extracts}/{prefix}*"]),
        *_with_key(key_arn),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def copy_policy(*, source: str, target: str, settings: Settings, key_arn: str | None = None) -> dict[str, Any]:
    """Return the session policy that copies files of the extract at `source` to `target`, both prefixes.

    It can only take away from what the extract role may do. `key_arn` is the customer's key that both are under.
    """
    extracts = f"arn:{settings.extract_role_arn.split(':', 2)[1]}:s3:::{settings.extracts_bucket}"
    listed = {"StringLike": {"s3:prefix": [f"{source}*", f"{target.rstrip('/')}*"]}}
    statements = [
        _allow(["s3:GetBucketLocation"], [extracts]),
        _allow(["s3:ListBucket"], [extracts], listed),
        _allow(["s3:GetObject"], [f"{extracts}/{source}*"]),
        _allow(["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject"], [f"{extracts}/{target}*"]),
        _allow(["secretsmanager:GetSecretValue"], ["*"]),
        *_with_key(key_arn),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def certificate_policy(base: str, *, settings: Settings, key_arn: str | None = None) -> dict[str, Any]:
    """Return the session policy of whoever checks and certifies the extract at `base`, its prefix with the last slash.

    It may read that extract, write its manifest, signatures and workbooks and no other file, remove what is not
    certified, sign, and use the customer's key `key_arn` for it.
    """
    bucket = f"arn:{settings.extract_role_arn.split(':', 2)[1]}:s3:::{settings.extracts_bucket}"
    signatures, workbooks = f"{bucket}/{base}{SIGNATURE_PREFIX}*", f"{bucket}/{base}attempt-*-xlsx/*"
    statements = [
        _allow(["s3:ListBucket"], [bucket], {"StringLike": {"s3:prefix": f"{base}*"}}),
        _allow(["s3:GetObject"], [f"{bucket}/{base}*"]),
        _allow(["s3:AbortMultipartUpload", "s3:PutObject"], [f"{bucket}/{base}{MANIFEST}", signatures, workbooks]),
        _allow(["s3:DeleteObject"], [f"{bucket}/{base}attempt-*", signatures]),
        # The role itself names the key and the algorithm.
        _allow(["kms:GetPublicKey", "kms:Sign"], ["*"]),
        *_with_key(key_arn),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def delivered_policy(base: str, *, settings: Settings, key_arn: str | None) -> dict[str, Any]:
    """Return the session policy that reads the certified extract at `base`, its prefix with the last slash."""
    bucket = f"arn:{settings.extract_role_arn.split(':', 2)[1]}:s3:::{settings.extracts_bucket}"
    statements = [_allow(["s3:GetObject"], [f"{bucket}/{base}*"]), *_with_key(key_arn)]
    return {"Version": "2012-10-17", "Statement": statements}


def delivery_policy(place: str, *, key_arn: str | None) -> dict[str, Any]:
    """Return the session policy that a customer's role is assumed with: it writes below `place`, an ARN of S3.

    It may remove there too, which only the probe of a test is.
    """
    statements = [
        _allow(["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], [f"{place}*"]),
        _allow(["s3:DeleteObject"], [f"{place}landfall-probe-*"]),
    ]
    if key_arn is not None:
        statements.append(_allow(list(ACTIONS), [key_arn], {"StringLike": {"kms:ViaService": "s3.*"}}))
    return {"Version": "2012-10-17", "Statement": statements}


def _with_key(key_arn: str | None) -> list[dict[str, Any]]:
    """Return the statement that lets the session use the customer's key, none without a key.

    The role itself says that S3 alone may do so; a session policy has no room for what it would only repeat.
    """
    return [_allow(list(ACTIONS), [key_arn])] if key_arn else []


def _allow(actions: list[str], resources: list[str], condition: dict[str, Any] | None = None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return {**statement, "Condition": condition} if condition else statement
