"""What dbt leaves of a run: told to lineage, kept in the ops bucket at dbt-runs/<dag>/<run>/<task>[@<index>]/<try>/."""

from __future__ import annotations

import logging
import mimetypes
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

logger = logging.getLogger(__name__)

PREFIX: Final = "dbt-runs"
KEPT: Final = ("manifest.json", "run_results.json", "sources.json", "catalog.json", "dbt.log")


@contextmanager
def kept_folder(context: Mapping[str, Any]) -> Iterator[Path]:
    """Give a folder for dbt's artifacts; keep them at the end, also when dbt failed.

    That they cannot be kept is logged and not raised: the models are what they are without.
    """
    with tempfile.TemporaryDirectory(prefix="landfall-dbt-") as name:
        folder = Path(name)
        try:
            yield folder
        finally:
            _keep(folder, context)


def _keep(folder: Path, context: Mapping[str, Any]) -> None:
    from landfall.lineage.hooks import models_built

    try:
        if (folder / "run_results.json").exists():
            models_built(folder, context)
        logger.info("dbt's artifacts are kept at %s", keep(folder, prefix=run_prefix(context)))
    except Exception:
        logger.warning("dbt's artifacts could not be kept", exc_info=True)


def run_prefix(context: Mapping[str, Any]) -> str:
    """Return where the artifacts of this try of a task, or of one of its mapped instances, belong in the ops bucket."""
    instance = context["ti"]
    mapped = f"@{instance.map_index}" if instance.map_index >= 0 else ""
    return artifacts_key(instance.dag_id, instance.run_id, f"{instance.task_id}{mapped}", str(instance.try_number))


def artifacts_key(*parts: str) -> str:
    """Return the key in the ops bucket of `parts`: dag, run, task (mapped: task@index), try, file.

    Raises RequestError for a part that could lead elsewhere.
    """
    from landfall.quality.data_docs import safe_key

    return safe_key(PREFIX, *parts)


def keep(folder: Path, *, prefix: str) -> str:
    """Upload what KEPT names and `folder` has to `prefix` of the ops bucket; return the address of the prefix."""
    from landfall.aws import s3
    from landfall.settings import Settings

    bucket = Settings.from_environment().ops_bucket

    def upload(name: str) -> None:
        kind = mimetypes.guess_type(name)[0] or "text/plain"
        s3.write_object(bucket=bucket, key=f"{prefix}/{name}", body=(folder / name).read_bytes(), content_type=kind)

    with ThreadPoolExecutor(max_workers=len(KEPT)) as pool:
        list(pool.map(upload, [name for name in KEPT if (folder / name).exists()]))
    return f"s3://{bucket}/{prefix}/"
