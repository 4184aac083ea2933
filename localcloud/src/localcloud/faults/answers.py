"""The answers of services that throttle or fail, each in its own protocol, so that clients know them."""

from __future__ import annotations

import json
import uuid

from localcloud.faults.requests import QUERY, S3, Target

Answer = tuple[int, dict[str, str], bytes]
_MESSAGE = "a fault rule of the local cloud struck this request"
_THROTTLED_JSON = {
    "dynamodb": "ProvisionedThroughputExceededException",
    "kinesis": "ProvisionedThroughputExceededException",
    "firehose": "ServiceUnavailableException",
}
"""Where a throttled request is not answered with ThrottlingException."""
_FAILED_JSON = {
    "athena": "InternalServerException",
    "dynamodb": "InternalServerError",
    "events": "InternalException",
    "glue": "InternalServiceException",
    "kinesis": "InternalFailure",
    "redshift-data": "InternalServerException",
    "redshift-serverless": "InternalServerException",
    "secretsmanager": "InternalServiceError",
}


def throttled(target: Target) -> Answer:
    """Return status, headers and body of a throttled request."""
    if target.protocol == S3:
        return _s3(503, "SlowDown", f"Please reduce your request rate: {_MESSAGE}")
    if target.protocol == QUERY:
        return _query(400, "Throttling", f"Rate exceeded: {_MESSAGE}", sender="Sender")
    return _json(400, _THROTTLED_JSON.get(target.service, "ThrottlingException"), f"Rate exceeded: {_MESSAGE}")


def failed(target: Target) -> Answer:
    """Return status, headers and body of a request that failed inside the service."""
    if target.protocol == S3:
        return _s3(500, "InternalError", f"We encountered an internal error. Please try again: {_MESSAGE}")
    if target.protocol == QUERY:
        return _query(500, "InternalFailure", _MESSAGE, sender="Receiver")
    return _json(500, _FAILED_JSON.get(target.service, "InternalFailure"), _MESSAGE)


def _json(status: int, code: str, message: str) -> Answer:
    body = json.dumps({"__type": code, "message": message}).encode()
    headers = {"content-type": "application/x-amz-json-1.1", "x-amzn-errortype": code}
    return status, {**headers, "x-amzn-requestid": str(uuid.uuid4())}, body


def _s3(status: int, code: str, message: str) -> Answer:
    request = uuid.uuid4().hex[:16].upper()
    error = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request}</RequestId></Error>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{error}'.encode()
    return status, {"content-type": "application/xml", "x-amz-request-id": request}, body


def _query(status: int, code: str, message: str, *, sender: str) -> Answer:
    error = f"<Error><Type>{sender}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    body = f"<ErrorResponse>{error}<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>".encode()
    return status, {"content-type": "text/xml"}, body
