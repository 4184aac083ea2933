"""Let an engine write an extract's files: Redshift writes CSV and JSON lines, Athena writes Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from landfall.aws import s3
from landfall.aws.clients import acting_as
from landfall.aws.redshift_data import RedshiftData
from landfall.aws.sts import narrowed_session
from landfall.contracts.extract_product import load_products
from landfall.errors import RequestError
from landfall.extract.admission import Admission
from landfall.extract.attempt import AttemptStatements
from landfall.extract.isolation import session_policy
from landfall.extract.layout import attempt_prefix
from landfall.extract.limits import too_many
from landfall.extract.masking import Engine
from landfall.extract.reuse import Reused, files_id, take_over
from landfall.extract.salt import salt_for
from landfall.extract.statements import ENGINES, count_rows, unload_statement
from landfall.extract.store import ExtractStore
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

    `scanned_bytes` are those of each statement on Athena. `files_id` is what another extract must have to be given the
    same files; `reused` is set when these are an earlier one's.
    """

    admission: Admission
    prefix: str
    expected_rows: int
    engine: Mapping[str, str]
    scanned_bytes: tuple[int, ...]
    files_id: str
    reused: Reused | None = None

    def to_json(self) -> dict[str, Any]:
        """Return JSON values for an XCom: ids and counts, no row."""
        reused = self.reused and self.reused.to_json()
        return {**asdict(self), "admission": self.admission.to_json(), "reused": reused}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Unloaded:
        """Return what `to_json` wrote."""
        return cls(
            **{
                **value,
                "admission": Admission.from_json(value["admission"]),
                "scanned_bytes": tuple(value["scanned_bytes"]),
                "reused": value["reused"] and Reused(**value["reused"]),
            }
        )


def unload(
    admission: Admission, *, attempt: int, settings: Settings, statements: AttemptStatements | None = None
) -> Unloaded:
    """Write the files of `admission` to the prefix of this `attempt` (1, 2, ...), emptied before.

    Finished files of an earlier extract that is the same are copied, and no engine is asked. Otherwise all is done with
    credentials that can read the published version and write this prefix, and nothing else. `statements` are those of
    the attempt so far, which must not take longer than they say. Raises StillRunningError when they do, NoSlotError
    when large extracts must wait, RequestError when the rows are more than the product allows, EngineError when an
    engine fails.
    """
    statements = statements or AttemptStatements(settings=settings)
    prefix = attempt_prefix(admission.request, attempt)
    # Taken up again, the attempt has files of its own at the prefix.
    reused = None if statements.known else take_over(admission, prefix=prefix, settings=settings)
    if reused is not None:
        return _as_unloaded(admission, reused, prefix=prefix)
    policy = session_policy(admission.pinned, base=admission.base, prefix=prefix, settings=settings)
    session = narrowed_session(settings.extract_role_arn, policy=policy, name=admission.request.extract_id)
    with acting_as(session):
        rows, scanned_bytes = _count(admission, statements)
    ExtractStore.of(settings).slots.take_if_large(admission.request.extract_id, rows=rows)
    with acting_as(session):
        salt = salt_for(admission.request, settings)
        statement_id, written_bytes = _write(admission, statements, prefix=prefix, salt=salt, settings=settings)
    engine = ENGINES[admission.request.format]
    return Unloaded(
        admission=admission,
        prefix=prefix,
        expected_rows=rows,
        engine={"name": engine, "statement_id": statement_id, "why": _WHY[engine]},
        scanned_bytes=(scanned_bytes, *written_bytes),
        files_id=files_id(admission, salt),
    )


def _as_unloaded(admission: Admission, reused: Reused, *, prefix: str) -> Unloaded:
    return Unloaded(
        admission=admission,
        prefix=prefix,
        expected_rows=reused.rows,
        engine=reused.engine,
        scanned_bytes=(),
        files_id=reused.files_id,
        reused=reused,
    )


def _count(admission: Admission, statements: AttemptStatements) -> tuple[int, int]:
    """Return how many rows the files must hold, and the bytes scanned to know it."""
    request = admission.request
    product = load_products()[request.product]
    table, base = admission.pinned.table, admission.base_table
    counted = statements.on_athena("count", lambda: count_rows(product, request, table, base), fetch=True)
    rows = int(counted.rows[0][0] or 0)
    if refusal := too_many(rows, product, request.format):
        raise RequestError(refusal)
    return rows, counted.scanned_bytes


def _write(
    admission: Admission, statements: AttemptStatements, *, prefix: str, salt: str, settings: Settings
) -> tuple[str, tuple[int, ...]]:
    """Let the engine write to `prefix`; return the statement's id and what it scanned if that is charged."""
    request = admission.request
    product = load_products()[request.product]

    def statement(names: str) -> str:
        # Only before the statement is started: taken up again, the attempt must find what it has written.
        s3.delete_prefix(bucket=settings.extracts_bucket, prefix=prefix)
        destination = f"s3://{settings.extracts_bucket}/{prefix}{names}"
        table, base = admission.pinned.table, admission.base_table
        return unload_statement(product, request, table, base, destination=destination, salt=salt)

    if ENGINES[request.format] == "athena":
        done = statements.on_athena("unload", lambda: statement(""))
        return done.query_execution_id, (done.scanned_bytes,)

    def start(redshift: RedshiftData) -> str:
        redshift.run(_EXTERNAL_SCHEMA, name="landfall-external-schema")
        return redshift.start(statement(f"{product.product}_"), name="landfall-extract")

    return statements.on_redshift("unload", start), ()
