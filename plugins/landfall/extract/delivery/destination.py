"""A customer's own key and bucket, as staff have registered them. A request names one and can say nothing else of it.

A bucket or a key that came with a request would make our roles work for whoever asks (the confused deputy). Here both
are of an account that is not ours, the bucket is written with a role of its account alone, and that role asks for an
external id that we made up (https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from landfall.errors import DestinationError
from landfall.extract.door.options import shown
from landfall.extract.door.request import CUSTOMER_ID_PATTERN, DESTINATION_PATTERN

ROLE_PREFIX: Final = "landfall-delivery-"
"""How the names of customers' roles begin: the extract role may assume no other (infra/delivery.yaml)."""

_KEY_ARN: Final = re.compile(
    r"arn:aws[a-z-]{0,10}:kms:([a-z0-9-]{5,25}):([0-9]{12}):key/"
    r"(mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
)
_ROLE_ARN: Final = re.compile(rf"arn:aws[a-z-]{{0,10}}:iam::([0-9]{{12}}):role/{ROLE_PREFIX}[A-Za-z0-9_-]{{1,40}}")
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
"""S3's rules for names of buckets without the dots, which no certificate of TLS covers."""

_PREFIX: Final = re.compile(r"([A-Za-z0-9_-][A-Za-z0-9._=-]{0,59}/){0,8}")


@dataclass(frozen=True, kw_only=True)
class Destination:
    """A destination of one customer: a key of KMS (ARN), a bucket with the role that writes there, or both.

    `prefix` is empty or ends in a slash. Times are UTC in ISO 8601.
    """

    customer_id: str
    name: str
    created_at: str
    created_by: str
    kms_key_arn: str | None = None
    bucket: str | None = None
    prefix: str = ""
    role_arn: str | None = None
    external_id: str | None = None

    @property
    def bucket_account(self) -> str:
        """The account of the role, to which the bucket must belong."""
        return str(self.role_arn).split(":")[4]

    def folder(self, extract_id: str) -> str:
        """Return the prefix, with a closing slash, of an extract's files in the customer's bucket."""
        return f"{self.prefix}{extract_id}/"

    def uri(self, extract_id: str) -> str | None:
        """Return where an extract's files are delivered to, None if they stay in the extracts bucket."""
        return f"s3://{self.bucket}/{self.folder(extract_id)}" if self.bucket else None

    def to_json(self) -> dict[str, Any]:
        """Return the destination as JSON values; what is not known is absent."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Destination:
        """Return the destination that `to_json` wrote."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: each for name, each in value.items() if name in known})


def new_destination(
    *,
    customer_id: str,
    name: str,
    kms_key_arn: str | None,
    bucket: str | None,
    prefix: str,
    role_arn: str | None,
    created_at: str,
    created_by: str,
    environment: str,
    region: str,
    own_account: str,
) -> Destination:
    """Return a checked destination, with a new external id where there is a role.

    Raises DestinationError that names the field, the value and the remedy.
    """
    _require(re.fullmatch(CUSTOMER_ID_PATTERN.strip("^$"), customer_id), "customer", customer_id, "cus_ and 6 digits")
    _require(
        re.fullmatch(DESTINATION_PATTERN.strip("^$"), name),
        "name",
        name,
        "1 to 40 lower-case letters, digits and dashes that begin with a letter",
    )
    if kms_key_arn is None and bucket is None:
        raise DestinationError(
            "kms-key: a destination has a key, a bucket or both; give --kms-key, or --bucket and --role"
        )
    if kms_key_arn is not None:
        _check_key(kms_key_arn, region=region, own_account=own_account)
    if (bucket is None) != (role_arn is None):
        raise DestinationError(
            "bucket: a bucket is written with a role of its account; give --bucket and --role together"
        )
    if bucket is not None and role_arn is not None:
        _check_bucket(bucket, prefix=prefix, role_arn=role_arn, own_account=own_account)
    elif prefix:
        raise DestinationError(f"prefix: {shown(prefix)} is of no bucket; give --bucket and --role, or leave it out")
    return Destination(
        customer_id=customer_id,
        name=name,
        created_at=created_at,
        created_by=created_by,
        kms_key_arn=kms_key_arn,
        bucket=bucket,
        prefix=prefix,
        role_arn=role_arn,
        external_id=f"landfall-{environment}-{secrets.token_hex(16)}" if role_arn else None,
    )


def _check_key(arn: str, *, region: str, own_account: str) -> None:
    found = _KEY_ARN.fullmatch(arn)
    remedy = f"the ARN of a key in {region} such as arn:aws:kms:{region}:111122223333:key/<id>, and of no alias"
    # S3 encrypts with keys of the bucket's own region alone.
    _require(found and found[1] == region, "kms-key", arn, remedy)
    _require(found and found[2] != own_account, "kms-key", arn, "a key of the customer's account, not of ours")


def _check_bucket(bucket: str, *, prefix: str, role_arn: str, own_account: str) -> None:
    words = "3 to 63 lower-case letters, digits and dashes, as S3 has them; no dots"
    _require(_BUCKET.fullmatch(bucket), "bucket", bucket, words)
    remedy = "nothing, or up to 8 folders of letters, digits and _.=- with a closing slash, such as landfall/in/"
    _require(_PREFIX.fullmatch(prefix), "prefix", prefix, remedy)
    found = _ROLE_ARN.fullmatch(role_arn)
    remedy = f"the ARN of a role without a path whose name begins with {ROLE_PREFIX}, such as "
    remedy += f"arn:aws:iam::111122223333:role/{ROLE_PREFIX}in"
    _require(found, "role", role_arn, remedy)
    _require(found and found[1] != own_account, "role", role_arn, "a role of the customer's account, not of ours")


def _require(fits: object, field: str, value: str, remedy: str) -> None:
    if not fits:
        raise DestinationError(f"{field}: {shown(value)} cannot be used; use {remedy}")
