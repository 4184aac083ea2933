"""Objects that S3 encrypts with a customer's key of KMS: how that is asked for, looked at, and what a refusal means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from botocore.exceptions import ClientError

from landfall.aws.clients import client
from landfall.errors import KeyUnusableError

ACTIONS: Final = ("kms:Decrypt", "kms:GenerateDataKey")
"""What S3 does with the key in the name of who writes and reads, uploads in parts included."""

_WORDS: Final = {
    "KMS.DisabledException": "it is disabled; enable it",
    "KMS.NotFoundException": "there is no such key in this region; have the right one registered",
    "KMS.KMSInvalidStateException": "it is about to be deleted or has no material; cancel that",
    "KMS.InvalidKeyUsageException": "it is not for symmetric encryption; have another one registered",
    "AccessDenied": "its policy does not let us use it; allow kms:GenerateDataKey and kms:Decrypt",
}
"""Code of S3 -> what is wrong with a key, and what its owner does."""


def sse(key_arn: str | None) -> dict[str, str]:
    """Return the parameters of a write under a key, none for what the bucket does by itself."""
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_arn} if key_arn else {}


def key_of(*, bucket: str, key: str) -> str | None:
    """Return the ARN of the key of KMS that an object is encrypted with, None for S3's own."""
    head = client("s3").head_object(Bucket=bucket, Key=key)
    return head.get("SSEKMSKeyId") if head.get("ServerSideEncryption") == "aws:kms" else None


@contextmanager
def key_explained() -> Iterator[None]:
    """Let S3's refusal of a request for the sake of its key be a KeyUnusableError that names the key's fault."""
    try:
        yield
    except ClientError as error:
        words = fault_of(error)
        if words is None:
            raise
        raise KeyUnusableError(f"the customer's key cannot be used: {words}") from error


def fault_of(error: ClientError) -> str | None:
    """Return what is wrong with the key of a request that S3 refused, None if it is not the key."""
    told: Any = error.response["Error"]
    code = str(told.get("Code", ""))
    if code == "AccessDenied" and "kms:" not in str(told.get("Message", "")):
        return None
    if code.startswith("KMS.") or code == "AccessDenied":
        return _WORDS.get(code, f"KMS answers {code}")
    return None
