"""Refuse the services that are not served here, in words.

ministack takes a request of a service it does not know for one of S3, and answers one that was switched off without a
message a client would show.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from xml.sax.saxutils import escape

from localcloud.aws.environment import SERVICES

CODE = "NotSupportedByLocalCloud"

_SCOPE = re.compile(rb"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/aws4_request")
_ELSEWHERE = {
    "athena": "AWS_ENDPOINT_URL_ATHENA",
    "redshift-data": "AWS_ENDPOINT_URL_REDSHIFT_DATA",
    "redshift-serverless": "AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS",
}


def refused_service(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the signing name of a request's service if it is not served here; an unsigned request passes."""
    authorization = dict(headers).get(b"authorization", b"")
    match = _SCOPE.search(authorization)
    service = match.group(1).decode() if match else None
    return service if service is not None and service not in SERVICES else None


def refusal(service: str, headers: Iterable[tuple[bytes, bytes]]) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return headers and body of the answer 400 to a request of `service`, in the protocol the request speaks."""
    message = f"{service} is not supported by the local cloud"
    if service in _ELSEWHERE:
        message = f"{service} is not served at this address: set {_ELSEWHERE[service]} (make up writes .local/env)"
    sent = dict(headers)
    if b"x-amz-target" in sent or b"json" in sent.get(b"content-type", b""):
        kind, body = b"application/x-amz-json-1.1", json.dumps({"__type": CODE, "message": message}).encode()
    else:
        error = f"<Error><Type>Sender</Type><Code>{CODE}</Code><Message>{escape(message)}</Message></Error>"
        kind, body = b"text/xml", f"<ErrorResponse>{error}</ErrorResponse>".encode()
    answer_headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"x-amzn-errortype", CODE.encode()),
    ]
    return answer_headers, body
