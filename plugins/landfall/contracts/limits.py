"""How much a customer may ask of extracts, read from contracts/limits.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from landfall.contracts.reading import read_again_when_changed, read_checked
from landfall.settings import REPOSITORY

LIMITS: Final = REPOSITORY / "contracts" / "limits.yaml"

_COUNT: Final[dict[str, Any]] = {"type": "integer", "minimum": 1}
MOST_MEMBERS: Final = 5_000
"""Most extracts of a customer's day: their ids are one item of DynamoDB, which may have 400 KB."""


def _record(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": list(properties), "properties": properties}


_CUSTOMER: Final = _record({"at_once": _COUNT, "under_way": _COUNT, "per_day": {**_COUNT, "maximum": MOST_MEMBERS}})
_SCHEMA: Final = _record(
    {
        "customer": _CUSTOMER,
        "customers": {
            "type": "object",
            "propertyNames": {"pattern": "^cus_[0-9]{6}$"},
            "additionalProperties": _CUSTOMER,
        },
        "large": _record({"rows": _COUNT, "at_once": _COUNT}),
    }
)


@dataclass(frozen=True, kw_only=True)
class CustomerLimits:
    """How many extracts of one customer may run `at_once`, run or wait (`under_way`), and be asked for in a day."""

    at_once: int
    under_way: int
    per_day: int


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of each customer; an extract of more than `large_rows` is large: `large_at_once` of them may run."""

    default: CustomerLimits
    exceptions: Mapping[str, CustomerLimits]
    large_rows: int
    large_at_once: int

    def of(self, customer_id: str) -> CustomerLimits:
        """Return the limits of a customer."""
        return self.exceptions.get(customer_id, self.default)


@read_again_when_changed
def read_limits(path: Path) -> Limits:
    """Read a file of limits; raises ContractError that names the field and what is wrong with it."""
    document = read_checked(path, _SCHEMA, what="limits")
    return Limits(
        default=CustomerLimits(**document["customer"]),
        exceptions={customer: CustomerLimits(**each) for customer, each in document["customers"].items()},
        large_rows=document["large"]["rows"],
        large_at_once=document["large"]["at_once"],
    )


def load_limits() -> Limits:
    """Return the limits of this deployment."""
    return read_limits(LIMITS)
