"""How far the rebuild of a stream has come: one item of the ledger's table, so that a run that dies is gone on with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from landfall.aws.dynamodb import Change
from landfall.errors import RebuildError
from landfall.ingest.ledger import Items
from landfall.maintain.lake_tables import REBUILD_MARK

_ITEM = "#rebuild"
"""Sort key of the state: no object's key begins so."""


class Phase(StrEnum):
    """Where a rebuild stands."""

    BUILDING = "building"
    SWAPPING = "swapping"
    SWAPPED = "swapped"


@dataclass(frozen=True, kw_only=True)
class RebuildState:
    """A rebuild: its number, the contract it goes by, its phase.

    `swaps` counts how often live and rebuilt tables changed places; `swapped_from` maps a database to the metadata file
    that the live table was at before the last time.
    """

    stream: str
    number: int
    contract_version: str
    phase: Phase = Phase.BUILDING
    swaps: int = 0
    swapped_from: Mapping[str, str] | None = None

    @property
    def shadow(self) -> str:
        """The name beside the stream's own: of the tables in raw, quarantine and landing, and in the ledger."""
        return f"{self.stream}{REBUILD_MARK}{self.number}"


def read_state(items: Items, stream: str) -> RebuildState | None:
    """Return the stream's last rebuild, None if there was none."""
    item = items.read(_key(stream))
    if item is None:
        return None
    return RebuildState(
        stream=stream,
        number=int(item["number"]),
        contract_version=item["contract_version"],
        phase=Phase(item["phase"]),
        swaps=int(item["swaps"]),
        swapped_from=item.get("swapped_from"),
    )


def begin(items: Items, *, stream: str, contract_version: str, afresh: bool) -> RebuildState:
    """Return the rebuild to go on with: the one under way, or a new one.

    A new one is begun after one that was swapped, if the contract changed meanwhile, or if asked for.
    """
    last = read_state(items, stream)
    if last and last.phase is Phase.SWAPPING:
        return last
    if last and last.phase is Phase.BUILDING and last.contract_version == contract_version and not afresh:
        return last
    number = last.number + 1 if last else 1
    return _write(items, RebuildState(stream=stream, number=number, contract_version=contract_version), previous=last)


def move(items: Items, state: RebuildState, **changes: Any) -> RebuildState:
    """Write and return the state with `changes`. Raises RebuildError if another run moved it meanwhile."""
    return _write(items, replace(state, **changes), previous=state)


def _write(items: Items, state: RebuildState, *, previous: RebuildState | None) -> RebuildState:
    expected = {name: getattr(previous, name, None) for name in ("number", "phase", "swaps")}
    values = {name: value for name, value in asdict(state).items() if name != "stream"}
    if not items.change(Change(key=_key(state.stream), values=values, expected=expected)):
        raise RebuildError(f"another run rebuilds {state.stream} at this moment: wait for its end")
    return state


def _key(stream: str) -> dict[str, str]:
    return {"stream": stream, "object_key": _ITEM}
