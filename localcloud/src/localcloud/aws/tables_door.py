"""A door for the engines: what Glue says of several tables and S3 of their objects, in one answer.

A query of ten tables asks twenty questions otherwise, each a request of its own. The answers are those of GetTable and
ListObjectsV2. While a fault rule is in force there are none, so that the rule meets the requests it is meant for.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import s3

from localcloud.aws import glue_catalog
from localcloud.faults.rules import FAULTS

_MOST_LISTED = 1000
"""Objects of one table; the listing of one that has more is left to ListObjectsV2 and its pages."""


async def tell(scope: Mapping[str, Any], send: Any) -> None:
    """Serve one GET whose query has `table=<database>/<name>` any number of times, an access `key` and a `region`."""
    status, answer = 503, b"{}"
    if FAULTS.is_idle:
        # Here and not in a thread, as ministack answers everything: it takes a millisecond.
        status, answer = 200, _answer(parse_qs(scope["query_string"].decode("latin-1")))
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


def _answer(query: Mapping[str, list[str]]) -> bytes:
    # They decide whose tables and buckets are meant, in the request's own context.
    set_request_account_id(query.get("key", [""])[0])
    set_request_region(query.get("region", [""])[0])
    found = [glue_catalog.find_table(*name.split("/", 1)) for name in query.get("table", ()) if "/" in name]
    tables = [table for table in found if table is not None]
    return json.dumps({"Tables": tables, "Listings": dict(_listings(tables))}).encode()


def _listings(tables: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The objects below each location that a table without partitions has, by that location."""
    folders: dict[str, set[str]] = defaultdict(set)
    for table in tables:
        location = (table.get("StorageDescriptor") or {}).get("Location") or ""
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        if not table.get("PartitionKeys") and location.startswith("s3://") and bucket in s3._buckets:
            folders[bucket].add(prefix if not prefix or prefix.endswith("/") else f"{prefix}/")
    for bucket, prefixes in folders.items():
        objects = s3._buckets[bucket]["objects"]
        together = tuple(prefixes)
        # A copy: a thread may write to the bucket.
        found = sorted(key for key in list(objects) if key.startswith(together))
        for prefix in prefixes:
            below = [key for key in found if key.startswith(prefix)]
            if len(below) <= _MOST_LISTED:
                entries = ((key, objects.get(key)) for key in below)
                yield (
                    f"s3://{bucket}/{prefix}",
                    [{"Key": key, "Size": entry["size"], "ETag": entry["etag"]} for key, entry in entries if entry],
                )
