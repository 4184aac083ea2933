"""One page of a listing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from localcloud.redshift.api.errors import number, text, validation


def paged(
    request: Mapping[str, Any],
    key: str,
    items: Sequence[Any],
    *,
    token: str = "NextToken",  # noqa: S107 - the name of a field
    limit: str = "MaxResults",
    most: int = 1000,
) -> dict[str, Any]:
    """The page of `items` that the request asks for under `key`, with a token when there are more.

    `token` and `limit` are the service's names of its fields, `most` the largest page. Raises ValidationException.
    """
    start = text(request, token, "0")
    if not (start.isascii() and start.isdigit()) or int(start) > len(items):
        raise validation(f"{token} is not one that this API gave out")
    # redshift-data takes 0 for a page of its own choice.
    end = int(start) + (number(request, limit, 100, 0, most) or 100)
    page: dict[str, Any] = {key: list(items[int(start) : end])}
    return page | {token: str(end)} if end < len(items) else page


def serverless_page(request: Mapping[str, Any], key: str, items: Sequence[Any]) -> dict[str, Any]:
    """The same with the fields and the limit of redshift-serverless."""
    return paged(request, key, items, token="nextToken", limit="maxResults", most=100)  # noqa: S106
