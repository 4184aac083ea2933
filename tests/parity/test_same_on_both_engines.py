"""The numbers that the lake and the warehouse share are equal, row for row, each engine hashing its own rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import yaml

from tests.dbt.grown import SEED
from tests.dbt.lake import Lake
from tests.dbt.manifest import PROJECT
from tests.parity import digest, edges, shared
from tests.parity.shared import NUMBERS, TABLES, WITHOUT_PARTNER

BUILT = f"fresh{SEED}"


@pytest.fixture(scope="module")
def contracts() -> dict[str, dict[str, str]]:
    """Table of the warehouse -> column -> kind of its values."""
    written = yaml.safe_load((PROJECT / "models" / "warehouse" / "_warehouse__models.yml").read_text())
    return {
        model["name"]: {column["name"]: digest.kind_of(column["data_type"]) for column in model["columns"]}
        for model in written["models"]
    }


def test_every_table_of_the_warehouse_has_a_partner_in_the_lake_or_a_reason(
    contracts: dict[str, dict[str, str]],
) -> None:
    assert set(contracts) == {*TABLES, *WITHOUT_PARTNER}
    assert not set(TABLES) & set(WITHOUT_PARTNER)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_table_has_the_same_rows_on_both_engines(
    grown_lake: Lake, contracts: dict[str, dict[str, str]], table: str
) -> None:
    found, columns = TABLES[table], contracts[table]
    rows = found.rows.format(lake=_schema(grown_lake, shared.LAKE_SCHEMA))
    values = [(found.computed.get(name, name), kind) for name, kind in columns.items()]
    in_lake = grown_lake.fetch(f"select {digest.on_athena(values)} from {rows}")
    in_warehouse = grown_lake.fetch_in_warehouse(
        f"select {digest.on_redshift(columns.items())} from {_schema(grown_lake, shared.WAREHOUSE_SCHEMA)}.{table}"
    )
    assert in_lake
    assert Counter(in_lake) == Counter(in_warehouse)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("number", sorted(NUMBERS))
def test_a_number_that_each_engine_computes_by_itself_is_the_same(grown_lake: Lake, number: str) -> None:
    asked = NUMBERS[number]
    names = [f"c{index}" for index in range(len(asked.kinds))]
    values = list(zip(names, asked.kinds, strict=True))
    lake_query = asked.lake.format(lake=_schema(grown_lake, shared.LAKE_SCHEMA))
    warehouse_query = asked.warehouse.format(warehouse=_schema(grown_lake, shared.WAREHOUSE_SCHEMA))
    in_lake = grown_lake.fetch(f"select {digest.on_athena(values)} from ({lake_query}) as n({', '.join(names)})")
    in_warehouse = grown_lake.fetch_in_warehouse(
        f"with n({', '.join(names)}) as ({warehouse_query}) select {digest.on_redshift(values)} from n"
    )
    assert in_lake
    assert Counter(in_lake) == Counter(in_warehouse)


@pytest.fixture(scope="module")
def edge_table(lake: Lake) -> Iterator[str]:
    """A table of the lake with a row of each edge; Redshift reads it through an external schema of the same name."""
    database = f"{lake.name}raw"
    definitions = ", ".join(f"`{name}` {kind}" for name, (kind, _) in edges.COLUMNS.items())
    lake.run(
        f"create table {database}.edges ({definitions}) "
        f"location 's3://{lake.settings.lake_bucket}/{database}/edges/' tblproperties ('table_type' = 'iceberg')"
    )
    rows = ({"name": f"'{name}'", **given} for name, given in edges.ROWS.items())
    values = (f"({', '.join(row.get(column, 'null') for column in edges.COLUMNS)})" for row in rows)
    lake.run(f"insert into {database}.edges values {', '.join(values)}")
    lake.run_in_warehouse(
        f"create external schema if not exists {database} from data catalog database '{database}' iam_role default"
    )
    yield f"{database}.edges"


@pytest.mark.timeout(300)
def test_values_at_the_edges_of_their_types_are_the_same(lake: Lake, edge_table: str) -> None:
    values = [(name, kind) for name, (_, kind) in edges.COLUMNS.items() if name != "name"]
    in_lake = sorted(lake.fetch(f"select name, {digest.on_athena(values)} from {edge_table}"))
    assert len({found for _, found in in_lake}) == len(edges.ROWS), "no edge may hash as another"
    on_redshift = f"select name, {digest.on_redshift(values)} from"
    assert in_lake == sorted(lake.fetch_in_warehouse(f"{on_redshift} {edge_table}"))

    lake.run_in_warehouse(
        f"create schema {lake.name}native", f"create table {lake.name}native.edges as select * from {edge_table}"
    )
    assert in_lake == sorted(lake.fetch_in_warehouse(f"{on_redshift} {lake.name}native.edges"))


@pytest.mark.timeout(300)
def test_expressions_at_the_edges_give_the_same(lake: Lake) -> None:
    on_athena = [f"select {n}, {digest.on_athena([(one, kind)])}" for n, (kind, one, _) in enumerate(edges.EXPRESSIONS)]
    on_redshift = [
        f"select {n}, {digest.on_redshift([(other, kind)])}" for n, (kind, _, other) in enumerate(edges.EXPRESSIONS)
    ]
    in_lake = {int(n or 0): found for n, found in lake.fetch(" union all ".join(on_athena))}
    in_warehouse = {int(str(n)): found for n, found in lake.fetch_in_warehouse(" union all ".join(on_redshift))}
    assert len(in_lake) == len(edges.EXPRESSIONS)
    assert not [edges.EXPRESSIONS[n] for n in in_lake if in_lake[n] != in_warehouse[n]]


def _schema(lake: Lake, name: str) -> str:
    return f"{lake.name}{BUILT}_{name}"
