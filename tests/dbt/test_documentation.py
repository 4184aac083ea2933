"""dbt's documentation, as `document_models` writes it and the API serves it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from landfall.aws import s3
from landfall.errors import TransformError
from landfall.settings import Settings
from landfall.transform import invocation
from landfall.transform.documentation import document, page_key

from tests.dbt.manifest import parsed_manifest


@pytest.fixture(scope="module")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the manifest of the warehouse is, as `make up` leaves it."""
    folder = tmp_path_factory.mktemp("manifests")
    parsed_manifest("warehouse", folder / "warehouse")
    return folder


def test_the_page_holds_models_tests_and_the_way_into_them(
    local_cloud: Mapping[str, str], manifests: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANDFALL_DBT_MANIFEST_DIR", str(manifests))

    address = document("warehouse")

    bucket = Settings.from_environment().ops_bucket
    assert address == f"s3://{bucket}/dbt-docs/warehouse/index.html"
    page = s3.read_object(bucket=bucket, key=page_key("warehouse")).decode()
    for words in ("model.landfall.dwh_fct_orders", "exposure.landfall.finance_dashboard", "# Landfall's models"):
        assert words in page, words


def test_a_catalog_that_could_not_be_read_leaves_the_last_page(
    manifests: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setenv("LANDFALL_DBT_MANIFEST_DIR", str(manifests))
    for name in Settings.__dataclass_fields__:
        monkeypatch.setenv("AWS_REGION" if name == "aws_region" else f"LANDFALL_{name.upper()}", name)
    monkeypatch.setattr(s3, "write_object", lambda *, key, **_: written.append(key))

    def refused(arguments: Sequence[str], **_: Any) -> list[Any]:
        folder = Path(arguments[arguments.index("--target-path") + 1])
        (folder / "catalog.json").write_text(json.dumps({"nodes": {}, "errors": ["permission denied for schema"]}))
        (folder / "static_index.html").write_text("half a page")
        return []

    monkeypatch.setattr(invocation, "invoke", refused)

    with pytest.raises(TransformError, match="permission denied for schema"):
        document("warehouse")
    assert not written
