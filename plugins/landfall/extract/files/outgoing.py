"""The gate of outgoing files: Great Expectations on the finished files themselves, as relations of a DuckDB database.

No engine is asked: the files are at hand to be certified, and what a statement of Athena takes at the least would be
most of the time of a small extract (decision 28).
"""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path, PurePath
from typing import Any, Final

import sqlalchemy as sa
from duckdb_engine import Dialect
from sqlalchemy.dialects import registry
from sqlglot import exp
from tqdm import tqdm  # type: ignore[import-untyped]

from landfall.aws.engine_urls import EngineAddress
from landfall.contracts.extract_product import ExtractProduct
from landfall.extract.door.request import ExtractRequest
from landfall.extract.engines.changes import CHANGE, UPSERT
from landfall.extract.files.inspection import FileFacts, examined, facts_of
from landfall.extract.files.reading import DUCKDB_LIMITS, FileShape, file_as_view
from landfall.extract.proof.manifest import shape_of
from landfall.quality.gates import Gate, prepared
from landfall.quality.suites import suite_path

READING: Final = "duckdb+reading"
"""The dialect by its name in a URL of SQLAlchemy."""

_SCHEMA: Final = "outgoing"
_COPY: Final = "copied_file"
_SMALL_BYTES: Final = 1_000_000
"""Files up to this size together are kept in memory, of which they take some megabytes."""
_ROW_GROUP: Final = 30 * 2_048
"""Rows that are held in memory before they are written: thirty vectors of DuckDB."""
_THREADS: Final = 2
"""What asks about the rows, once they are read, need not do so in their order."""


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


registry.register(READING.replace("+", "."), __name__, ReadingDialect.__name__)


class OutgoingGate:
    """The gate of one extract's finished files, made ready before there are any: an engine may be writing them."""

    def __init__(self, product: ExtractProduct, request: ExtractRequest, *, dag_id: str, run_id: str) -> None:
        """Prepare the product's suite for the rows that `request` asks for."""
        self.name = f"outgoing_{product.product}"
        self._product, self._request = product, request
        self._files = FilesDatabase(product.product)
        self._gate = Gate(
            gate=self.name,
            engine="duckdb",
            address=self._files.address,
            suites={self._files.relation: suite_path("extracts", self.name)},
            run_id=run_id,
            dag_id=dag_id,
            columns=request.columns,
            # Of a row that is gone the files have no more than the key.
            where=exp.column(CHANGE.name).eq(UPSERT) if request.since else None,
        )

    def read(self, paths: Sequence[Path]) -> list[FileFacts]:
        """Read the finished files at `paths`, once for all, and return what is in each.

        Raises VerificationError for a file that cannot be read.
        """
        shape = shape_of(self._product, self._request)
        return self._files.load(paths, shape, asked=self._gate.columns_asked(self._files.relation))

    def run(self, afterwards: ExitStack | None = None) -> Mapping[str, Any]:
        """Run the suite on what was read and return {name, passed, checks}; it can be done once.

        The Data Docs are written when `afterwards` is closed, or at once. Raises GateFailed when an expectation fails.
        """
        with closing(self._files):
            result = self._gate.run(afterwards)
        result.raise_if_failed()
        return {"name": self.name, "passed": result.passed, "checks": result.checks}


def rehearse(product: ExtractProduct) -> None:
    """Run the gate of `product` on a file without rows, and tell nobody.

    What Great Expectations and SQLAlchemy find out with their first gate, processes that are forked then know. No
    thread is left, and nothing is asked of AWS. Raises what a gate does.
    """
    tqdm.monitor_interval = 0  # the thread that watches its progress bars, which nobody sees
    everything = tuple(column.name for column in product.columns)
    request = ExtractRequest(
        extract_id="rehearsal",
        customer_id="none",
        product=product.product,
        format="csv",
        filters={},
        columns=everything,
    )
    with (
        tempfile.TemporaryDirectory(prefix="landfall-rehearsal-") as folder,
        closing(FilesDatabase(product.product)) as files,
    ):
        empty = Path(folder) / "rows.csv.gz"
        empty.write_bytes(gzip.compress(f"{','.join(everything)}\n".encode()))
        suites = prepared(
            engine="duckdb",
            address=files.address,
            suites={files.relation: suite_path("extracts", f"outgoing_{product.product}")},
            columns=everything,
            site=Path(folder),
        )
        with closing(suites):
            files.load([empty], shape_of(product, request), asked=suites.columns_asked(files.relation))
            suites.run("rehearsal")
            suites.write_site()


