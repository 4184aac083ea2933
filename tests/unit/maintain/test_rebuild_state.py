"""A rebuild is gone on with, or begun anew, by the same command; two at once are refused."""

from __future__ import annotations

import pytest
from landfall.errors import RebuildError
from landfall.maintain.rebuild_state import Phase, begin, move, read_state
from landfall.maintain.settle import LedgerExchange

from tests.unit.ingest.conftest import MemoryItems


def began(items: MemoryItems, *, version: str = "1.0.0", afresh: bool = False) -> tuple[int, str]:
    state = begin(items, stream="orders", contract_version=version, afresh=afresh)
    return state.number, state.shadow


def test_a_build_is_gone_on_with_until_asked_for_another_or_the_contract_changes() -> None:
    items = MemoryItems()
    assert began(items) == began(items) == (1, "orders__rebuild_1")
    assert began(items, afresh=True)[0] == 2
    assert began(items, version="1.1.0")[0] == 3


def test_a_swap_under_way_is_ended_before_anything_else_is_begun() -> None:
    items = MemoryItems()
    began(items)
    state = read_state(items, "orders")
    assert state is not None
    move(items, state, phase=Phase.SWAPPING, swaps=1)
    assert began(items, version="2.0.0", afresh=True)[0] == 1


def test_the_second_of_two_runs_at_once_is_refused() -> None:
    items = MemoryItems()
    began(items)
    state = read_state(items, "orders")
    assert state is not None
    move(items, state, phase=Phase.SWAPPING, swaps=1)
    with pytest.raises(RebuildError, match="another run rebuilds orders"):
        move(items, state, phase=Phase.SWAPPING, swaps=1)


def entry(items: MemoryItems, stream: str, key: str, state: str, **values: object) -> None:
    item = {"stream": stream, "object_key": key, "state": state, "attempt": 1, **values}
    items.items[stream, key] = item


def test_outcomes_change_places_once_and_what_only_the_live_ledger_has_is_reopened() -> None:
    items = MemoryItems()
    for stream, batch in (("orders", "old"), ("orders__rebuild_1", "new")):
        entry(items, stream, "both", "loaded", batch_id=batch)
    for state in ("landed", "claimed", "loaded", "failed"):
        entry(items, "orders", f"only-{state}", state)
    exchange = LedgerExchange(items=items, live="orders", other="orders__rebuild_1", token=1)
    assert exchange.run() == {"exchanged": 1, "reopened": 2}
    assert exchange.run() == {"exchanged": 0, "reopened": 0}
    live = {key: item for (stream, key), item in items.items.items() if stream == "orders"}
    assert live["both"]["batch_id"] == "new"
    assert items.items["orders__rebuild_1", "both"]["batch_id"] == "old"
    assert {key: (item["state"], item["attempt"]) for key, item in live.items() if key != "both"} == {
        "only-landed": ("landed", 1),
        "only-claimed": ("landed", 2),
        "only-loaded": ("landed", 2),
        "only-failed": ("failed", 1),
    }
