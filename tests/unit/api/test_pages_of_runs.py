"""What dbt left of a run, and how far a run is, as pages: files, troubles first, nothing that runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from landfall.api.app import Doors, create_app
from landfall.api.progress import render_progress
from landfall.aws import s3
from landfall.night.progress import Chunk, Progress
from landfall.publish.record import Attempt
from landfall.settings import Settings

from tests.unit.api.world import MemoryRuns

RUN = "dbt-runs/transform_lake/run:1+00"
RESULTS: dict[str, Any] = {
    "results": [
        {"unique_id": "model.landfall.fct_orders", "status": "success", "execution_time": 2.25, "message": "OK"},
        {"unique_id": "test.landfall.unique", "status": "fail", "execution_time": 0.1, "message": "<script>3</script>"},
    ]
}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """A client of the API whose bucket holds what one task that ran dbt, tried twice, has left."""
    stored = {
        f"{RUN}/dbt.dbt_build/1/dbt.log": b"it broke off",
        f"{RUN}/dbt.dbt_build/2/manifest.json": b"{}",
        f"{RUN}/dbt.dbt_build/2/run_results.json": json.dumps(RESULTS).encode(),
        "index/run-1.json": b"secret",
    }

    def listing(*, bucket: str, prefix: str) -> Iterator[s3.StoredObject]:
        for key in sorted(stored):
            if key.startswith(prefix):
                yield s3.StoredObject(key=key, bytes=len(stored[key]), modified_at=datetime.now(UTC))

    monkeypatch.setattr(s3, "read_object", lambda *, bucket, key: stored[key])
    monkeypatch.setattr(s3, "list_objects", listing)
    for name in Settings.__dataclass_fields__:
        monkeypatch.setenv("AWS_REGION" if name == "aws_region" else f"LANDFALL_{name.upper()}", name)
    doors = Doors(runs=MemoryRuns(), may_read_runs=lambda: None, may_read_dbt_docs=lambda: None)
    return TestClient(create_app(doors), raise_server_exceptions=False)


def test_the_page_of_a_run_names_each_try_of_dbt_its_files_and_its_troubles_first(client: TestClient) -> None:
    page = client.get("/dbt-runs/transform_lake/run%3A1%2B00/")
    assert page.status_code == 200
    assert 'dbt.dbt_build, try 1: <span class="failed">no results' in page.text
    assert 'dbt.dbt_build, try 2: <span class="failed">1 fail, 1 success' in page.text
    assert 'href="dbt.dbt_build/2/manifest.json"' in page.text
    assert page.text.index("test unique") < page.text.index("model fct_orders")
    assert "<script>" not in page.text
    assert "script" not in page.headers["content-security-policy"]


def test_a_log_is_read_as_text_and_an_artifact_as_json(client: TestClient) -> None:
    log = client.get("/dbt-runs/transform_lake/run%3A1%2B00/dbt.dbt_build/1/dbt.log")
    assert (log.text, log.headers["content-type"]) == ("it broke off", "text/plain; charset=utf-8")
    manifest = client.get("/dbt-runs/transform_lake/run%3A1%2B00/dbt.dbt_build/2/manifest.json")
    assert manifest.headers["content-type"] == "application/json"


def test_a_run_without_dbt_says_so(client: TestClient) -> None:
    assert "dbt has left nothing in this run" in client.get("/dbt-runs/ingest_orders/run-1/").text


@pytest.mark.parametrize("path", ["%2e%2e/1/x", "t/1/..%2f..%2f..%2f..%2findex%2frun-1.json", "t/%2e%2e/x", "t/1/none"])
def test_a_path_that_leads_elsewhere_or_nowhere_is_refused(client: TestClient, path: str) -> None:
    answer = client.get(f"/dbt-runs/d/r/{path}")
    assert answer.status_code in (400, 404)
    assert "secret" not in answer.text


def test_a_backfill_says_how_far_it_is_and_what_became_of_its_publication() -> None:
    chunks = [
        Chunk(number=1, of=2, first="2026-10-01", after="2026-10-02"),
        Chunk(number=2, of=2, first="2026-10-02", after="2026-10-04"),
    ]
    held = Attempt(group="lake", cause="backfill__b", state="held", detail="<b>volume</b>", run_id="backfill__b")
    page = render_progress("backfill_marts", "b", Progress(chunks=chunks, seconds={1: 18}), [held])
    assert "1 of 2 tasks are done, about 18 s left" in page
    assert '<progress value="1" max="2"' in page
    assert "2026-10-02 to 2026-10-03</td><td>to be built" in page
    assert ">held</td>" in page
    assert "<b>" not in page


def test_a_run_of_which_nothing_is_known_says_so() -> None:
    assert "Nothing is told of this run but by its tasks" in render_progress("ingest_orders", "r", None, [])
