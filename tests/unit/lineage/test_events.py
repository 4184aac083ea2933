"""The events of steps, and the truth that they are held against."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from landfall.contracts import load_stream_contracts
from landfall.contracts.extract_product import load_products
from landfall.lineage.batch import LoadedBatch
from landfall.lineage.events import event_of
from landfall.lineage.extracts import delivery_steps, extract_steps
from landfall.lineage.loads import load_steps, replay_steps
from landfall.lineage.naming import Names
from landfall.lineage.publications import publication_steps
from landfall.lineage.steps import Field, Step
from landfall.publish.groups import datasets
from landfall.publish.record import Publication, PublishedDataset, Rollback
from landfall.settings import REPOSITORY, Settings
from openlineage.client.serde import Serde

from tests.lineage.truth import agreement, told_edges, true_edges

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CUSTOMER = "cus_000042"


@pytest.fixture
def names() -> Names:
    return Names(
        Settings(
            environment="test",
            aws_region="eu-central-1",
            landing_bucket="landfall-test-landing",
            lake_bucket="landfall-test-lake",
            extracts_bucket="landfall-test-extracts",
            ops_bucket="landfall-test-ops",
            ledger_table="ledger",
            publication_table="publications",
            extract_table="extracts",
            api_key_table="api-keys",
            destination_table="destinations",
            athena_workgroup="wg",
            redshift_workgroup="landfall",
            redshift_database="landfall",
            redshift_secret_arn="arn:secret",
            redshift_extract_secret_arn="arn:extract-secret",
            notification_topic_arn="arn:topic",
            extract_topic_arn="arn:extracts",
            signing_key_id="arn:key",
            extract_role_arn="arn:role",
            unload_role_arn="arn:unload",
            masking_secret_arn="arn:masking",
        )
    )


def event(step: Step) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(Serde.to_json(event_of(step, None)))
    return told


def batches() -> list[LoadedBatch]:
    return [
        LoadedBatch(
            contract=contract,
            batch_id=f"batch-{contract.stream}",
            loaded_at=NOON,
            objects=(f"s3://landfall-test-landing/{contract.stream}/dt=2026-11-21/hr=11/a.gz",),
            loaded=5,
            quarantined=2,
            raw_snapshot_id=7,
        )
        for contract in load_stream_contracts(REPOSITORY / "contracts" / "streams")
    ]


def publication(*, version: int = 3, rollback: Rollback | None = None) -> Publication:
    return Publication(
        group="lake",
        version=version,
        datasets={
            "fct_orders": PublishedDataset(
                table=f"published.fct_orders__v{version}", snapshot_id=11, metadata_location="s3://lake/m.json"
            )
        },
        gate="passed",
        contract_versions={},
        cause_run_id="run",
        published_at=NOON,
        rollback=rollback,
    )


def manifest(file_format: str, engine: str) -> dict[str, Any]:
    return {
        "request": {
            "extract_id": "x1",
            "customer_id": CUSTOMER,
            "product": "orders",
            "format": file_format,
            "filters": {"from_date": "2026-11-01"},
            "columns": [column.name for column in load_products()["orders"].columns],
            "pii": True,
            "options": {},
        },
        "published": {"table": "published.ext_orders__v3", "snapshot_id": 11},
        "files": [{"path": "attempt-1/orders_000", "rows": 4, "bytes": 99, "sha256": "0"}],
        "engine": {"name": engine, "statement_id": "statement"},
        "created_at": "2026-11-21T12:00:00.000Z",
    }


def extract_event(names: Names, file_format: str, engine: str) -> dict[str, Any]:
    product = load_products()["orders"]
    (step,) = extract_steps(manifest(file_format, engine), product, names, bucket="landfall-test-extracts")
    return event(step)


def truth_of(*databases: str) -> set[tuple[str, str, str]]:
    return {edge for edge in true_edges() if edge[1].partition(".")[0] in databases}


def test_loads_tell_the_truth(names: Names) -> None:
    told = told_edges(event(step) for batch in batches() for step in load_steps(batch, names))
    found = agreement(told, truth_of("raw", "quarantine"))
    assert not found.missing and not found.invented, str(found)


def test_extracts_tell_the_truth_on_both_engines(names: Names) -> None:
    told = told_edges([extract_event(names, "csv", "redshift"), extract_event(names, "parquet", "athena")])
    found = agreement(told, truth_of("outgoing"))
    assert not found.missing and not found.invented, str(found)


def test_a_delivery_is_a_copy_column_by_column(names: Names) -> None:
    product = load_products()["orders"]
    where = {"bucket": "landfall-test-extracts", "delivered_to": "s3://customers-bucket/landfall/in/x1/"}
    (step,) = delivery_steps(manifest("csv", "redshift"), product, names, **where)
    told = event(step)
    (read,), (copied, certificate) = told["inputs"], told["outputs"]
    (unloaded, _) = extract_event(names, "csv", "redshift")["outputs"]
    assert (read["namespace"], read["name"]) == (unloaded["namespace"], unloaded["name"])
    assert (copied["namespace"], copied["name"]) == ("s3://customers-bucket", "landfall/in/x1/attempt-1/orders_000")
    assert certificate["name"] == "landfall/in/x1/manifest.json"
    columns = copied["facets"]["columnLineage"]["fields"]
    assert set(columns) == {each["name"] for each in unloaded["facets"]["schema"]["fields"]}
    for name, found in columns.items():
        (origin,) = found["inputFields"]
        assert (origin["namespace"], origin["name"], origin["field"]) == (read["namespace"], read["name"], name)
        assert [each["subtype"] for each in origin["transformations"]] == ["IDENTITY"]


def test_a_load_names_the_objects_it_read_and_the_snapshot_it_made(names: Names) -> None:
    batch = batches()[0]
    (step,) = load_steps(batch, names)
    (read,), (raw, quarantine) = event(step)["inputs"], event(step)["outputs"]
    assert (read["namespace"], read["name"]) == ("s3://landfall-test-landing", batch.contract.stream)
    assert read["inputFacets"]["subset"]["inputCondition"]["locations"] == list(batch.objects)
    assert raw["namespace"] == "awsathena://athena.eu-central-1.amazonaws.com"
    assert raw["name"] == f"awsdatacatalog.raw.{batch.contract.stream}"
    assert raw["facets"]["version"]["datasetVersion"] == "7"
    assert raw["outputFacets"]["outputStatistics"]["rowCount"] == 5
    assert quarantine["outputFacets"]["outputStatistics"]["rowCount"] == 2


def test_a_replayed_record_comes_from_the_text_in_quarantine(names: Names) -> None:
    batch = next(batch for batch in batches() if batch.contract.stream == "customers")
    (step,) = replay_steps(batch, names)
    told = told_edges([event(step)])
    columns = {target for _, target, _ in truth_of("raw") if target.startswith("raw.customers.")}
    assert told == {("quarantine.customers.raw_text", column, "DIRECT") for column in columns}
    assert list(replay_steps(replace(batch, loaded=0), names)) == []


def test_a_step_that_is_repeated_is_the_same_run(names: Names) -> None:
    first, again, other = (
        event(step)["run"]["runId"]
        for version in (3, 3, 4)
        for step in publication_steps(publication(version=version), names, fields_of=lambda _: ())
    )
    assert first == again != other


def test_a_publication_tells_of_the_version_and_of_the_pointer(names: Names) -> None:
    (step,) = publication_steps(publication(), names, fields_of=lambda _: (Field(name="order_id"),))
    told = event(step)
    assert [each["name"] for each in told["outputs"]] == [
        "awsdatacatalog.published.fct_orders__v3",
        "awsdatacatalog.published.fct_orders",
    ]
    assert told_edges([told]) == {
        (f"{datasets('lake')['fct_orders']}.order_id", "published.fct_orders.order_id", "DIRECT")
    }


def test_a_rollback_comes_from_the_version_it_goes_back_to(names: Names) -> None:
    rollback = Rollback(to_version=2, withdrawn=(3,), who="me", why="doubled", held=True)
    (step,) = publication_steps(publication(version=4, rollback=rollback), names, fields_of=lambda _: ())
    assert [each["name"] for each in event(step)["inputs"]] == ["awsdatacatalog.published.fct_orders__v2"]


def test_the_warehouse_is_carried_to_its_readers(names: Names) -> None:
    warehouse = Publication(
        group="warehouse",
        version=5,
        datasets={"dwh_dim_dates": PublishedDataset(table="published_warehouse.dwh_dim_dates", builds=("b",))},
        gate="passed",
        contract_versions={},
        cause_run_id="run",
        published_at=NOON,
    )
    (step,) = publication_steps(warehouse, names, fields_of=lambda _: (Field(name="date_day"),))
    told = event(step)
    assert told_edges([told]) == {
        ("warehouse.dwh_dim_dates.date_day", "published_warehouse.dwh_dim_dates.date_day", "DIRECT")
    }
    assert told["outputs"][0]["facets"]["version"]["datasetVersion"] == "5"


def test_an_extract_tells_of_its_files_its_manifest_and_the_statement(names: Names) -> None:
    told = extract_event(names, "csv", "redshift")
    base = f"{CUSTOMER}/x1"
    assert [each["name"] for each in told["outputs"]] == [f"{base}/attempt-1/orders_000", f"{base}/manifest.json"]
    assert told["run"]["facets"]["externalQuery"]["externalQueryId"] == "statement"
    assert told["inputs"][0]["facets"]["version"]["datasetVersion"] == "11"


def test_an_event_holds_no_value_of_a_filter_and_no_secret(names: Names) -> None:
    text = json.dumps(extract_event(names, "csv", "redshift"))
    assert "2026-11-01" not in text
    assert "arn:secret" not in text


@pytest.mark.parametrize("kind", ["DIRECT", "INDIRECT"])
def test_an_edge_that_is_taken_out_or_put_in_is_found(names: Names, kind: str) -> None:
    true = truth_of("outgoing")
    told = told_edges([extract_event(names, "csv", "redshift"), extract_event(names, "parquet", "athena")])
    lost = next(edge for edge in sorted(told) if edge[2] == kind)
    false = ("published.ext_orders.note", "outgoing.orders.csv.order_id", kind)
    found = agreement(told - {lost} | {false}, true)
    assert (found.missing, found.invented) == ((lost,), (false,))
    assert found.recall < 1 and found.precision < 1
