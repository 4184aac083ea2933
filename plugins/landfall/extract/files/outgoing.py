"""The gate of outgoing files: Great Expectations on the finished files themselves, read into a DuckDB database.

No engine is asked: the files are at hand to be certified, and what a statement of Athena takes at the least would be
most of the time of a small extract (decision 28).
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import duckdb
import sqlalchemy as sa
from duckdb_engine import Dialect
from sqlalchemy.dialects import registry
from sqlglot import exp

from landfall.aws.engine_urls import EngineAddress
from landfall.contracts.extract_product import ExtractProduct
from landfall.extract.door.request import ExtractRequest
from landfall.extract.engines.changes import CHANGE, UPSERT
from landfall.extract.files.reading import DUCKDB_LIMITS, FileShape, file_as_view
from landfall.extract.proof.manifest import shape_of
from landfall.quality.gates import run_gate
from landfall.quality.suites import suite_path

_SCHEMA: Final = "outgoing"


class ReadingDialect(Dialect):
    """DuckDB's dialect for a database that is only read: no transaction is begun, committed or rolled back.

    Great Expectations fetches rows after it has given the connection back to the pool, which rolls back; that empties a
    cursor of DuckDB.
    """

    supports_statement_cache = False

    def do_begin(self, dbapi_connection: Any) -> None:
        """Do nothing."""

    def do_commit(self, dbapi_connection: Any) -> None:
        """Do nothing."""

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Do nothing."""


registry.register("duckdb.reading", __name__, ReadingDialect.__name__)


def run_outgoing_gate(
    paths: Sequence[Path],
    product: ExtractProduct,
    request: ExtractRequest,
    *,
    dag_id: str,
    run_id: str,
    afterwards: ExitStack | None = None,
) -> Mapping[str, Any]:
    """Run the product's suite on the finished files at `paths` and return {name, passed, checks}.

    The Data Docs are written when `afterwards` is closed, or at once. Raises GateFailed when an expectation fails,
    VerificationError for a file that cannot be read.
    """
    gate = f"outgoing_{product.product}"
    with tempfile.TemporaryDirectory(prefix="landfall-gate-") as folder:
        database = Path(folder) / "files.duckdb"
        load_files(database, product.product, paths, shape_of(product, request))
        result = run_gate(
            gate=gate,
            engine="duckdb",
            address=database_address(database),
            suites={f"{_SCHEMA}.{product.product}": suite_path("extracts", gate)},
            run_id=run_id,
            dag_id=dag_id,
            columns=request.columns,
            # Of a row that is gone the files have no more than the key.
            where=exp.column(CHANGE.name).eq(UPSERT) if request.since else None,
            afterwards=afterwards,
        )
    result.raise_if_failed()
    return {"name": gate, "passed": result.passed, "checks": result.checks}


def load_files(database: Path, table: str, paths: Sequence[Path], shape: FileShape) -> None:
    """Make a DuckDB database in which the rows of all files are one relation, `outgoing.<table>`.

    The rows are read once and kept as Parquet beside the database: a table of it takes longer to write.
    Raises VerificationError for a file that is not of `shape`.
    """
    copies = [database.with_name(f"rows_{number}.parquet") for number in range(len(paths))]
    with duckdb.connect(database, config=dict(DUCKDB_LIMITS)) as connection:
        for path, copy in zip(paths, copies, strict=True):
            with file_as_view(connection, path, shape) as view:
                connection.view(view).write_parquet(str(copy), compression="snappy")
        connection.execute(exp.Create(this=exp.to_identifier(_SCHEMA), kind="SCHEMA").sql("duckdb"))
        read = exp.func("READ_PARQUET", exp.array(*(exp.Literal.string(str(copy)) for copy in copies)))
        rows = exp.select("*").from_(read)
        target = exp.table_(table, db=_SCHEMA, quoted=True)
        connection.execute(exp.Create(this=target, kind="VIEW", expression=rows).sql("duckdb"))


def database_address(database: Path) -> EngineAddress:
    """Return the address of a DuckDB database that is not written any more."""
    url = sa.URL.create("duckdb+reading", database=str(database))
    return EngineAddress(url=url.render_as_string(), connect_args={"read_only": True, "config": dict(DUCKDB_LIMITS)})
