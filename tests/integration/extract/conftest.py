"""A published version of ext_orders made for these tests alone, with the rows a security officer would try."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from landfall.aws.athena import Athena
from landfall.aws.glue import delete_table
from landfall.aws.iceberg import IcebergCatalog
from landfall.contracts.extract_product import load_products
from landfall.extract.door.pinning import Admission, PinnedDataset
from landfall.extract.door.request import ExtractRequest, parse_request
from landfall.extract.engines import unload
from landfall.publish.walls import raise_walls
from landfall.settings import Settings

CUSTOMER, OTHER = "cus_000042", "cus_000043"
SHOPPER = "shp_00000001"
NOTES = ["plain", "=cmd|' /C calc'!A0", "-5", "@SUM(1)", 'comma, "quoted" äöü 漢字', "+49", "", None]
_VALUES = {
    "string": "'EUR'",
    "integer": "-7",
    "boolean": "true",
    "date": "DATE '2026-11-20'",
    "timestamp": "TIMESTAMP '2026-11-20 10:00:00.123'",
    "decimal(18,8)": "DECIMAL '1.25000000'",
}
"""A value of each type of column."""

DAYS = 2
"""Each note is there once a day, for both customers."""


@pytest.fixture(scope="session")
def settings(local_cloud: dict[str, str]) -> Settings:
    """The settings of the local cloud."""
    return Settings.from_environment()


@pytest.fixture(scope="session")
def pinned_table(settings: Settings) -> Iterator[str]:
    """A published, immutable version with rows of two customers."""
    yield from published_rows(
        settings, [_row(c, d, n) for c in (CUSTOMER, OTHER) for d in range(DAYS) for n in range(len(NOTES))]
    )


@pytest.fixture
def pinned_with_doubles(settings: Settings) -> Iterator[str]:
    """A published version in which one order line is there twice, with a line break in a cell."""
    line = _row(CUSTOMER, 0, 0).replace(f"'{NOTES[0]}'", "'two\nlines'")
    yield from published_rows(settings, [line, line])


@pytest.fixture
def admitted(pinned_table: str) -> Callable[..., Admission]:
    """Return a function that admits a request to the published version."""

    def admit(file_format: str = "csv", *, table: str = pinned_table, **asked: Any) -> Admission:
        return admission_of(table, file_format, **asked)

    return admit


def admission_of(
    table: str, file_format: str, *, customer_id: str = CUSTOMER, product: str = "orders", **asked: Any
) -> Admission:
    """Return an admission of a new extract id to `table`."""
    params = {"customer_id": customer_id, "product": product, "format": file_format, "pii": True, **asked}
    run_id, products = f"test-{uuid.uuid4().hex}", load_products()
    request: ExtractRequest = parse_request(params, run_id=run_id, products=products, may_have_pii=True)
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


@pytest.fixture
def nothing_finished_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every extract ask the engine, though another test may have finished the very same."""
    monkeypatch.setattr(unload, "take_over", lambda *_args, **_named: None)


@pytest.fixture
def published_product(settings: Settings) -> Iterator[Callable[[str], str]]:
    """Return a function that publishes a version of a product with a row of each of two customers."""
    with ExitStack() as stack:

        def publish(product: str) -> str:
            columns = load_products()[product].columns
            rows = [
                "("
                + ", ".join(f"'{c}'" if each.name == "customer_id" else _VALUES[each.type] for each in columns)
                + ")"
                for c in (CUSTOMER, OTHER)
            ]
            return stack.enter_context(contextmanager(published_rows)(settings, rows, product=product))

        yield publish


def published_rows(
    settings: Settings, rows: Sequence[str], *, product: str = "orders", rows_a_statement: int = 1_000
) -> Iterator[str]:
    """Yield a published version of a product's table that holds `rows` (SQL tuples), and take it away afterwards."""
    name = f"ext_{product}_{uuid.uuid4().hex[:12]}"
    source, published = f"scratch.{name}", f"published.{name}__v1"
    athena = Athena(settings=settings)
    location = f"s3://{settings.lake_bucket}/scratch/{name}/"
    columns = load_products()[product].columns
    listed = ", ".join(f"{each.name} {'bigint' if each.type == 'integer' else each.type}" for each in columns)
    athena.run(f"CREATE TABLE {source} ({listed}) LOCATION '{location}' TBLPROPERTIES ('table_type' = 'ICEBERG')")
    for first in range(0, len(rows), rows_a_statement):
        athena.run(f"INSERT INTO {source} VALUES {', '.join(rows[first : first + rows_a_statement])}")
    catalog = IcebergCatalog()
    catalog.register(published, like=source, metadata_location=catalog.read(source).metadata_location)
    raise_walls({published: "customer_id"}, settings=settings)
    yield published
    delete_table(database="published", table=published.partition(".")[2])
    # A test of maintenance may have cleared it away as a leftover.
    athena.run(f"DROP TABLE IF EXISTS {source}")


def _row(customer: str, day: int, note: int) -> str:
    text = NOTES[note]
    quoted = "NULL" if text is None else "'" + text.replace("'", "''") + "'"
    order_id = f"ord_{int(customer[-6:]):04x}{day:04x}{note:04x}"
    at = f"TIMESTAMP '2026-11-{20 + day} 10:0{note}:00.123'"
    return f"('{order_id}', 1, '{customer}', '{SHOPPER}', 'paid', 'SKU-1', 2, 50, 100, 'EUR', {quoted}, {at}, {at})"
