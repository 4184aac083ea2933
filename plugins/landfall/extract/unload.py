"""Let an engine write an extract's files: Redshift writes CSV and JSON lines, Athena writes Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from landfall.aws import s3
from landfall.aws.athena import Athena
from landfall.aws.clients import acting_as
from landfall.aws.redshift_data import RedshiftData
from landfall.aws.secrets import read_secret
from landfall.aws.sts import narrowed_session
from landfall.contracts.extract_product import ExtractProduct, load_products
from landfall.errors import RequestError
from landfall.extract.admission import Admission
from landfall.extract.isolation import session_policy
from landfall.extract.layout import attempt_prefix
from landfall.extract.masking import Engine, masks_of, salt_of
from landfall.extract.request import ExtractRequest
from landfall.extract.statements import ENGINES, count_rows, unload_statement
from landfall.settings import Settings

# Redshift reaches the catalog through it; `dbt run` makes it too, but an extract may come first.
_EXTERNAL_SCHEMA = (
    "CREATE EXTERNAL SCHEMA IF NOT EXISTS published FROM DATA CATALOG DATABASE 'published' IAM_ROLE default"
)

_WHY: Mapping[Engine, str] = {
    "redshift": "its UNLOAD writes text with a header, in order, in one file or in parts of a size; Athena's does not",
    "athena": "it reads and writes the lake without waking the warehouse",
}


@dataclass(frozen=True, kw_only=True)
class Unloaded:
    """What an attempt left: `prefix` in the extracts bucket, the rows the files must hold, and who wrote them and why.

    `scanned_bytes` are those of each statement on Athena.
    """

    admission: Admission
    prefix: str
    expected_rows: int
    engine: Mapping[str, str]
    scanned_bytes: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """Return JSON values for an XCom: ids and counts, no row."""
        return {**asdict(self), "admission": self.admission.to_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Unloaded:
        """Return what `to_json` wrote."""
        scanned = tuple(value["scanned_bytes"])
        return cls(**{**value, "admission": Admission.from_json(value["admission"]), "scanned_bytes": scanned})


def unload(admission: Admission, *, attempt: int, settings: Settings) -> Unloaded:
    """Write the files of `admission` to the prefix of this `attempt` (1, 2, ...), emptied before.

    All of it is done with credentials that can read the published version and write this prefix, and nothing else.
    Raises RequestError when the rows are more than the product allows, EngineError when an engine fails.
    """
    prefix = attempt_prefix(admission.request, attempt)
    policy = session_policy(admission.pinned, prefix=prefix, settings=settings)
    with acting_as(narrowed_session(settings.extract_role_arn, policy=policy, name=admission.request.extract_id)):
        return _unload(admission, prefix=prefix, settings=settings)


def _unload(admission: Admission, *, prefix: str, settings: Settings) -> Unloaded:
    request, table = admission.request, admission.pinned.table
    product = load_products()[request.product]
    athena = Athena(settings=settings)
    counted = athena.run(count_rows(product, request, table), fetch=True)
    expected = int(counted.rows[0][0] or 0)
    scanned = [counted.scanned_bytes]
    _refuse_too_many(expected, product)
    s3.delete_prefix(bucket=settings.extracts_bucket, prefix=prefix)
    # A salt that masks nothing is not asked for.
    salt = _salt(request, settings) if masks_of(product, request) else ""
    engine = ENGINES[request.format]
    names = f"{product.product}_" if engine == "redshift" else ""
    destination = f"s3://{settings.extracts_bucket}/{prefix}{names}"
    statement = unload_statement(product, request, table, destination=destination, salt=salt)
    if engine == "redshift":
        statement_id = _on_redshift(statement, settings)
    else:
        done = athena.run(statement)
        scanned.append(done.scanned_bytes)
        statement_id = done.query_execution_id
    engine_told = {"name": engine, "statement_id": statement_id, "why": _WHY[engine]}
    return Unloaded(
        admission=admission, prefix=prefix, expected_rows=expected, engine=engine_told, scanned_bytes=tuple(scanned)
    )


def _salt(request: ExtractRequest, settings: Settings) -> str:
    return salt_of(request.customer_id, secret=read_secret(settings.masking_secret_arn))


def _on_redshift(statement: str, settings: Settings) -> str:
    """Run `statement` on Redshift and return its id."""
    redshift = RedshiftData(settings=settings)
    redshift.run(_EXTERNAL_SCHEMA, name="landfall-external-schema")
    return redshift.run(statement, name="landfall-extract")


def _refuse_too_many(rows: int, product: ExtractProduct) -> None:
    if rows > product.max_rows:
        raise RequestError(
            f"customer_id: {rows} rows are more than the {product.max_rows} that {product.product} allows; "
            f"narrow {' and '.join(entry.name for entry in product.filters) or 'the request'}"
        )
