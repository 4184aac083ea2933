"""A short version of `make isolation`: customers try at each other's extracts, and see nothing; a hole is seen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from landfall.api.callers import Caller
from landfall.extract.records.record import ExtractRecord
from landfall.extract.records.store import ExtractStore

from tests.isolation.memory import furnish_world, play
from tests.isolation.stage import foreign_canaries, try_all
from tests.unit.api.world import World


def test_nobody_sees_a_byte_of_anothers_extract(world: World, tmp_path: Path) -> None:
    found = play(world, customers=20, most=1_500, seed=2, folder=tmp_path)
    assert found.made.total() >= 1_500 and set(found.made) == {
        "body", "cache", "header", "id", "idempotency", "key", "list", "path",
    }  # fmt: skip
    assert found.wrongs == []


def test_a_hole_in_who_may_see_what_is_seen(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Caller, "may_see", lambda _self, _record: True)
    found = play(world, customers=4, most=150, seed=3, folder=tmp_path)
    assert any("cny" in wrong for wrong in found.wrongs) and any("was changed" in wrong for wrong in found.wrongs)


def test_a_list_of_everybodys_extracts_is_seen(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def of_anybody(_self: ExtractStore, _customer: str, *, after: object = None) -> Iterator[ExtractRecord]:
        items = [dict(item) for item in world.extracts.items.values() if "customer_id" in item]
        return (replace(ExtractRecord.from_item(item), customer_id=_customer) for item in items)

    customers = furnish_world(world, 4)
    monkeypatch.setattr(ExtractStore, "of_customer", of_anybody)
    asyncio.run(try_all(world.app, customers, most=150, seed=3, folder=tmp_path))
    assert any(".blind: cid" in wrong for wrong in foreign_canaries(tmp_path))
