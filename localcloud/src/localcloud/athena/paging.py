"""Pages of lists: tokens that say where the next page starts, opaque to clients."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from localcloud.athena.errors import ApiError, invalid_request

Body = dict[str, Any]


def token(scope: str, position: int) -> str:
    """A NextToken; `scope` names the list, so that a token of one list is refused by another."""
    return base64.urlsafe_b64encode(json.dumps([scope, position]).encode()).decode()


def position(scope: str, body: Body) -> int:
    """Where a request's NextToken points, 0 without one; raises InvalidRequestException for a strange token."""
    text = body.get("NextToken")
    if text is None:
        return 0
    try:
        found_scope, found = json.loads(base64.urlsafe_b64decode(text.encode()))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise _malformed() from None
    if found_scope != scope or type(found) is not int or found < 0:
        raise _malformed()
    return found


def page(name: str, items: Sequence[Any], body: Body, most: int) -> Body:
    """One page of a list under `name`; `most` is the service's page size where the request gives none."""
    start = position(name, body)
    limit = body.get("MaxResults") or most
    answer: Body = {name: list(items[start : start + limit])}
    if start + limit < len(items):
        answer["NextToken"] = token(name, start + limit)
    return answer


def _malformed() -> ApiError:
    return invalid_request("The given NextToken is not valid")
