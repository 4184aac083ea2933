"""Customers of an API in memory: fast enough for a hundred thousand attempts."""

from __future__ import annotations

import asyncio
from pathlib import Path

from landfall.api.keys import ApiKeyStore

from tests.isolation.attempts import Customer, manifest_of
from tests.isolation.customers import furnish
from tests.isolation.stage import Result, foreign_canaries, try_all
from tests.unit.api.world import World


def furnish_world(world: World, count: int) -> list[Customer]:
    """Return customers of the world."""

    def put(extract_id: str, customer: Customer, request: str) -> None:
        world.done(extract_id, customer_id=customer.customer_id, pii=True, request=request)
        key = f"{customer.customer_id}/{extract_id}/manifest.json"
        world.buckets["extracts_bucket", key] = manifest_of(extract_id, customer)

    return furnish(world.api, ApiKeyStore(world.keys), put, count)


def play(world: World, *, customers: int, most: int, seed: int, folder: Path) -> Result:
    """Let customers try at each other and return what was tried, with everything that went wrong."""
    present = furnish_world(world, customers)
    ids = [extract_id for customer in present for extract_id in customer.extract_ids]
    before = {extract_id: dict(world.extracts.items[extract_id]) for extract_id in ids}
    objects = {key: body for key, body in world.buckets.items() if key[0] == "extracts_bucket"}
    result = asyncio.run(try_all(world.app, present, most=most, seed=seed, folder=folder))
    result.wrongs += foreign_canaries(folder)
    result.wrongs += [
        f"{extract_id} was changed" for extract_id in ids if world.extracts.items[extract_id] != before[extract_id]
    ]
    after = {key: body for key, body in world.buckets.items() if key[0] == "extracts_bucket"}
    if after != objects:
        result.wrongs.append("objects of extracts were changed")
    owners = {
        item["extract_id"]: item["customer_id"] for item in world.extracts.items.values() if "customer_id" in item
    }
    for run_id, conf in world.runs.confs.items():
        if conf["customer_id"] != owners[run_id]:
            result.wrongs.append(f"run {run_id} is of {conf['customer_id']}, its extract of {owners[run_id]}")
    return result
