"""Let an engine write an extract's files: Redshift writes CSV, Athena writes Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from landfall.aws import s3
from landfall.aws.athena import Athena
from landfall.aws.redshift_data import RedshiftData
from landfall.contracts.extract_product import ExtractProduct, load_products
from landfall.errors import RequestError
from landfall.extract.admission import Admission
from landfall.extract.layout import attempt_prefix
from landfall.extract.statements import count_rows, csv_unload, parquet_unload
from landfall.settings import Settings

# Redshift reaches the catalog through it; `dbt run` makes it too, but an extract may come first.
_EXTERNAL_SCHEMA = (
    "CREATE EXTERNAL SCHEMA IF NOT EXISTS published FROM DATA CATALOG DATABASE 'published' IAM_ROLE default"
)


@dataclass(frozen=True, kw_only=True)
class Unloaded:
    """What an attempt left: `prefix` in the extracts bucket, the rows the files must hold, and who wrote them."""

    admission: Admission
    prefix: str
    expected_rows: int
    engine: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return JSON values for an XCom: ids and counts, no row."""
        return {**asdict(self), "admission": self.admission.to_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Unloaded:
        """Return what `to_json` wrote."""
        return cls(**{**value, "admission": Admission.from_json(value["admission"])})


def unload(admission: Admission, *, attempt: int, settings: Settings) -> Unloaded:
    """Write the files of `admission` to the prefix of this `attempt` (1, 2, ...), emptied before.

    Raises RequestError when the rows are more than the product allows, EngineError when an engine fails.
    """
    request, table = admission.request, admission.pinned.table
    product = load_products()[request.product]
    athena = Athena(settings=settings)
    expected = int(athena.run(count_rows(product, request, table), fetch=True).rows[0][0] or 0)
    _refuse_too_many(expected, product)
    prefix = attempt_prefix(request, attempt)
    s3.delete_prefix(bucket=settings.extracts_bucket, prefix=prefix)
    target = f"s3://{settings.extracts_bucket}/{prefix}"
    if request.format == "csv":
        engine = _unload_csv(csv_unload(product, request, table, destination=f"{target}{product.product}_"), settings)
    else:
        done = athena.run(parquet_unload(product, request, table, destination=target))
        engine = {"name": "athena", "statement_id": done.query_execution_id}
    return Unloaded(admission=admission, prefix=prefix, expected_rows=expected, engine=engine)


def _unload_csv(statement: str, settings: Settings) -> dict[str, str]:
    redshift = RedshiftData(settings=settings)
    redshift.run(_EXTERNAL_SCHEMA, name="landfall-external-schema")
    return {"name": "redshift", "statement_id": redshift.run(statement, name="landfall-extract")}


def _refuse_too_many(rows: int, product: ExtractProduct) -> None:
    if rows > product.max_rows:
        raise RequestError(
            f"customer_id: {rows} rows are more than the {product.max_rows} that {product.product} allows; "
            f"narrow {' and '.join(entry.name for entry in product.filters) or 'the request'}"
        )
