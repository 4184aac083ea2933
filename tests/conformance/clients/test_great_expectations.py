"""Great Expectations 1.x on Athena and on Redshift: SQL assets, a checkpoint, unexpected rows, Data Docs."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import great_expectations as gx
import great_expectations.expectations as gxe
import pytest

from tests.conformance.clients.lake import MANY, Lake
from tests.conformance.clients.warehouse import Warehouse

QUERY = "SELECT a AS id, 'w' || CAST(a AS varchar(10)) AS word, mod(a, 3) AS part FROM {}"
EXPECTATIONS: list[Any] = [
    gxe.ExpectTableRowCountToEqual(value=MANY),
    gxe.ExpectTableColumnsToMatchOrderedList(column_list=["id", "word", "part"]),
    gxe.ExpectColumnToExist(column="id"),
    gxe.ExpectColumnValuesToNotBeNull(column="id"),
    gxe.ExpectColumnValuesToBeUnique(column="id"),
    gxe.ExpectColumnValuesToBeBetween(column="id", min_value=0, max_value=MANY - 1),
    gxe.ExpectColumnValuesToBeInSet(column="part", value_set=[0, 1, 2]),
    gxe.ExpectColumnDistinctValuesToEqualSet(column="part", value_set=[0, 1, 2]),
    gxe.ExpectColumnValueLengthsToBeBetween(column="word", min_value=2, max_value=5),
    gxe.ExpectColumnMinToBeBetween(column="id", min_value=0, max_value=0),
    gxe.ExpectColumnMaxToBeBetween(column="id", min_value=MANY - 1, max_value=MANY - 1),
    gxe.ExpectColumnMeanToBeBetween(column="id", min_value=MANY / 2 - 1, max_value=MANY / 2),
    gxe.ExpectColumnUniqueValueCountToBeBetween(column="part", min_value=3, max_value=3),
    gxe.ExpectCompoundColumnsToBeUnique(column_list=["id", "part"]),
    gxe.UnexpectedRowsExpectation(unexpected_rows_query="SELECT * FROM {batch} WHERE part > 2"),
]


@pytest.fixture(params=["athena", "redshift"])
def source(request: pytest.FixtureRequest, lake: Lake, warehouse: Warehouse) -> tuple[str, str]:
    """An SQLAlchemy address and a query over 2,500 numbers on it."""
    if request.param == "athena":
        staging = quote_plus(lake.staging)
        address = f"awsathena+rest://:@athena.us-east-1.amazonaws.com:443/{lake.database}?s3_staging_dir={staging}"
        return address, QUERY.format("many_rows")
    return (
        f"{warehouse.address('psycopg2')}?sslmode=disable",
        QUERY.format(f"(SELECT generate_series(0, {MANY - 1}) AS a) AS numbers"),
    )


def test_a_checkpoint_runs_every_expectation_and_writes_data_docs(source: tuple[str, str], tmp_path: Path) -> None:
    context = gx.get_context(mode="file", project_root_dir=tmp_path)
    address, query = source
    asset = context.data_sources.add_sql("engine", connection_string=address).add_query_asset("rows", query=query)
    batch = asset.add_batch_definition_whole_table("all")
    suite = context.suites.add(gx.ExpectationSuite(name="suite", expectations=copy.deepcopy(EXPECTATIONS)))
    definition = context.validation_definitions.add(gx.ValidationDefinition(name="v", data=batch, suite=suite))
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(
            name="c",
            validation_definitions=[definition],
            actions=[gx.checkpoint.UpdateDataDocsAction(name="docs")],
            result_format="COMPLETE",
        )
    )
    result = checkpoint.run()
    outcome = next(iter(result.run_results.values()))
    failed = {r.expectation_config.type: r.exception_info for r in outcome.results if not r.success}
    assert failed == {}
    assert len(outcome.results) == len(EXPECTATIONS)
    assert list(tmp_path.rglob("data_docs/local_site/index.html"))


def test_what_is_wrong_is_found_and_listed(source: tuple[str, str]) -> None:
    context = gx.get_context(mode="ephemeral")
    address, query = source
    asset = context.data_sources.add_sql("engine", connection_string=address).add_query_asset("rows", query=query)
    batch = asset.add_batch_definition_whole_table("all").get_batch()
    result = batch.validate(
        gxe.ExpectColumnValuesToBeBetween(column="id", max_value=MANY - 3), result_format="COMPLETE"
    )
    assert not result.success
    assert sorted(result.result["unexpected_list"]) == [MANY - 2, MANY - 1]
    rows = batch.validate(gxe.UnexpectedRowsExpectation(unexpected_rows_query="SELECT * FROM {batch} WHERE id < 2"))
    assert rows.result["observed_value"] == 2
