"""What the project promises about every model, read from dbt's manifests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from landfall.contracts.extract_product import load_products

from tests.dbt.manifest import parsed_manifest

MAY_READ = {
    "staging": {"source.raw", "seed"},
    "intermediate": {"staging", "intermediate"},
    "marts": {"intermediate", "marts"},
    "extracts": {"marts"},
    "warehouse": {"source.published", "warehouse"},
}
"""Folder -> what its models may read."""

LOGIC = (" over (", "case\n", "case ", "group by", " join ", "with_rows_gone")
"""What makes a model one with logic."""

PUBLISHED = ("marts", "extracts", "warehouse")


@pytest.fixture(scope="module")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return {target: parsed_manifest(target, tmp_path_factory.mktemp(target)) for target in ("lake", "warehouse")}


def models(manifests: dict[str, dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for manifest in manifests.values():
        for node in manifest["nodes"].values():
            if node["resource_type"] == "model":
                yield node, manifest


def folder(node: dict[str, Any]) -> str:
    return str(node["fqn"][1])


def test_both_targets_hold_their_own_models_only(manifests: dict[str, dict[str, Any]]) -> None:
    folders = {target: {folder(node) for node, _ in models({target: m})} for target, m in manifests.items()}
    assert folders == {"lake": {"staging", "intermediate", "marts", "extracts"}, "warehouse": {"warehouse"}}


def test_each_folder_reads_only_what_stands_before_it(manifests: dict[str, dict[str, Any]]) -> None:
    wrong = []
    for node, manifest in models(manifests):
        for parent in node["depends_on"]["nodes"]:
            if parent.startswith("source."):
                read = f"source.{manifest['sources'][parent]['source_name']}"
            elif parent.startswith("seed."):
                read = "seed"
            else:
                read = folder(manifest["nodes"][parent])
            if read not in MAY_READ[folder(node)]:
                wrong.append(f"{node['name']} reads {parent}")
    assert not wrong


def test_a_folder_is_the_schema_of_its_models(manifests: dict[str, dict[str, Any]]) -> None:
    assert not [node["name"] for node, _ in models(manifests) if node["schema"] != folder(node)]


def test_every_model_states_its_grain(manifests: dict[str, dict[str, Any]]) -> None:
    assert not [node["name"] for node, _ in models(manifests) if not node["description"].startswith("One row per ")]


def test_every_column_is_described(manifests: dict[str, dict[str, Any]]) -> None:
    bare = [
        f"{node['name']}.{column['name']}"
        for node, _ in models(manifests)
        for column in node["columns"].values()
        if not column["description"]
    ]
    without_any = [node["name"] for node, _ in models(manifests) if not node["columns"]]
    assert not bare + without_any


def test_a_contract_promises_every_column_its_model_selects(manifests: dict[str, dict[str, Any]]) -> None:
    untyped = [
        f"{node['name']}.{column['name']}"
        for node, _ in models(manifests)
        if folder(node) in PUBLISHED
        for column in node["columns"].values()
        if not column["data_type"]
    ]
    assert not untyped


def test_seeds_and_sources_are_described_to_the_column(manifests: dict[str, dict[str, Any]]) -> None:
    tables = [
        table
        for manifest in manifests.values()
        for table in (*manifest["nodes"].values(), *manifest["sources"].values())
        if table["resource_type"] in ("seed", "source")
    ]
    bare = [table["name"] for table in tables if not table["description"] or not table["columns"]]
    bare += [
        f"{table['name']}.{column['name']}"
        for table in tables
        for column in table["columns"].values()
        if not column["description"]
    ]
    assert not bare


def test_every_model_belongs_to_a_group_and_steps_between_are_private(manifests: dict[str, dict[str, Any]]) -> None:
    access = {"staging": "protected", "intermediate": "private"}
    for node, _ in models(manifests):
        assert node["group"], node["name"]
        assert node["access"] == access.get(folder(node), "public"), node["name"]


def test_every_model_has_a_tested_key(manifests: dict[str, dict[str, Any]]) -> None:
    for node, manifest in models(manifests):
        if folder(node) in ("staging", "intermediate"):
            continue
        tests = [
            test["test_metadata"]["name"]
            for test in manifest["nodes"].values()
            if test["resource_type"] == "test" and test.get("attached_node") == node["unique_id"]
        ]
        assert "unique" in tests or "unique_combination_of_columns" in tests, node["name"]
        assert "not_null" in tests, node["name"]


def test_what_is_published_keeps_a_contract_and_is_never_dropped(manifests: dict[str, dict[str, Any]]) -> None:
    for node, _ in models(manifests):
        if folder(node) not in PUBLISHED:
            continue
        config = node["config"]
        assert config["contract"]["enforced"], node["name"]
        assert config["materialized"] == "incremental", node["name"]
        assert config["incremental_strategy"] == "merge", node["name"]
        assert config["full_refresh"] is False, node["name"]


def test_lake_tables_are_iceberg_and_rewrite_only_what_differs(manifests: dict[str, dict[str, Any]]) -> None:
    for node, _ in models(manifests):
        if folder(node) in ("marts", "extracts"):
            assert node["config"]["table_type"] == "iceberg", node["name"]
            assert "is distinct from" in node["config"]["update_condition"], node["name"]


def test_what_a_killed_run_leaves_in_scratch_is_in_nobodys_way(manifests: dict[str, dict[str, Any]]) -> None:
    found = [node["config"] for node, _ in models(manifests) if node["config"].get("temp_schema")]
    assert found
    assert all(config["unique_tmp_table_suffix"] for config in found)


def test_no_model_reads_the_clock(manifests: dict[str, dict[str, Any]]) -> None:
    clocks = ("current_timestamp", "current_date", "now()", "getdate()", "sysdate")
    assert not [node["name"] for node, _ in models(manifests) if any(word in node["raw_code"] for word in clocks)]


def test_models_with_logic_have_a_unit_test(manifests: dict[str, dict[str, Any]]) -> None:
    tested = {
        parent
        for manifest in manifests.values()
        for test in manifest["unit_tests"].values()
        for parent in test["depends_on"]["nodes"][:1]
    }
    logic = {node["unique_id"] for node, _ in models(manifests) if any(word in node["raw_code"] for word in LOGIC)}
    assert logic <= tested, logic - tested


def test_every_extract_product_is_told_of_changes_of_its_model(manifests: dict[str, dict[str, Any]]) -> None:
    exposures = manifests["lake"]["exposures"].values()
    told = {e["name"]: [node.rpartition(".")[2] for node in e["depends_on"]["nodes"]] for e in exposures}
    products = {f"extract_{product.product}": [product.dataset] for product in load_products().values()}
    assert {name: models for name, models in told.items() if name.startswith("extract_")} == products
    extracts = {node["name"] for node, _ in models(manifests) if folder(node) == "extracts"}
    assert extracts == {dataset for (dataset,) in products.values()}


def test_every_published_dataset_is_a_model(manifests: dict[str, dict[str, Any]]) -> None:
    from landfall.publish.groups import LAKE, TABLES, WAREHOUSE

    built = {f"{node['schema']}.{node['alias']}" for node, _ in models(manifests) if folder(node) in PUBLISHED}
    assert built == {*TABLES[LAKE], *TABLES[WAREHOUSE]}
