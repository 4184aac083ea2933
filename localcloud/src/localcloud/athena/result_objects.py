"""Putting result objects in S3."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.athena.run.context import Context
from localcloud.lake.objects import split_uri
from localcloud.lake.put_object import put_object

_ONE_REQUEST_BYTES = 4 * 1024 * 1024


class ResultObjects:
    """Puts result objects as the request's ResultConfiguration says: encrypted, with an ACL, for an owner."""

    def __init__(self, context: Context) -> None:
        self._lake = context.lake
        self._options = _put_options(context.result_configuration)

    def put(self, uri: str, body: bytes) -> None:
        """Write one object."""
        bucket, key = split_uri(uri)
        put_object(self._lake, bucket, key, body, self._options)

    def upload(self, uri: str, chunks: Iterator[bytes], metadata: bytes) -> None:
        """Small results go in one request, large ones in parts, so that no result is held whole.

        Their metadata go beside them, once the query has given its first rows.
        """
        first, rest = b"", _Stream(chunks)
        while len(first) < _ONE_REQUEST_BYTES and (chunk := rest.read(_ONE_REQUEST_BYTES)):
            first += chunk
        described = self._lake.workers.submit(self.put, f"{uri}.metadata", metadata)
        self._upload(uri, first, rest)
        described.result()

    def _upload(self, uri: str, first: bytes, rest: _Stream) -> None:
        if len(first) < _ONE_REQUEST_BYTES:
            self.put(uri, first)
            self._lake.recent.keep(uri, first)
            return
        bucket, key = split_uri(uri)
        body = _Stream(itertools.chain([first], iter(lambda: rest.read(_ONE_REQUEST_BYTES), b"")))
        self._lake.s3.upload_fileobj(body, bucket, key, ExtraArgs=self._options)


def _put_options(configuration: Mapping[str, Any]) -> dict[str, str]:
    options: dict[str, str] = {}
    encryption = configuration.get("EncryptionConfiguration", {})
    if encryption.get("EncryptionOption") == "SSE_S3":
        options["ServerSideEncryption"] = "AES256"
    if encryption.get("EncryptionOption") == "SSE_KMS":
        options["ServerSideEncryption"] = "aws:kms"
        options |= {"SSEKMSKeyId": encryption["KmsKey"]} if "KmsKey" in encryption else {}
    if "AclConfiguration" in configuration:
        options["ACL"] = "bucket-owner-full-control"
    if "ExpectedBucketOwner" in configuration:
        options["ExpectedBucketOwner"] = configuration["ExpectedBucketOwner"]
    return options


class _Stream(io.RawIOBase):
    """Chunks of bytes as a file to read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            try:
                self._rest = next(self._chunks)
            except StopIteration:
                return 0
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