class FilesDatabase:
    """A DuckDB database in memory whose one relation is to be the rows of all files, `outgoing.<table>`.

    It lives until it is closed, or the process ends.
    """

    def __init__(self, table: str) -> None:
        self.relation = f"{_SCHEMA}.{table}"
        self._table = exp.table_(table, db=_SCHEMA, quoted=True)
        self._folder = tempfile.TemporaryDirectory(prefix="landfall-gate-")
        # Named, it is the same one to all who connect to it in this process.
        url = sa.URL.create(READING, database=f":memory:{PurePath(self._folder.name).name}")
        config = {**DUCKDB_LIMITS, "temp_directory": self._folder.name}
        self.address = EngineAddress(url=url.render_as_string(), connect_args={"config": config})
        self._engine = sa.create_engine(url, connect_args=dict(self.address.connect_args))
        self._connection = self._engine.connect()  # as long as there is one, the database is there
        schema = exp.Create(this=exp.to_identifier(_SCHEMA), kind="SCHEMA")
        self._connection.exec_driver_sql(schema.sql("duckdb"))

    def load(self, paths: Sequence[Path], shape: FileShape, *, asked: Collection[str] | None = None) -> list[FileFacts]:
        """Let the relation be the rows of the files at `paths`; return what is in each.

        It has the columns that are `asked` for, or all if there are none. They are read once and kept as Parquet beside
        the database, which has a view of them: a table takes longer to write. Small files become tables, which take
        less time to be asked. Raises VerificationError for a file that is not of `shape`.
        """
        columns = [name for name in shape.column_types if not asked or name in asked]
        # Parquet has each column by itself: only one that is asked for is read, and all must be readable.
        besides = shape.column_types if shape.file_format == "parquet" else columns
        are_small = sum(path.stat().st_size for path in paths) <= _SMALL_BYTES
        copies = [f"{_COPY}_{number}" for number in range(len(paths))]
        kept = {copy: str(Path(self._folder.name) / f"{copy}.parquet") for copy in copies}
        facts = []
        # The same database, so that one limit of memory is for both.
        database: Any = self._connection.connection.driver_connection
        with database.duplicate() as reader:
            for path, copy in zip(paths, copies, strict=True):
                with file_as_view(reader, path, shape) as view:
                    rows = reader.sql(examined(view, shape, besides=besides))
                    if are_small:
                        rows.create(copy)
                    else:
                        rows.write_parquet(kept[copy], compression="snappy", row_group_size=_ROW_GROUP)
                        reader.read_parquet(kept[copy]).create_view(copy)
                facts.append(facts_of(copy, shape, reader=reader))
        seen = exp.select(*(exp.column(name, quoted=True) for name in columns))
        if are_small:
            tables = [seen.from_(copy) for copy in copies]
            every = exp.union(*tables, distinct=False) if len(tables) > 1 else tables[0]
        else:
            every = seen.from_(exp.func("READ_PARQUET", exp.array(*map(exp.Literal.string, kept.values()))))
        made = exp.Create(this=self._table, kind="VIEW", expression=every)
        self._connection.exec_driver_sql(made.sql("duckdb"))
        self._connection.exec_driver_sql(f"SET threads = {_THREADS}")
        return facts

    def close(self) -> None:
        """Leave nothing of it."""
        # Now, and not when nobody knows the database any more: a process that is forked would wait for a thread that it
        # has not.
        self._connection.exec_driver_sql("SET threads = 1")
        self._connection.close()
        self._engine.dispose()
        self._folder.cleanup()
