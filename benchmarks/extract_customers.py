"""Who asks for extracts in a benchmark, and what there is to be asked for."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
from landfall.api.keys import ApiKeyStore
from landfall.aws.athena import Athena
from landfall.contracts.extract_product import load_products
from landfall.publish.publication import PublicationStore
from landfall.publish.walls import raise_walls_of
from landfall.settings import Settings

CUSTOMERS, ROWS_EACH = 200, 5_000
_NUMBERS = count(random.randrange(8_000))  # noqa: S311 - guards nothing
_ROWS = """
insert into extracts.ext_orders
select
  'ord_' || lpad(cast(c * {rows} + n as varchar), 12, '0'), n % 3 + 1, 'cus_' || lpad(cast(c as varchar), 6, '0'),
  'shp_' || lpad(cast(n % 997 as varchar), 8, '0'), 'paid', 'SKU-' || cast(n % 100 as varchar), 2, 50 + n, 100 + 2 * n,
  'EUR', 'note ' || cast(n as varchar), date_add('minute', n, timestamp '2026-11-01 00:00:00.000'),
  date_add('minute', n, timestamp '2026-11-01 00:00:00.000')
from unnest(sequence(0, {customers} - 1)) as customers (c) cross join unnest(sequence(0, {rows} - 1)) as numbers (n)
"""


@dataclass(frozen=True)
class Customer:
    """A customer's system: its id and a client with its key."""

    customer_id: str
    client: httpx.Client

    @classmethod
    def number(cls, number: int, settings: Settings) -> Customer:
        """Return customer `number` with a new key."""
        customer_id = f"cus_{number:06d}"
        _, token = ApiKeyStore.of(settings).create(
            customer_id=customer_id, name="benchmark", products=(), pii=True, days=1, created_by="cli:benchmark"
        )
        base = f"{os.environ['LANDFALL_AIRFLOW_URL']}/landfall/v1/"
        return cls(customer_id, httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=120))

    def ask(self) -> str:
        """Ask for all of the customer's orders; return the extract's id."""
        # All rows are later than this day; it makes each request, of each run of this program, another one.
        day = (datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=next(_NUMBERS))).date().isoformat()
        body = {"product": "orders", "format": "csv", "pii": True, "from_date": day}
        answer = self.client.post("extracts", json=body)
        return str(answer.raise_for_status().json()["extract_id"])

    def manifest(self, extract_id: str) -> dict[str, Any]:
        """Return the manifest of a done extract."""
        found: dict[str, Any] = self.client.get(f"extracts/{extract_id}/manifest").raise_for_status().json()
        return found


def publish_rows(settings: Settings) -> None:
    """Publish the rows of CUSTOMERS customers as `ext_orders`, unless this has been done before."""
    store = PublicationStore(settings)
    current = store.current("lake")
    if current is not None:
        if current.gate != "benchmark":
            raise RuntimeError("the stack has published data: take one of its own, with another LANDFALL_STATE")
        raise_walls_of(current, settings=settings)
        return
    types = {"integer": "bigint"}
    columns = load_products()["orders"].columns
    listed = ", ".join(f"{each.name} {types.get(each.type, each.type)}" for each in columns)
    location = f"s3://{settings.lake_bucket}/extracts/ext_orders/"
    athena = Athena(settings=settings)
    athena.run(
        f"CREATE TABLE extracts.ext_orders ({listed}) LOCATION '{location}' TBLPROPERTIES ('table_type' = 'ICEBERG')"
    )
    athena.run(_ROWS.format(customers=CUSTOMERS, rows=ROWS_EACH))
    candidate = store.freeze("lake", {"ext_orders": "extracts.ext_orders"})
    published = store.publish(candidate, gate="benchmark", contract_versions={}, cause_run_id="benchmark")
    raise_walls_of(published, settings=settings)
