"""Which service and operation of AWS an HTTP request is for, in the protocols of the local cloud's services."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

JSON, QUERY, S3 = "json", "query", "s3"
ENGINE_AGENT = "localcloud-engine"
"""In the user agent of what Athena and Redshift ask of the emulated AWS."""
OBJECTS_FOLDER_HEADER = "x-localcloud-objects-folder"
"""In answers to the engines while no rule is in force: the folder of objects' bodies, percent-encoded."""
TABLES_PATH = "/_localcloud/tables"
"""Where the engines ask the emulated AWS for several tables at once; see localcloud.aws.tables_door."""

_SCOPE = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/aws4_request")
_PRESIGNED = re.compile(r"X-Amz-Credential=[^&]*?%2F([a-z0-9-]+)%2Faws4_request", re.IGNORECASE)
_ENGINES = (ENGINE_AGENT, "duckdb", "aws-sdk-cpp")
"""Agents of engine requests: boto3 as we name it, DuckDB's S3 reader, and PyArrow's for PyIceberg."""
_OF_OBJECT = {"GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject", "PUT": "PutObject"}
_OF_BUCKET = {"GET": "ListObjectsV2", "HEAD": "HeadBucket", "DELETE": "DeleteBucket", "PUT": "CreateBucket"}
_MULTIPART = {
    "GET": "ListParts",
    "PUT": "UploadPart",
    "POST": "CompleteMultipartUpload",
    "DELETE": "AbortMultipartUpload",
}


@dataclass(frozen=True)
class Target:
    """What a request is for: the service's signing name, the operation, the protocol its errors must speak."""

    service: str
    operation: str
    protocol: str
    origin: str


def target_of(*, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Target:
    """Return the target of a request; `body` is needed only for a form (the query protocol) and may be empty else."""
    signed = _SCOPE.search(headers.get("authorization", "")) or _PRESIGNED.search(query)
    service = signed.group(1) if signed else "s3"
    agent = headers.get("user-agent", "").lower()
    origin = "engine" if any(name in agent for name in _ENGINES) else "client"
    if "x-amz-target" in headers:
        return Target(service, headers["x-amz-target"].rsplit(".", 1)[-1], JSON, origin)
    if service == "s3":
        return Target(service, _s3_operation(method, path, query, headers), S3, origin)
    if is_form(headers) or "Action=" in query:
        action = parse_qs(body.decode("utf-8", "replace") or query).get("Action", [""])[0]
        return Target(service, action, QUERY, origin)
    return Target(service, "", JSON, origin)


def is_form(headers: Mapping[str, str]) -> bool:
    """Whether the body is a form, so that its operation stands in the body."""
    return headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


def _s3_operation(method: str, path: str, query: str, headers: Mapping[str, str]) -> str:
    words = parse_qs(query, keep_blank_values=True)
    of_object = "/" in path.strip("/")
    if "delete" in words and method == "POST":
        return "DeleteObjects"
    if "uploads" in words:
        return "CreateMultipartUpload" if method == "POST" else "ListMultipartUploads"
    if "uploadId" in words:
        return _MULTIPART.get(method, "")
    if of_object and method == "PUT" and "x-amz-copy-source" in headers:
        return "CopyObject"
    return (_OF_OBJECT if of_object else _OF_BUCKET).get(method, "")
