"""One extract over HTTP: how it stands, its manifest, and links that live for minutes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from fastapi import APIRouter, HTTPException, Response

from landfall.aws import s3
from landfall.extract.layout import extract_prefix, index_key, manifest_key
from landfall.extract.request import extract_id_of
from landfall.settings import Settings

LINK_SECONDS = 300
"""How long a download link lives. Ask again for another: an extract outlives its links."""

RunState = Literal["queued", "running", "failed", "ready", "unknown"]


def extracts_router(run_state: Callable[[str], RunState]) -> APIRouter:
    """Return the routes of extracts; `run_state` tells how the run of a run id stands."""
    router = APIRouter(tags=["extracts"])

    @router.get("/{extract_id}")
    def get_extract(extract_id: str, response: Response) -> dict[str, Any]:
        """Return the extract's status, and when it is ready its manifest and a fresh link a file.

        The id of its run is taken too. 404 for an id that was never admitted, 410 when the extract has expired.
        """
        extract_id = extract_id_of(extract_id)
        response.headers["Cache-Control"] = "no-store"  # links are credentials
        settings = Settings.from_environment()
        owner = _read_json(index_key(extract_id), settings)
        if owner is None:
            raise HTTPException(404, f"no extract {extract_id!r} was admitted; its id is the id of its run")
        key = manifest_key(customer_id=owner["customer_id"], extract_id=extract_id)
        manifest = _read_json(key, settings)
        if manifest is None:
            state = run_state(owner["run_id"])
            # The manifest may have come between the two looks; then the next look finds it.
            return {**owner, "status": "running" if state == "ready" else state}
        now = datetime.now(UTC)
        if now >= datetime.fromisoformat(manifest["expires_at"]):
            raise HTTPException(410, f"extract {extract_id!r} expired at {manifest['expires_at']}; ask for a new one")
        return {**owner, "status": "ready", **_ready(key, manifest, settings=settings, now=now)}

    return router


def _ready(key: str, manifest: Mapping[str, Any], *, settings: Settings, now: datetime) -> dict[str, Any]:
    """Return what a ready extract adds to the answer: its manifest and links."""
    base = extract_prefix(customer_id=manifest["customer_id"], extract_id=manifest["extract_id"])
    files = [
        {
            "name": file["path"],
            "rows": file["rows"],
            "bytes": file["bytes"],
            "sha256": file["sha256"],
            "url": _link(base + file["path"], settings),
        }
        for file in manifest["files"]
    ]
    return {
        "rows": manifest["rows"],
        "expires_at": manifest["expires_at"],
        "links_expire_at": (now + timedelta(seconds=LINK_SECONDS)).isoformat(timespec="seconds"),
        "manifest": {
            "url": _link(key, settings),
            "signature_url": _link(base + manifest["signature"]["path"], settings),
            "content": manifest,
        },
        "files": files,
    }


def _link(key: str, settings: Settings) -> str:
    return s3.presign(bucket=settings.extracts_bucket, key=key, expires_seconds=LINK_SECONDS)


def _read_json(key: str, settings: Settings) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads(s3.read_object(bucket=settings.extracts_bucket, key=key))
    except KeyError:
        return None
    return document
