"""What the files of an extract cost: a customer's rows as CSV.gz, by the whole product and by DuckDB's own COPY.

`python -m benchmarks.extract_files --rows 1000000`, on the stack that `make up` started. The product's arm is all that
`make_extract` does to the bytes: count, UNLOAD with the formula defence, the check of the finished file with its digest
and the outgoing gate; the manifest is left out, and the Data Docs, which nobody waits for. DuckDB copies the same rows,
sorted as the customer's are, from the same Parquet file of the published table, without a defence. The arms run in
turn. Then files of several sizes are checked, and a workbook is made, in processes of their own, whose peak of memory
is told by rows.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import duckdb
from landfall.aws import s3
from landfall.aws.athena import Athena
from landfall.aws.glue import delete_table
from landfall.aws.iceberg import IcebergCatalog
from landfall.contracts.extract_product import ExtractProduct, load_products
from landfall.extract.door.pinning import Admission, PinnedDataset
from landfall.extract.door.request import parse_request
from landfall.extract.engines.unload import unload
from landfall.extract.files.inspection import sha256_of
from landfall.extract.files.outgoing import OutgoingGate
from landfall.extract.files.workbook import write_workbook
from landfall.publish.walls import raise_walls
from landfall.quality import validation  # noqa: F401 - imported before a worker has work, as Great Expectations takes seconds
from landfall.settings import Settings

from benchmarks.__main__ import load_environment

CUSTOMER = "cus_000042"
_NAME = "ext_orders_of_the_bench"
_TABLE = f"published.{_NAME}__v1"
_ROWS = """
SELECT 'ord_' || lpad(cast(n AS varchar), 12, '0') AS order_id, 1 AS line_number, '{customer}' AS customer_id,
  'shp_' || lpad(cast(n % 9999 AS varchar), 8, '0') AS shopper_id, 'paid' AS status,
  'SKU-' || cast(n % 500 AS varchar) AS sku, n % 7 + 1 AS quantity, n % 9000 AS unit_price_cents,
  (n % 7 + 1) * (n % 9000) AS line_total_cents, 'EUR' AS currency,
  CASE n % 10 WHEN 0 THEN '=HYPERLINK("http://example.com/?' || cast(n AS varchar) || '")' WHEN 1 THEN '-5, "quoted"'
    WHEN 2 THEN NULL ELSE 'please leave it with the neighbours, bell ' || cast(n AS varchar) END AS note,
  date_add('second', cast(n AS integer), TIMESTAMP '2026-01-01 00:00:00.123') AS placed_at,
  date_add('second', cast(n AS integer), TIMESTAMP '2026-01-01 00:00:01.456') AS updated_at
