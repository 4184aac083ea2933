"""The catalogue entries of several tables, and what lies below their locations, asked for at once."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode

import urllib3
from botocore.exceptions import BotoCoreError, ClientError

from localcloud.faults.requests import ENGINE_AGENT, TABLES_PATH
from localcloud.lake.errors import LakeError
from localcloud.lake.glue import LakeTable, find_table, from_glue
from localcloud.lake.objects import visible
from localcloud.lake.session import Lake, Told

Key = tuple[str, str]
"""Database and table, in lower case."""

_MOST = 100
"""Tables of one request, so that its query stays far below what HTTP servers take."""
_connections = urllib3.PoolManager(maxsize=32)


def find_tables(lake: Lake, keys: Collection[Key]) -> dict[Key, LakeTable]:
    """The entries of those tables that can be had; of the others, asking for each alone tells what is wrong.

    Where the lake keeps its listings, those of the tables without partitions are there afterwards.
    """
    if not keys:
        return {}
    query = _query(lake, keys)
    answer = _answer(lake, query) if len(keys) <= _MOST else None
    if answer is None:
        found = zip(keys, lake.workers.map(lambda key: _entry(lake, key), keys), strict=True)
        return {key: table for key, table in found if table is not None}
    told: Mapping[str, Any] = json.loads(answer)
    if lake.listings is not None:
        for uri, contents in told["Listings"].items():
            lake.listings.setdefault(uri, visible(uri.removeprefix("s3://").partition("/")[0], contents))
    tables = {(entry["DatabaseName"], entry["Name"]): from_glue(entry) for entry in told["Tables"]}
    if lake.told is not None:
        lake.told[query] = Told(answer, frozenset(tables), frozenset(told["Listings"]))
    return tables


def _query(lake: Lake, keys: Collection[Key]) -> str:
    settings = lake.settings
    names = (("table", "/".join(key)) for key in sorted(keys))
    return urlencode([("key", settings.access_key), ("region", settings.region), *names])


def is_as_told(lake: Lake, query: str, told: Told) -> bool:
    """Whether the emulated AWS gives to a query of `Lake.told` the answer that is there."""
    return _answer(lake, query) == told.answer


def _answer(lake: Lake, query: str) -> bytes | None:
    """The emulated AWS's answer for all tables in one; None where it gives none, as while a fault rule is in force."""
    try:
        answer = _connections.request(
            "GET", f"{lake.settings.aws_endpoint}{TABLES_PATH}?{query}", headers={"user-agent": ENGINE_AGENT}
        )
    except urllib3.exceptions.HTTPError:
        return None
    if answer.status != 200:
        return None
    lake.local_files.note(answer.headers)
    return answer.data


def _entry(lake: Lake, key: Key) -> LakeTable | None:
    try:
        return find_table(lake, *key)
    except (LakeError, BotoCoreError, ClientError):
        return None
