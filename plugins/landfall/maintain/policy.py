"""When a table is worth the work, and how long what is no longer current is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MEGABYTE = 1 << 20
DAY_SECONDS = 86_400


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Thresholds of maintenance.

    A partition is compacted when it has `small_files` data files that are below `small_file_bytes` on average, or when
    `delete_files` delete files lie in it. A snapshot expires `keep_seconds` after its commit, but for the newest
    `keep_snapshots` and for all that a published version reads. Scratch tables are left over after `scratch_seconds`,
    a table that a rebuild replaced after `replaced_seconds`.
    """

    small_files: int = 20
    small_file_bytes: int = 128 * MEGABYTE
    delete_files: int = 2
    keep_seconds: int = 5 * DAY_SECONDS
    keep_snapshots: int = 5
    scratch_seconds: int = DAY_SECONDS
    replaced_seconds: int = 7 * DAY_SECONDS

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Policy:
        """Return the policy that the form of maintain_lake asks for."""
        return cls(
            small_files=int(params["small_files"]),
            small_file_bytes=int(params["small_file_megabytes"]) * MEGABYTE,
            delete_files=int(params["delete_files"]),
            keep_seconds=int(params["keep_days"]) * DAY_SECONDS,
            keep_snapshots=int(params["keep_snapshots"]),
        )
