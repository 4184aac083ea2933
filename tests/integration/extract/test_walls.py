"""The second wall, tried by breaking the first: a statement without the customer still gives this customer's rows."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow.parquet as pq
import pytest
from landfall.aws import glue, s3
from landfall.aws.clients import client
from landfall.aws.redshift_data import RedshiftData
from landfall.contracts.extract_product import ExtractProduct
from landfall.errors import EngineError, VerificationError
from landfall.extract.door.pinning import Admission
from landfall.extract.door.request import ExtractRequest
from landfall.extract.engines import statements
from landfall.extract.engines.unload import Unloaded, unload
from landfall.extract.engines.walls import binding, lake_views, warehouse_view
from landfall.publish.walls import raise_walls
from landfall.settings import Settings
from sqlglot import exp

from tests.certifying import certify

from .conftest import CUSTOMER, DAYS, NOTES, OTHER

Admit = Callable[..., Admission]


@pytest.fixture
def without_the_first_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the builder of statements forget the customer."""

    def rows_of(_product: ExtractProduct, _request: ExtractRequest, table: str, names: Sequence[str]) -> exp.Select:
        return exp.select(*(exp.column(name) for name in names)).from_(exp.to_table(table))

    monkeypatch.setattr(statements, "_rows_of_one", rows_of)


def _customers(unloaded: Unloaded, settings: Settings) -> list[str]:
    """Return whose each row of an attempt's files is."""
    found: list[str] = []
    for item in s3.list_objects(bucket=settings.extracts_bucket, prefix=unloaded.prefix):
        body = s3.read_object(bucket=settings.extracts_bucket, key=item.key)
        if unloaded.admission.request.format == "csv":
            rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(gzip.decompress(body).decode())))
        else:
            rows = pq.read_table(io.BytesIO(body)).to_pylist()
        found += [row["customer_id"] for row in rows]
    return found


@pytest.mark.usefixtures("without_the_first_wall", "nothing_finished_before")
@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_a_statement_that_forgets_the_customer_gives_no_foreign_row(
    file_format: str, admitted: Admit, settings: Settings
) -> None:
    unloaded = unload(admitted(file_format), attempt=1, settings=settings)
    assert unloaded.expected_rows == 2 * DAYS * len(NOTES), "the first wall stands: this test tries nothing"
    assert _customers(unloaded, settings) == [CUSTOMER] * DAYS * len(NOTES)
    with pytest.raises(VerificationError, match="rows"):  # and what came of it is held, for the counts differ
        certify(unloaded, settings=settings)


def test_the_view_of_an_attempt_is_gone_with_it(admitted: Admit, settings: Settings) -> None:
    unloaded = unload(admitted("parquet"), attempt=1, settings=settings)
    database, name = lake_views(unloaded.prefix)
    assert glue.get_table(database=database, table=f"{name}0") is None


def _rows_as_the_extracts_user(query: str, settings: Settings, *, customer_id: str | None) -> list[tuple[Any, ...]]:
    data = RedshiftData(settings=settings, secret_arn=settings.redshift_extract_secret_arn)
    if customer_id is None:
        return data.rows(query, name="test")
    both = data.start_together([binding(customer_id).sql(dialect="redshift"), query], name="test")
    assert data.wait(both, seconds=60)
    records = client("redshift-data").get_statement_result(Id=f"{both}:2")["Records"]
    return [tuple(next(iter(field.values())) for field in record) for record in records]


def test_a_bound_session_sees_its_customer_alone_even_if_it_asks_for_another(
    pinned_table: str, settings: Settings
) -> None:
    view = warehouse_view(pinned_table)
    whose = f"SELECT DISTINCT customer_id FROM {view}"
    for customer in (CUSTOMER, OTHER):
        assert _rows_as_the_extracts_user(whose, settings, customer_id=customer) == [(customer,)]
    asked = f"SELECT COUNT(*) FROM {view} WHERE customer_id = '{OTHER}' OR 1 = 1 OR TRUE"
    assert _rows_as_the_extracts_user(asked, settings, customer_id=CUSTOMER) == [(DAYS * len(NOTES),)]


def test_a_session_that_is_bound_to_nobody_sees_nothing(pinned_table: str, settings: Settings) -> None:
    with pytest.raises(EngineError, match=r"landfall\.customer_id"):
        _rows_as_the_extracts_user(f"SELECT * FROM {warehouse_view(pinned_table)}", settings, customer_id=None)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM {table}",
        "DROP VIEW {view}",
        "ALTER TABLE {view} ROW LEVEL SECURITY OFF",
        "CREATE OR REPLACE VIEW {view} AS SELECT * FROM {table} WITH NO SCHEMA BINDING",
        "CREATE RLS POLICY mine USING (TRUE)",
        "GRANT USAGE ON SCHEMA published TO landfall_extract",
    ],
)
def test_the_user_of_extracts_cannot_go_round_the_view_or_take_it_down(
    statement: str, pinned_table: str, settings: Settings
) -> None:
    written = statement.format(table=pinned_table, view=warehouse_view(pinned_table))
    with pytest.raises(EngineError, match=r"permission denied|must be owner|only superusers|must be superuser|owner"):
        _rows_as_the_extracts_user(written, settings, customer_id=CUSTOMER)


def test_walls_can_be_raised_again_and_those_of_tables_that_are_gone_are_removed(
    pinned_table: str, settings: Settings
) -> None:
    raise_walls({pinned_table: "customer_id", "published.gone__v1": "customer_id"}, settings=settings)
    views = RedshiftData(settings=settings).rows(
        "SELECT viewname FROM pg_views WHERE schemaname = 'extract_walls'", name="test"
    )
    names = {name for (name,) in views}
    assert pinned_table.partition(".")[2] in names and "gone__v1" not in names
