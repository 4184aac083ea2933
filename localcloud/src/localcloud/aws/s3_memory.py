"""Keep the bodies of object versions on disk alone.

ministack drops an object's body from memory once it is on disk, but in a bucket with versioning it keeps a second
reference with the version: all that was ever landed would stay in memory until the next restart.
"""

from __future__ import annotations

from typing import Any

from ministack.services import s3


def install() -> None:
    """Record versions without their body; it is read from the object's file, or the version's once it is displaced."""
    record = s3._record_object_version

    def record_without_body(bucket: str, key: str, prior: Any, written: dict[str, Any], _body: Any) -> str | None:
        version: str | None = record(bucket, key, prior, written, None)
        return version

    s3._record_object_version = record_without_body
