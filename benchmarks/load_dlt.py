"""What dlt takes for the files of `benchmarks.load`: parse, one row a key, Parquet in a folder.

Run by an interpreter that has dlt, which is no dependency of Landfall:

    python3.11 -m venv dlt && dlt/bin/pip install "$(python -c 'from benchmarks.load import DLT; print(DLT)')"
    python -m benchmarks.load --dlt dlt/bin/python

`PYTHON benchmarks/load_dlt.py --way dict|arrow FOLDER` prints one line of JSON: rows and seconds. Both ways parse with
the standard library, drop what is no JSON and keep the first row of a key; `dict` hands dlt dictionaries, which it
normalises one by one, `arrow` hands it a table an object.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

KEY = ("order_id", "line_number", "version")


def main() -> int:
    """Load the files once and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--way", choices=("dict", "arrow"), required=True)
    args = parser.parse_args()
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    import dlt  # type: ignore[import-not-found]  # no dependency of Landfall
    import pyarrow as pa  # type: ignore[import-untyped]

    objects = _objects(sorted(args.folder.glob("*.gz")))
    pages = objects if args.way == "dict" else (pa.Table.from_pylist(page) for page in objects)
    with tempfile.TemporaryDirectory(prefix="landfall-dlt-") as out:
        pipeline = dlt.pipeline(
            pipeline_name="bench",
            pipelines_dir=f"{out}/state",
            destination=dlt.destinations.filesystem(bucket_url=f"file://{out}/lake"),
            dataset_name="raw",
        )
        began_at = time.perf_counter()
        pipeline.run(dlt.resource(pages, name="orders"), loader_file_format="parquet")
        seconds = time.perf_counter() - began_at
        rows = pipeline.last_trace.last_normalize_info.row_counts["orders"]
    sys.stdout.write(json.dumps({"rows": rows, "seconds": seconds}) + "\n")
    return 0


def _objects(files: list[Path]) -> Iterator[list[dict[str, Any]]]:
    """Yield the new rows of each object."""
    known: set[tuple[Any, ...]] = set()
    for file in files:
        page = []
        for event in _events(file):
            key = tuple(event[name] for name in KEY)
            if key not in known:
                known.add(key)
                page.append(event)
        yield page


def _events(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file) as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except ValueError:
                continue


if __name__ == "__main__":
    sys.exit(main())
