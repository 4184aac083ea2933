"""Deliver a certified extract to the customer's own bucket: its files, then the signature, and the manifest last.

Each object is written once and only where nothing else is, so that a delivery that was broken off anywhere, or is made
by two runs at once, comes to the same end. What lies in the customer's bucket has the names that the manifest has, and
`landfall verify` checks it there as it checks a download.
"""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

from botocore.exceptions import ClientError

from landfall.aws import s3
from landfall.aws.clients import acting_as
from landfall.aws.encryption import fault_of
from landfall.aws.foreign_bucket import ForeignBucket, OtherObjectError
from landfall.aws.sts import narrowed
from landfall.errors import DestinationError
from landfall.extract.delivery.destination import Destination
from landfall.extract.engines.isolation import ASSUMING, delivered_policy, delivery_policy
from landfall.extract.files.layout import MANIFEST, extract_prefix
from landfall.settings import Settings

Open = Callable[[str], IO[bytes]]
"""Opens an object of the extracts bucket by its key."""


def deliver(document: Mapping[str, Any], destination: Destination, *, settings: Settings) -> str:
    """Bring what the manifest `document` certifies to the bucket of `destination`; return where it is (s3://.../).

    Raises DestinationError, with the cause in words, when the bucket or its role refuses; then it has no manifest.
    """
    extract_id = document["extract_id"]
    base = extract_prefix(customer_id=document["customer_id"], extract_id=extract_id)
    policy = delivered_policy(base, settings=settings, key_arn=destination.kms_key_arn)
    as_reader = narrowed(settings.extract_role_arn, policy=policy, name=extract_id)

    def open_object(name: str) -> IO[bytes]:
        with as_reader:
            source: IO[bytes] = s3.open_object(bucket=settings.extracts_bucket, key=base + name)
        return source

    folder = destination.folder(extract_id)
    with _explained(destination):
        bucket, as_customer = _opened(destination, name=extract_id, settings=settings)
        with as_customer:
            for file in document["files"]:
                named: dict[str, Any] = {"size": file["bytes"], "sha256": file["sha256"]}
                bucket.put_once(folder + file["path"], lambda path=file["path"]: open_object(path), **named)  # type: ignore[misc]
            for name in (document["signature"]["path"], MANIFEST):
                _put_bytes(bucket, folder + name, open_object(name).read())
    return str(destination.uri(extract_id))


def try_bucket(destination: Destination, *, settings: Settings) -> None:
    """Write a probe to the bucket of `destination`, look at it and remove it. Raises DestinationError."""
    with _explained(destination):
        bucket, as_customer = _opened(destination, name="landfall-destination-test", settings=settings)
        key = f"{destination.prefix}landfall-probe-{uuid.uuid4().hex}"
        with as_customer:
            _put_bytes(bucket, key, b"written and removed by `landfall destination test`\n")
            bucket.remove(key)


def _put_bytes(bucket: ForeignBucket, key: str, body: bytes) -> None:
    bucket.put_once(key, lambda: io.BytesIO(body), size=len(body), sha256=hashlib.sha256(body).hexdigest())


def _opened(destination: Destination, *, name: str, settings: Settings) -> tuple[ForeignBucket, acting_as]:
    """Return the customer's bucket, and the context of credentials of its role that can write below its prefix."""
    policy = delivery_policy(
        f"arn:{str(destination.role_arn).split(':')[1]}:s3:::{destination.bucket}/{destination.prefix}",
        key_arn=destination.kms_key_arn,
    )
    # The customer's role trusts the extract role and no other of ours.
    with narrowed(settings.extract_role_arn, policy=ASSUMING, name=name):
        role_arn, external_id = str(destination.role_arn), destination.external_id
        as_customer = narrowed(role_arn, policy=policy, name=name, external_id=external_id)
    bucket = ForeignBucket(
        name=str(destination.bucket), owner=destination.bucket_account, key_arn=destination.kms_key_arn
    )
    return bucket, as_customer


@contextmanager
def _explained(destination: Destination) -> Iterator[None]:
    """Let what the customer's side refuses be a DestinationError in words that the customer can act on."""
    try:
        yield
    except OtherObjectError as error:
        words = f"another object is at {error}, and is not written over; remove it"
        raise _undelivered(destination, words) from error
    except ClientError as error:
        raise _undelivered(destination, _fault_of(error, destination)) from error
    except DestinationError as error:
        raise _undelivered(destination, str(error)) from error


def _fault_of(error: ClientError, destination: Destination) -> str:
    key, code = fault_of(error), str(error.response["Error"].get("Code"))
    if key is not None:
        return f"the customer's key cannot be used: {key}"
    if error.operation_name == "AssumeRole":
        return f"{destination.role_arn} does not let us in; have it trust our role with the external id"
    if code == "NoSuchBucket":
        return f"there is no bucket {destination.bucket}; make it again"
    if code in ("AccessDenied", "403"):
        where = f"s3://{destination.bucket}/{destination.prefix}"
        return f"{where} may not be written and read by {destination.role_arn}, or is of another account; allow it"
    return f"{destination.bucket} answers {error.operation_name} with {code}; mend that"


def _undelivered(destination: Destination, words: str) -> DestinationError:
    return DestinationError(f"destination: {destination.name}: the files could not be delivered: {words}")
