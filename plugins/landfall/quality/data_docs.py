"""Data Docs in the ops bucket: data-docs/<dag_id>/<run_id>/<gate>/..., one folder a gate."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from landfall.aws import s3
from landfall.errors import RequestError
from landfall.quality.site_pages import standing_alone

PREFIX = "data-docs"
SUMMARY_FILE = "gate.json"
"""What a gate found, as JSON, beside its pages: the run's page is made from these."""

_SAFE_PART = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.:+~@ -]{1,250}")


def docs_key(*parts: str) -> str:
    """Return the key of `parts` (dag_id, run_id, gate, path...) below the Data Docs prefix.

    Raises RequestError for a part that could lead elsewhere: `..`, a slash, a control character.
    """
    return safe_key(PREFIX, *parts)


def safe_key(prefix: str, *parts: str) -> str:
    """Return the key of `parts` below `prefix`; RequestError for a part that could lead elsewhere."""
    for part in parts:
        if not _SAFE_PART.fullmatch(part):
            raise RequestError(f"{part!r} cannot be part of an object's key: use letters, digits and _.:+~@-")
    return "/".join((prefix, *parts))


def publish_site(*, bucket: str, prefix: str, site: Path) -> None:
    """Upload the pages below the folder `site` to `prefix`.

    Great Expectations' images and fonts stay behind: pages that stand alone do not use them.
    """

    def upload(page: Path) -> None:
        key = f"{prefix}/{page.relative_to(site).as_posix()}"
        body = standing_alone(page.read_text(encoding="utf-8")).encode()
        s3.write_object(bucket=bucket, key=key, body=body, content_type="text/html")

    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(upload, site.rglob("*.html")))


def write_summary(*, bucket: str, prefix: str, summary: Mapping[str, Any]) -> None:
    """Write what a gate found beside its pages."""
    body = json.dumps(summary, indent=2).encode()
    s3.write_object(bucket=bucket, key=f"{prefix}/{SUMMARY_FILE}", body=body, content_type="application/json")
