"""dbt's documentation of a target as one page in the ops bucket: dbt-docs/<target>/index.html."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Final, get_args

from landfall.aws import s3
from landfall.errors import RequestError, TransformError
from landfall.settings import Settings
from landfall.transform import invocation
from landfall.transform.models import Target, manifest_path

PREFIX: Final = "dbt-docs"
STATIC_PAGE: Final = "static_index.html"
"""dbt's page with manifest and catalog inside it, which needs nothing else to be shown."""


def document(target: Target) -> str:
    """Write the documentation of `target` anew, with the catalog as it is now, and return its s3:// address.

    Raises TransformError when dbt breaks off or cannot read the catalog; then the last page stays.
    """
    bucket, key = Settings.from_environment().ops_bucket, page_key(target)
    with tempfile.TemporaryDirectory(prefix="landfall-dbt-docs-") as name:
        folder = Path(name)
        # Compiling would ask the engine how far each incremental model is; the manifest of the parse says the rest.
        shutil.copy(manifest_path(target), folder)
        invocation.invoke(invocation.docs_arguments(target=target, folder=folder), environment={})
        failed = json.loads((folder / "catalog.json").read_bytes()).get("errors")
        if failed:
            raise TransformError(f"dbt could not read the catalog of {target}: {'; '.join(map(str, failed))}")
        page = (folder / STATIC_PAGE).read_bytes()
    s3.write_object(bucket=bucket, key=key, body=page, content_type="text/html; charset=utf-8")
    return f"s3://{bucket}/{key}"


def page_key(target: str) -> str:
    """Return the key of the page of `target`; RequestError if it is no target."""
    if target not in get_args(Target):
        raise RequestError(f"target: {target!r} has no models; use one of {', '.join(get_args(Target))}")
    return f"{PREFIX}/{target}/index.html"
