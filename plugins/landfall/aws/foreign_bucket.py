"""Objects written to a bucket of another account: each once, checked on the way by S3, and never over another's."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, Final

from botocore.exceptions import ClientError

from landfall.aws.clients import client
from landfall.aws.encryption import sse
from landfall.errors import VerificationError

PART_BYTES: Final = 64 * 2**20
"""An object up to this size is one request, a larger one parts of it: 10,000 parts hold 640 GB."""

_SHA256: Final = "landfall-sha256"
"""Name of the metadata that holds an object's SHA-256: S3's own checksum of an upload in parts is one of its parts."""

_THERE: Final = ("PreconditionFailed", "ConditionalRequestConflict")


class OtherObjectError(Exception):
    """Another object is where one was to be written."""


@dataclass(frozen=True, kw_only=True)
class ForeignBucket:
    """A bucket that must be of the account `owner`; `key_arn` is the key of KMS objects are written under, if any."""

    name: str
    owner: str
    key_arn: str | None = None

    def put_once(self, key: str, open_source: Callable[[], IO[bytes]], *, size: int, sha256: str) -> bool:
        """Write what `open_source` gives as the object `key`, whole or not at all; tell whether it was not there yet.

        An object that is there already with this size (bytes) and SHA-256 (hex) stays. Raises OtherObjectError for
        one that is not the same, VerificationError when the source is not what it is said to be, ClientError when S3
        refuses.
        """
        if size > PART_BYTES and self._is_there(key, size=size, sha256=sha256):
            return False
        write = self._put_whole if size <= PART_BYTES else self._put_parts
        try:
            write(key, open_source(), size=size, sha256=sha256)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _THERE:
                raise
            if not self._is_there(key, size=size, sha256=sha256):
                raise  # another writer is at it this moment
            return False
        self._require_written(key, size=size)
        return True

    def remove(self, key: str) -> None:
        """Remove an object that this process has written."""
        client("s3").delete_object(Bucket=self.name, Key=key, ExpectedBucketOwner=self.owner)

    def _put_whole(self, key: str, source: IO[bytes], *, size: int, sha256: str) -> None:
        body = source.read()
        if (len(body), hashlib.sha256(body).hexdigest()) != (size, sha256):
            raise VerificationError(f"{key}: the file to deliver is not the one that is certified")
        # S3 computes the checksum of what it has received, and refuses what differs.
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        client("s3").put_object(**self._written(key, sha256), Body=body, ChecksumSHA256=checksum, IfNoneMatch="*")

    def _put_parts(self, key: str, source: IO[bytes], *, size: int, sha256: str) -> None:
        s3, digest, sent = client("s3"), hashlib.sha256(), 0
        upload = s3.create_multipart_upload(**self._written(key, sha256), ChecksumAlgorithm="SHA256")
        named = {
            "Bucket": self.name,
            "Key": key,
            "UploadId": upload["UploadId"],
            "ExpectedBucketOwner": self.owner,
        }
        try:
            parts: list[dict[str, Any]] = []
            while body := source.read(PART_BYTES):
                digest.update(body)
                sent += len(body)
                checksum = base64.b64encode(hashlib.sha256(body).digest()).decode()
                number = len(parts) + 1
                done = s3.upload_part(**named, PartNumber=number, Body=body, ChecksumSHA256=checksum)
                parts.append({"PartNumber": number, "ETag": done["ETag"], "ChecksumSHA256": checksum})
            if (sent, digest.hexdigest()) != (size, sha256):
                raise VerificationError(f"{key}: the file to deliver is not the one that is certified")
            # Only now is there an object.
            s3.complete_multipart_upload(**named, MultipartUpload={"Parts": parts}, IfNoneMatch="*")
        except BaseException:
            with suppress(ClientError):  # it may be complete though nobody heard so
                s3.abort_multipart_upload(**named)
            raise

    def _written(self, key: str, sha256: str) -> dict[str, Any]:
        metadata = {"Metadata": {_SHA256: sha256}}
        return {"Bucket": self.name, "Key": key, "ExpectedBucketOwner": self.owner, **metadata, **sse(self.key_arn)}

    def _is_there(self, key: str, *, size: int, sha256: str) -> bool:
        """Tell whether the object is there, and is this one. Raises OtherObjectError if it is another."""
        try:
            head = self._head(key)
        except ClientError as error:
            # Without the right to list, S3 does not tell an object that is not there from one that may not be read.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):
                return False
            raise
        if (head["ContentLength"], head["Metadata"].get(_SHA256)) != (size, sha256):
            raise OtherObjectError(f"s3://{self.name}/{key}")
        return True

    def _require_written(self, key: str, *, size: int) -> None:
        head = self._head(key)
        found = head.get("SSEKMSKeyId") if head.get("ServerSideEncryption") == "aws:kms" else None
        if head["ContentLength"] != size or (self.key_arn is not None and found != self.key_arn):
            raise VerificationError(f"s3://{self.name}/{key}: S3 does not tell of the object that was written there")

    def _head(self, key: str) -> Any:
        return client("s3").head_object(Bucket=self.name, Key=key, ExpectedBucketOwner=self.owner)
