"""API keys: kept as hashes, scoped, expiring, rotated, revoked, and counted."""

from __future__ import annotations

import argparse
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from landfall.api import callers, keys_command
from landfall.api.keys import ApiKeyStore
from landfall.errors import ApiKeyError

from tests.unit.api.world import CUSTOMER, World


def command(*words: str) -> int:
    parser = argparse.ArgumentParser()
    keys_command.add_arguments(parser)
    return keys_command.run(parser.parse_args(words))


def status(world: World, token: str) -> int:
    answer = world.api.get("/v1/products", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200 or answer.headers["content-type"] == "application/problem+json"
    return int(answer.status_code)


def test_a_key_is_shown_once_and_kept_as_a_hash(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    command("create", "--customer", CUSTOMER, "--name", "erp", "--product", "orders")
    token = capsys.readouterr().out.split()[-1]
    assert re.fullmatch("lfk_[0-9a-f]{16}_[0-9a-f]{64}", token)
    assert status(world, token) == 200

    kept = json.dumps([list(world.keys.items.values()), world.audited()], default=str)
    assert token.rpartition("_")[2] not in kept
    command("list", "--customer", CUSTOMER)
    shown = capsys.readouterr().out
    assert token.split("_")[1] in shown
    assert token.rpartition("_")[2] not in shown
    assert "last used 20" in shown


def test_a_wrong_secret_an_unknown_id_and_a_malformed_key_answer_alike(world: World) -> None:
    token = world.key()["Authorization"].removeprefix("Bearer ")
    wrong = [token[:-1] + ("0" if token[-1] != "0" else "1"), "lfk_" + "0" * 16 + "_" + "0" * 64, "lfk_x", token + "0"]
    answers = {world.api.get("/v1/products", headers={"Authorization": f"Bearer {each}"}).text for each in wrong}
    assert len(answers) == 1
    assert [status(world, each) for each in wrong] == [401] * 4


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic YTpi"}])
def test_without_a_key_or_a_login_nothing_opens(world: World, header: dict[str, str]) -> None:
    for path in ("/v1/products", "/v1/extracts", "/v1/extracts/run-1"):
        assert world.api.get(path, headers=header).status_code == 401
    assert world.api.get("/v1/health", headers=header).json() == {"status": "ok"}


def test_an_expired_and_a_revoked_key_open_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    store = ApiKeyStore(world.keys)
    key, token = store.create(customer_id=CUSTOMER, name="n", products=(), pii=False, days=1, created_by="cli:a")
    assert store.authenticate(token, now=datetime.now(UTC)) is not None
    assert store.authenticate(token, now=datetime.now(UTC) + timedelta(days=1, minutes=1)) is None

    command("revoke", key.key_id)
    assert status(world, token) == 401
    with pytest.raises(ApiKeyError, match="expired or is revoked"):
        command("rotate", key.key_id)


def test_a_rotated_key_is_taken_for_a_day_more_and_its_successor_is_the_same_caller(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ApiKeyStore(world.keys)
    old, token = store.create(
        customer_id=CUSTOMER, name="n", products=("orders",), pii=True, days=90, created_by="cli:a"
    )
    command("rotate", old.key_id)
    successor = capsys.readouterr().out.split()[-1]
    made = store.authenticate(successor, now=datetime.now(UTC))
    assert made is not None
    assert (made.family, made.products, made.pii) == (old.family, ("orders",), True)
    assert store.authenticate(token, now=datetime.now(UTC) + timedelta(hours=23)) is not None
    assert store.authenticate(token, now=datetime.now(UTC) + timedelta(hours=25)) is None

    body, headers = {"product": "orders"}, {"Idempotency-Key": "k"}
    asked = [world.ask({"Authorization": f"Bearer {each}"}, body, **headers).json() for each in (token, successor)]
    assert asked[0]["extract_id"] == asked[1]["extract_id"]


def test_a_key_lists_and_opens_its_products_only(world: World) -> None:
    headers = world.key(products=("orders",))
    listed = world.api.get("/v1/products", headers=headers).json()["products"]
    assert [product["product"] for product in listed] == ["orders"]
    foreign, unknown = (world.api.get(f"/v1/products/{name}", headers=headers) for name in ("payments", "nothing"))
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.text.replace("payments", "?") == unknown.text.replace("nothing", "?")


def test_a_key_that_asks_too_fast_waits_for_its_next_window(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "REQUESTS", 2)
    monkeypatch.setattr(callers.time, "time", lambda: 6_000_010.0)
    headers, other = world.key(), world.key()
    first = world.api.get("/v1/products", headers=headers)
    assert first.headers["ratelimit-policy"] == '"default";q=2;w=60'
    assert first.headers["ratelimit"] == '"default";r=1;t=50'
    world.api.get("/v1/products", headers=headers)

    refused = world.api.get("/v1/products", headers=headers)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "50")
    assert refused.headers["ratelimit"] == '"default";r=0;t=50'
    assert world.api.get("/v1/products", headers=other).status_code == 200
    monkeypatch.setattr(callers.time, "time", lambda: 6_000_060.0)
    assert world.api.get("/v1/products", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "words",
    [
        ("create", "--customer", "cus_1", "--name", "n"),
        ("create", "--customer", CUSTOMER, "--name", "n", "--product", "nothing"),
        ("create", "--customer", CUSTOMER, "--name", "n", "--days", "0"),
        ("revoke", "unknown"),
    ],
)
def test_a_key_that_cannot_be_is_refused_and_nothing_is_kept(world: World, words: tuple[str, ...]) -> None:
    with pytest.raises(ApiKeyError, match=r"^(customer|product|days|key_id): .*"):
        command(*words)
    assert world.keys.items == {}
    assert world.audited() == []
