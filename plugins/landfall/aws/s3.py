"""Objects in S3: list, read, write, delete, sign."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from landfall.aws.clients import client
from landfall.aws.encryption import key_explained, sse

_COPIES = TransferConfig(multipart_threshold=2**30, multipart_chunksize=2**29, use_threads=False)
"""A copy within S3 is one request up to a gigabyte, and of parts above: one request copies 5 GB at most."""

_UPLOADS = TransferConfig(use_threads=False)
"""Threads of boto3's own would not act as the caller does."""

_DELETE_LIMIT = 1000
"""Most keys one DeleteObjects request takes."""


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """One listed object: its key, size in bytes and when it was last written (UTC)."""

    key: str
    bytes: int
    modified_at: datetime


def split_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key (or prefix) of an `s3://bucket/key` address."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def list_objects(*, bucket: str, prefix: str, start_after: str = "") -> Iterator[StoredObject]:
    """Yield the objects below `prefix` in key order, those after the key `start_after` only."""
    pages = client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, StartAfter=start_after)
    for page in pages:
        for found in page.get("Contents", ()):
            yield StoredObject(key=found["Key"], bytes=found["Size"], modified_at=found["LastModified"])


def list_folders(*, bucket: str, prefix: str, start_after: str = "") -> Iterator[str]:
    """Yield the prefixes, up to the next `/`, that hold objects below `prefix`."""
    pages = client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=bucket, Prefix=prefix, Delimiter="/", StartAfter=start_after):
        yield from (found["Prefix"] for found in page.get("CommonPrefixes", ()))


def read_object(*, bucket: str, key: str) -> bytes:
    """Return the content of an object; raises KeyError with its address if there is none."""
    return bytes(open_object(bucket=bucket, key=key).read())


def read_object_if_there(*, bucket: str, key: str) -> bytes | None:
    """Return the content of an object, None if there is none."""
    try:
        return read_object(bucket=bucket, key=key)
    except KeyError:
        return None


def open_object(*, bucket: str, key: str) -> Any:
    """Return an object's content as a stream (botocore StreamingBody).

    Raises KeyError with its address if there is none, KeyUnusableError if it is under a key that we may not use.
    """
    try:
        with key_explained():
            return client("s3").get_object(Bucket=bucket, Key=key)["Body"]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
            raise KeyError(f"s3://{bucket}/{key}") from error
        raise


def write_object(
    *,
    bucket: str,
    key: str,
    body: bytes,
    content_type: str = "application/octet-stream",
    encrypted_with: str | None = None,
) -> None:
    """Write `body` as an object, replacing what was there; `encrypted_with` is a key of KMS, S3's own if None.

    Raises KeyUnusableError for a key that we may not use; so do all that take one.
    """
    with key_explained():
        client("s3").put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type, **sse(encrypted_with))


def upload_file(path: Path, *, bucket: str, key: str, encrypted_with: str | None = None) -> None:
    """Write a file of any size as an object, replacing what was there."""
    with key_explained(), path.open("rb") as file:
        client("s3").upload_fileobj(file, bucket, key, ExtraArgs=sse(encrypted_with), Config=_UPLOADS)


def write_new_object(
    *,
    bucket: str,
    key: str,
    body: bytes,
    content_type: str = "application/octet-stream",
    encrypted_with: str | None = None,
) -> bool:
    """Write `body` as an object unless there is one, and return whether it was written."""
    told = {"ContentType": content_type, **sse(encrypted_with)}
    try:
        with key_explained():
            client("s3").put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*", **told)
    except ClientError as error:
        # 409: another such write to the key is under way, and will stand.
        if error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict"):
            return False
        raise
    return True


def copy_object(*, bucket: str, source: str, target: str, encrypted_with: str | None = None) -> None:
    """Copy the object `source` to the key `target` of the same bucket, of any size, without its content passing here.

    An object may be copied to itself to be encrypted anew. Raises KeyError with its address if it is not there.
    """
    copied = {"Bucket": bucket, "Key": source}
    try:
        with key_explained():
            client("s3").copy(copied, bucket, target, ExtraArgs=sse(encrypted_with), Config=_COPIES)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
            raise KeyError(f"s3://{bucket}/{source}") from error
        raise


def delete_prefix(*, bucket: str, prefix: str) -> int:
    """Delete every object below `prefix` and return how many there were."""
    keys = [found.key for found in list_objects(bucket=bucket, prefix=prefix)]
    delete_objects(bucket=bucket, keys=keys)
    return len(keys)


def delete_objects(*, bucket: str, keys: Sequence[str]) -> None:
    """Delete the objects of `keys`, whichever of them are there."""
    for start in range(0, len(keys), _DELETE_LIMIT):
        batch = [{"Key": key} for key in keys[start : start + _DELETE_LIMIT]]
        client("s3").delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})


def presign(*, bucket: str, key: str, expires_seconds: int) -> str:
    """Return an address at which the object can be read for `expires_seconds` without credentials."""
    return str(
        client("s3").generate_presigned_url(
            "get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=expires_seconds
        )
    )
