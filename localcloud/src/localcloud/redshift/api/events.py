"""The event that ends a statement run WithEvent ("Redshift Data Statement Status Change" in EventBridge)."""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

DOOR = "/_localcloud/service-events"
"""Where the AWS process takes events of AWS's own sources, which PutEvents refuses as in AWS."""
_TIMEOUT_SECONDS = 10

Publish = Callable[[dict[str, Any]], None]


def publisher(endpoint: str) -> Publish:
    """A function that delivers one PutEvents entry to the AWS process; a failure is logged, as delivery is AWS's."""

    def publish(entry: dict[str, Any]) -> None:
        body = json.dumps({"Entries": [entry]}).encode()
        request = urllib.request.Request(  # noqa: S310 - the endpoint is this cloud's own
            endpoint.rstrip("/") + DOOR, body, {"Content-Type": "application/json"}
        )
        try:
            urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS).close()  # noqa: S310
        except (urllib.error.URLError, OSError) as error:
            log.warning("the event of a statement could not be delivered: %s", error)

    return publish


def statement_event(
    *, arn: str, statement_id: str, name: str, state: str, rows: int, query_id: int, expires_at: float, principal: str
) -> dict[str, Any]:
    """The PutEvents entry for a statement that ended."""
    detail = {
        "principal": principal,
        "statementName": name,
        "statementId": statement_id,
        "redshiftQueryId": query_id,
        "state": state,
        "rows": rows,
        "expireAt": int(expires_at),
    }
    return {
        "Source": "aws.redshift-data",
        "DetailType": "Redshift Data Statement Status Change",
        "Detail": json.dumps(detail),
        "Resources": [arn],
    }
