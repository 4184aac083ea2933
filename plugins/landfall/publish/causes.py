"""Which runs asked for a publication."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def causes_of(extras: Iterable[Mapping[str, Any]], *, run_id: str) -> list[str]:
    """Return the distinct run ids under `causes` in the extras of asset events; `run_id` itself if there are none."""
    found = [str(cause) for extra in extras for cause in extra.get("causes", ())]
    return list(dict.fromkeys(found)) or [run_id]
