"""Which tasks a manifest gives: one a model, each after what it reads, with the tests that are judged with it."""

from __future__ import annotations

from typing import Any

from landfall.transform.models import models_in


def _node(key: str, *, reads: tuple[str, ...] = (), version: int | None = None) -> dict[str, Any]:
    kind, _, name = key.split(".")[:3]
    return {
        "resource_type": kind,
        "name": name,
        "version": version,
        "fqn": ["landfall", name],
        "depends_on": {"nodes": list(reads)},
    }


NODES = {
    "model.landfall.a_mart": _node("model.landfall.a_mart", reads=("model.landfall.stg_orders", "seed.landfall.rates")),
    "model.landfall.stg_orders": _node("model.landfall.stg_orders", reads=("source.landfall.raw.orders",)),
    "model.landfall.sales.v2": _node("model.landfall.sales", reads=("model.landfall.a_mart",), version=2),
    "seed.landfall.rates": _node("seed.landfall.rates"),
    "test.landfall.unique_orders": _node("test.landfall.unique_orders", reads=("model.landfall.stg_orders",)),
    "test.landfall.mart_adds_up": _node(
        "test.landfall.mart_adds_up", reads=("model.landfall.a_mart", "model.landfall.stg_orders")
    ),
    "test.landfall.of_another_target": _node("test.landfall.of_another_target"),
    "operation.landfall.on_run_start": _node("operation.landfall.on_run_start"),
}


def test_models_come_after_what_they_read() -> None:
    names = [model.name for model in models_in(NODES)]
    assert sorted(names) == ["a_mart", "rates", "sales_v2", "stg_orders"]
    assert names.index("a_mart") > max(names.index("stg_orders"), names.index("rates"))
    assert names.index("sales_v2") > names.index("a_mart")


def test_a_model_names_the_models_it_reads_and_not_the_sources() -> None:
    upstream = {model.name: model.upstream for model in models_in(NODES)}
    assert set(upstream["a_mart"]) == {"stg_orders", "rates"}
    assert upstream["stg_orders"] == ()


def test_a_test_of_two_models_is_judged_with_the_one_built_last() -> None:
    tests = {model.name: model.tests for model in models_in(NODES)}
    assert tests["a_mart"] == ("test.landfall.mart_adds_up",)
    assert tests["stg_orders"] == ("test.landfall.unique_orders",)


def test_a_model_is_selected_with_its_own_tests_only() -> None:
    selectors = {model.name: model.selectors for model in models_in(NODES)}
    assert selectors["a_mart"] == ("fqn:landfall.a_mart", "fqn:landfall.mart_adds_up")
