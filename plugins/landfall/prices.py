"""What the engines cost, as settings: list prices unless the environment says otherwise."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from landfall.errors import SettingsError

ATHENA_CHARGED_AT_LEAST: Final = 10_000_000
"""Bytes that Athena charges for a statement that scans less, https://aws.amazon.com/athena/pricing/."""

_TERABYTE: Final = 1e12
_HOUR_SECONDS: Final = 3600


@dataclass(frozen=True, kw_only=True)
class Prices:
    """US dollars; list prices of us-east-1 (https://aws.amazon.com/athena/pricing/, .../redshift/pricing/)."""

    athena_usd_per_terabyte: float = 5.0
    redshift_usd_per_rpu_hour: float = 0.375

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Prices:
        """Read `LANDFALL_<FIELD>` where it is set. Raises SettingsError for what is no price."""
        source = os.environ if environ is None else environ
        names = {field: f"LANDFALL_{field.upper()}" for field in cls.__dataclass_fields__}
        return cls(**{field: _price(name, source[name]) for field, name in names.items() if source.get(name)})

    def athena_usd(self, scans: Iterable[int]) -> float:
        """Return what statements cost that scanned so many bytes each; one that scanned nothing is free."""
        charged = sum(max(scanned, ATHENA_CHARGED_AT_LEAST) for scanned in scans if scanned)
        return charged / _TERABYTE * self.athena_usd_per_terabyte

    def redshift_usd(self, rpu_seconds: float) -> float:
        """Return what so many charged RPU-seconds cost."""
        return rpu_seconds / _HOUR_SECONDS * self.redshift_usd_per_rpu_hour


def _price(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise SettingsError(f"{name} is {text!r}: give a price in US dollars such as 5.0")
    return value
