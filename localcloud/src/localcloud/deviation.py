"""A known difference between an engine here and the service it stands for, as the reference page tells it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Deviation:
    """One difference that is not refused: a reader of a result must know it."""

    subject: str
    """What it is about, e.g. `upper('ß')`."""
    here: str
    """What the local cloud does."""
    service: str
    """What the service does."""
