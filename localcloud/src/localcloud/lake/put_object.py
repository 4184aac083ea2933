"""Putting a small object in one signed request: boto3's client takes twice the time and waits for `100 Continue`."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import urllib3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from localcloud.faults.requests import ENGINE_AGENT
from localcloud.lake.session import Lake

_connections = urllib3.PoolManager(maxsize=32, retries=False)


def put_object(lake: Lake, bucket: str, key: str, body: bytes, options: Mapping[str, str]) -> None:
    """Write an object; `options` are those of boto3's put_object, and so are the errors.

    Where there are options, or where the request fails, boto3 makes it, with its retries.
    """
    if options or not _put(lake, bucket, key, body):
        lake.s3.put_object(Bucket=bucket, Key=key, Body=body, **options)


def _put(lake: Lake, bucket: str, key: str, body: bytes) -> bool:
    """Whether the object was written."""
    settings = lake.settings
    url = f"{settings.aws_endpoint}/{bucket}/{quote(key, safe='/-._~')}"
    request = AWSRequest("PUT", url, headers={"User-Agent": ENGINE_AGENT}, data=body)
    S3SigV4Auth(Credentials(settings.access_key, settings.secret_key), "s3", settings.region).add_auth(request)
    try:
        answer = _connections.request("PUT", url, body=body, headers=dict(request.headers.items()))
    except urllib3.exceptions.HTTPError:
        return False
    lake.local_files.note(answer.headers)
    return answer.status == 200
