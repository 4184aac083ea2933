"""A published version of ext_orders made for these tests alone, with the rows a security officer would try."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest
from landfall.aws.athena import Athena
from landfall.aws.glue import delete_table
from landfall.aws.iceberg import IcebergCatalog
from landfall.contracts.extract_product import load_products
from landfall.extract.admission import Admission, PinnedDataset
from landfall.extract.request import ExtractRequest, parse_request
from landfall.settings import Settings

CUSTOMER, OTHER = "cus_000042", "cus_000043"
NOTES = ["plain", "=cmd|' /C calc'!A0", "-5", "@SUM(1)", 'comma, "quoted" äöü 漢字', "+49", "", None]
DAYS = 2
"""Each note is there once a day, for both customers."""


@pytest.fixture(scope="session")
def settings(local_cloud: dict[str, str]) -> Settings:
    """The settings of the local cloud."""
    return Settings.from_environment()


@pytest.fixture(scope="session")
def pinned_table(settings: Settings) -> Iterator[str]:
    """A published, immutable version with rows of two customers."""
    yield from _publish(
        settings, [_row(c, d, n) for c in (CUSTOMER, OTHER) for d in range(DAYS) for n in range(len(NOTES))]
    )


@pytest.fixture
def pinned_with_doubles(settings: Settings) -> Iterator[str]:
    """A published version in which one order line is there twice."""
    yield from _publish(settings, [_row(CUSTOMER, 0, 0), _row(CUSTOMER, 0, 0)])


@pytest.fixture
def admitted(pinned_table: str) -> Callable[..., Admission]:
    """Return a function that admits a request to the published version."""

    def admit(file_format: str = "csv", *, table: str = pinned_table, **filters: str) -> Admission:
        return admission_of(table, file_format, **filters)

    return admit


def admission_of(table: str, file_format: str, *, customer_id: str = CUSTOMER, **filters: str) -> Admission:
    """Return an admission of a new extract id to `table`."""
    params = {"customer_id": customer_id, "product": "orders", "format": file_format, **filters}
    request: ExtractRequest = parse_request(params, run_id=f"test-{uuid.uuid4().hex}", products=load_products())
    pinned = PinnedDataset(
        group="lake",
        version=1,
        table=table,
        snapshot_id=1,
        gate="passed",
        contract_versions={"orders": "1.0.0"},
        published_at="2026-11-20T00:00:00+00:00",
    )
    return Admission(request=request, pinned=pinned)


def _publish(settings: Settings, rows: list[str]) -> Iterator[str]:
    name = f"ext_orders_{uuid.uuid4().hex[:12]}"
    source, published = f"scratch.{name}", f"published.{name}__v1"
    athena = Athena(settings=settings)
    location = f"s3://{settings.lake_bucket}/scratch/{name}/"
    columns = load_products()["orders"].columns
    types = {"string": "string", "integer": "bigint", "boolean": "boolean", "timestamp": "timestamp"}
    listed = ", ".join(f"{column.name} {types[column.type]}" for column in columns)
    athena.run(f"CREATE TABLE {source} ({listed}) LOCATION '{location}' TBLPROPERTIES ('table_type' = 'ICEBERG')")
    athena.run(f"INSERT INTO {source} VALUES {', '.join(rows)}")
    catalog = IcebergCatalog()
    catalog.register(published, like=source, metadata_location=catalog.read(source).metadata_location)
    yield published
    delete_table(database="published", table=published.partition(".")[2])
    # A test of maintenance may have cleared it away as a leftover.
    athena.run(f"DROP TABLE IF EXISTS {source}")


def _row(customer: str, day: int, note: int) -> str:
    text = NOTES[note]
    quoted = "NULL" if text is None else "'" + text.replace("'", "''") + "'"
    order_id = f"ord_{int(customer[-6:]):04x}{day:04x}{note:04x}"
    at = f"TIMESTAMP '2026-11-{20 + day} 10:0{note}:00.123'"
    return f"('{order_id}', 1, '{customer}', 'shp_00000001', 'paid', 'SKU-1', 2, 50, 100, 'EUR', {quoted}, {at}, {at})"