FROM (
  SELECT a * 1000 + b AS n FROM UNNEST(sequence(0, {thousands})) AS t(a) CROSS JOIN UNNEST(sequence(0, 999)) AS u(b)
)
"""


def main() -> int:
    """Measure, print, and return 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extract_files", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="a multiple of 1,000")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--factors", type=int, nargs="+", default=[1, 5, 20], help="times the rows that are checked")
    parser.add_argument("--measure", nargs=2, metavar=("WHAT", "FILE"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not load_environment():
        sys.stderr.write("benchmarks: the stack is not up: run `make up` first\n")
        return 1
    if args.measure:
        sys.stdout.write(json.dumps(_measured(args.measure[0], Path(args.measure[1]), args.rows)))
        return 0
    with tempfile.TemporaryDirectory(prefix="landfall-bench-") as folder, _published(args.rows) as location:
        _compare(args.rows, args.repeats, Path(folder), location)
        _tell_memory(args.rows, args.factors, Path(folder))
    return 0


@contextmanager
def _published(rows: int) -> Iterator[str]:
    """Make a published version of ext_orders with so many rows of one customer; it is taken away in the end.

    Yields the prefix of its files in the lake bucket.
    """
    settings = Settings.from_environment()
    athena, source = Athena(settings=settings), f"scratch.{_NAME}"
    athena.run(f"DROP TABLE IF EXISTS {source}")
    location = f"scratch/{_NAME}/"
    rows_sql = _ROWS.format(customer=CUSTOMER, thousands=rows // 1_000 - 1)
    made = f"table_type = 'ICEBERG', is_external = false, location = 's3://{settings.lake_bucket}/{location}'"
    athena.run(f"CREATE TABLE {source} WITH ({made}) AS {rows_sql}")
    catalog = IcebergCatalog()
    delete_table(database="published", table=_TABLE.partition(".")[2])
    catalog.register(_TABLE, like=source, metadata_location=catalog.read(source).metadata_location)
    raise_walls({_TABLE: "customer_id"}, settings=settings)
    try:
        yield location
    finally:
        delete_table(database="published", table=_TABLE.partition(".")[2])
        athena.run(f"DROP TABLE IF EXISTS {source}")


def _admission(**asked: Any) -> Admission:
    params = {"customer_id": CUSTOMER, "product": "orders", "format": "csv", "pii": True, **asked}
    request = parse_request(params, run_id=f"bench-{time.time_ns()}", products=load_products(), may_have_pii=True)
    pinned = PinnedDataset(
        group="lake",
        version=time.time_ns(),
        table=_TABLE,
        snapshot_id=1,
        gate="passed",
        contract_versions={},
        published_at=datetime.now(UTC).isoformat(),
    )
    return Admission(request=request, pinned=pinned)


def _compare(rows: int, repeats: int, folder: Path, location: str) -> None:
    """Print the seconds of the product's steps and of DuckDB's COPY."""
    settings = Settings.from_environment()
    source, path = folder / "source.parquet", folder / "rows.csv.gz"
    _fetch(settings.lake_bucket, f"{location}data/", source)
    took: dict[str, list[float]] = {"unload": [], "check": [], "DuckDB COPY": []}
    for _ in range(repeats):
        admission = _admission(header=False)
        gate = cache(partial(_gate, admission))
        took["unload"].append(_seconds(partial(_extract, admission, path, while_writing=gate)))
        with ExitStack() as afterwards:
            took["check"].append(_seconds(partial(_check, path, gate, afterwards)))
        took["DuckDB COPY"].append(_seconds(partial(_copy, source, folder / "copy.csv.gz")))
    medians = {name: statistics.median(times) for name, times in took.items()}
    for name, median in medians.items():
        sys.stdout.write(f"{name:<20}{median:>8.1f} s   {', '.join(f'{each:.1f}' for each in took[name])}\n")
    product = medians["unload"] + medians["check"]
    sizes = [(folder / name).stat().st_size // 1024 for name in ("rows.csv.gz", "copy.csv.gz")]
    sys.stdout.write(
        f"{rows} rows: product {product:.1f} s, {product / medians['DuckDB COPY']:.2f} times DuckDB's COPY (its UNLOAD "
        f"alone {medians['unload'] / medians['DuckDB COPY']:.2f}); {sizes[0]} and {sizes[1]} KiB\n"
    )


def _seconds(run: Callable[[], object]) -> float:
    began_at = time.perf_counter()
    run()
    return time.perf_counter() - began_at


def _extract(admission: Admission, target: Path, while_writing: Callable[[], object]) -> None:
    """Let the engine write the file of `admission`, and fetch it to `target`."""
    settings = Settings.from_environment()
    unloaded = unload(admission, attempt=1, settings=settings, while_writing=while_writing)
    _fetch(settings.extracts_bucket, unloaded.prefix, target)
    s3.delete_prefix(bucket=settings.extracts_bucket, prefix=unloaded.prefix)


def _fetch(bucket: str, prefix: str, target: Path) -> None:
    """Fetch the one object below `prefix` to `target`."""
    (found,) = s3.list_objects(bucket=bucket, prefix=prefix)
    with target.open("wb") as file:
        shutil.copyfileobj(s3.open_object(bucket=bucket, key=found.key), file)


def _gate(admission: Admission) -> OutgoingGate:
    request = admission.request
    return OutgoingGate(_product(), request, dag_id="benchmark", run_id=request.extract_id)


def _check(path: Path, gate: Callable[[], OutgoingGate], afterwards: ExitStack) -> int:
    """Check a file as `make_extract` does, and return its rows."""
    (facts,) = gate().read([path])
    sha256_of(path)
    if facts.foreign_rows or facts.formula_cells:
        raise ValueError(f"{path}: {facts.foreign_rows} rows of others, {facts.formula_cells} formulas")
    gate().run(afterwards)
    return facts.rows


def _product() -> ExtractProduct:
    return load_products()["orders"]


def _copy(parquet: Path, target: Path) -> None:
    with duckdb.connect() as copier:
        copier.execute(
            f"COPY (SELECT * FROM read_parquet('{parquet}') ORDER BY order_id, line_number) "  # noqa: S608
            f"TO '{target}' (FORMAT csv, HEADER false, COMPRESSION gzip)"
        )


def _tell_memory(rows: int, factors: list[int], folder: Path) -> None:
    """Print the peak of memory of checking files of several sizes, and of making a workbook."""
    one = gzip.decompress((folder / "rows.csv.gz").read_bytes())
    for factor in factors:
        path = folder / "many.csv.gz"
        with gzip.open(path, "wb", compresslevel=1) as file:
            for number in range(factor):  # the ids have twelve digits, most of them 0
                file.write(one.replace(b"ord_000", b"ord_%03d" % number))
        _told("check", path, rows * factor)
    _told("workbook", folder / "orders.xlsx", min(rows, _product().max_rows_xlsx or rows))


def _told(what: str, path: Path, rows: int) -> None:
    words = [sys.executable, "-m", "benchmarks.extract_files", "--rows", str(rows), "--measure", what, str(path)]
    found = json.loads(subprocess.run(words, check=True, capture_output=True).stdout.splitlines()[-1])
    sys.stdout.write(f"{what:<12}{found['rows']:>12} rows{found['seconds']:>8.1f} s{found['mib']:>8.0f} MiB at most\n")


def _measured(what: str, path: Path, rows: int) -> dict[str, float]:
    """Do one thing in this process and return how many rows, seconds and MiB of memory at most it took."""
    began_at = time.perf_counter()
    with ExitStack() as afterwards:
        done = (
            _make_workbook(path, rows, afterwards)
            if what == "workbook"
            else _check_alone(path, afterwards, header=False)
        )
    # Not getrusage: its peak is inherited from the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    mib = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    return {"rows": done, "seconds": time.perf_counter() - began_at, "mib": mib}


def _check_alone(path: Path, afterwards: ExitStack, **asked: Any) -> int:
    return _check(path, cache(partial(_gate, _admission(**asked))), afterwards)


def _make_workbook(path: Path, rows: int, afterwards: ExitStack) -> int:
    """Make a workbook of `rows` and check it."""
    types = {column.name: column.type for column in _product().columns}
    at = "2026-11-20 10:00:00.123"
    texts = {"customer_id": CUSTOMER, "status": "paid", "currency": "EUR", "note": "=1+1"}
    sample = {**texts, "line_number": 1, "placed_at": at, "updated_at": at}
    every = ({**sample, "order_id": f"ord_{number:012x}", "quantity": number} for number in range(rows))
    write_workbook(path, every, types, sheet="orders", made_at=datetime.now(UTC))
    return _check_alone(path, afterwards, format="xlsx")


if __name__ == "__main__":
    sys.exit(main())
