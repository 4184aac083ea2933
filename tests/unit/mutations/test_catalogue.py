"""The list of mutations is made of changes that change something, and none of those played was silent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from landfall.quality.mutations_page import RESULTS, mutations_page
from landfall.settings import REPOSITORY

from tests.mutations.events import DataMutation, Sent, data_mutations
from tests.mutations.models import Model, ModelMutation, result_mutations, text_mutations

EVENTS = {
    "orders": {
        "order_id": "ord_0123456789ab",
        "line_number": 2,
        "version": 3,
        "customer_id": "cus_000042",
        "shopper_id": "shp_00000007",
        "status": "paid",
        "sku": "SKU-0001",
        "quantity": 4,
        "unit_price_cents": 1999,
        "currency": "EUR",
        "note": "Ring twice",
        "occurred_at": "2026-11-20T12:34:56.789Z",
    },
    "payments": {
        "payment_event_id": "pev_0123456789ab",
        "payment_id": "pay_0123456789ab",
        "order_id": "ord_0123456789ab",
        "customer_id": "cus_000042",
        "shopper_id": "shp_00000007",
        "kind": "capture",
        "amount_cents": 5997,
        "currency": "EUR",
        "method": "wallet",
        "occurred_at": "2026-11-20T12:34:56.789Z",
    },
    "page_views": {
        "page_view_id": "pgv_0123456789ab",
        "shopper_id": "shp_00000007",
        "customer_id": "cus_000042",
        "url": "https://shop.example/",
        "referrer": "https://search.example/",
        "device": "tablet",
        "occurred_at": "2026-11-20T12:34:56.789Z",
    },
    "customers": {
        "customer_id": "cus_000042",
        "version": 3,
        "name": "Nordlicht",
        "plan": "growth",
        "country": "DE",
        "email": "billing@merchant.example",
        "is_active": True,
        "occurred_at": "2026-11-20T12:34:56.789Z",
    },
}
MODEL = Model(
    name="fct_orders",
    path="models/marts/fct_orders.sql",
    table="marts.fct_orders",
    columns={"order_id": "varchar", "currency": "varchar", "line_total_cents": "bigint", "placed_at": "timestamp(6)"},
    in_redshift=False,
)


def test_there_are_two_hundred_of_data_and_no_two_of_one_name() -> None:
    names = [f"{mutation.stream}: {mutation.name}" for mutation in data_mutations()]
    assert len(names) == len(set(names)) >= 200


@pytest.mark.parametrize("mutation", [*data_mutations()], ids=lambda mutation: f"{mutation.stream}: {mutation.name}")
def test_a_mutation_of_data_changes_what_is_sent(mutation: DataMutation) -> None:
    event = EVENTS[mutation.stream]
    if mutation.of_body is not None:
        assert mutation.of_body(event, Random(1)) != event
        return
    at = datetime(2026, 11, 20, tzinfo=UTC)
    day = [Sent(at + timedelta(hours=hour), json.dumps(event | {"hour": hour}), (event,)) for hour in range(20)]
    before = [Sent(sent.at - timedelta(days=1), sent.text, sent.events) for sent in day]
    assert mutation.of_day is not None
    assert mutation.of_day(day, before, Random(1)) != [(sent.at, list(sent.events), sent.text) for sent in day]


@pytest.mark.parametrize("mutation", [*text_mutations()], ids=lambda mutation: f"{mutation.path}: {mutation.name}")
def test_a_mutation_of_a_text_finds_its_place_in_the_model(mutation: ModelMutation) -> None:
    text = (REPOSITORY / "dbt_project" / mutation.path).read_text(encoding="utf-8")
    assert mutation.applied(text) != text


def test_a_text_that_is_not_there_any_more_is_named() -> None:
    with pytest.raises(LookupError, match="is there 0 times"):
        ModelMutation(path="models/x.sql", name="n", old="gone", new="").applied("select 1")


def test_what_a_model_returns_is_changed_in_one_column_or_in_its_rows() -> None:
    texts = [mutation.applied("select 1") for mutation in result_mutations(MODEL, seed=1)]
    assert len(set(texts)) == len(texts) == 4
    assert all("select 1\n) as original" in text for text in texts)


def test_the_list_is_the_same_for_the_same_seed() -> None:
    assert list(result_mutations(MODEL, seed=3)) == list(result_mutations(MODEL, seed=3))


def test_none_of_those_played_was_silent_and_each_is_on_the_page() -> None:
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert results
    assert [each["name"] for each in results if each["verdict"] not in ("caught", "harmless")] == []
    page = mutations_page()
    assert all(f"| {each['name'].partition(': ')[2]} | {each['verdict']} |" in page for each in results)
