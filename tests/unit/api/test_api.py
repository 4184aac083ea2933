"""Data Docs over HTTP, and what the API has where it is served alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi import HTTPException
from fastapi.testclient import TestClient
from landfall.api.app import Doors, create_app
from landfall.aws import s3
from landfall.settings import Settings

from tests.unit.api.world import MemoryRuns

GATE = {
    "gate": "lake_candidate",
    "engine": "athena",
    "passed": False,
    "checks": [
        {
            "relation": "marts.fct_orders",
            "check": "unique(<script>alert(1)</script>)",
            "passed": False,
            "rows": 10,
            "unexpected_rows": 2,
            "why": "grain",
        }
    ],
}


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Objects by key, in place of every bucket."""
    stored: dict[str, bytes] = {}

    def read(*, bucket: str, key: str) -> bytes:
        return stored[key]

    def listing(*, bucket: str, prefix: str) -> Iterator[s3.StoredObject]:
        for key in sorted(stored):
            if key.startswith(prefix):
                yield s3.StoredObject(key=key, bytes=len(stored[key]), modified_at=datetime.now(UTC))

    monkeypatch.setattr(s3, "read_object", read)
    monkeypatch.setattr(s3, "list_objects", listing)
    names = [name for name in Settings.__dataclass_fields__ if name != "aws_region"]
    for name in names:
        monkeypatch.setenv(f"LANDFALL_{name.upper()}", name)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return stored


def _client(*, let_in: bool = True) -> TestClient:
    def door() -> None:
        if not let_in:
            raise HTTPException(401, "Not authenticated")

    return TestClient(
        create_app(Doors(runs=MemoryRuns(), may_read_runs=door, may_read_dbt_docs=door)),
        raise_server_exceptions=False,
    )


@pytest.mark.parametrize(
    "path",
    [
        "/data-docs/d/r/",
        "/data-docs/d/r/g/index.html",
        "/dbt-runs/d/r/",
        "/dbt-runs/d/r/t/1/dbt.log",
        "/progress/d/r/",
        "/dbt-docs/lake/",
    ],
)
def test_who_is_not_let_in_sees_nothing(objects: dict[str, bytes], path: str) -> None:
    objects["data-docs/d/r/g/index.html"] = b"page"
    objects["dbt-docs/lake/index.html"] = b"page"

    answer = _client(let_in=False).get(path)

    assert (answer.status_code, answer.json()["detail"]) == (401, "Not authenticated")


def test_alone_the_api_has_no_data_docs_and_no_login_of_staff(objects: dict[str, bytes]) -> None:
    objects["data-docs/d/r/g/index.html"] = b"page"
    alone = TestClient(create_app(Doors(runs=MemoryRuns())))
    assert alone.get("/data-docs/d/r/g/index.html").status_code == 404
    answer = alone.get("/v1/products", headers={"Authorization": "Bearer staff"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="landfall"')


def test_the_page_of_a_run_lists_its_gates_and_runs_nothing(objects: dict[str, bytes]) -> None:
    objects["data-docs/transform_lake/run:1+00/lake_candidate/gate.json"] = json.dumps(GATE).encode()
    page = "data-docs/transform_lake/run:1+00/lake_candidate/validations/a/engine-marts.fct_orders.html"
    objects[page] = b"<html></html>"

    answer = _client().get("/data-docs/transform_lake/run%3A1%2B00/")

    assert answer.status_code == 200
    assert "1 of 1 checks failed" in answer.text
    assert "<script>" not in answer.text
    assert 'href="lake_candidate/validations/a/engine-marts.fct_orders.html"' in answer.text
    assert "script" not in answer.headers["content-security-policy"]


def test_a_page_is_served_with_its_type(objects: dict[str, bytes]) -> None:
    objects["data-docs/d/r/g/static/styles/a.css"] = b"p {}"
    answer = _client().get("/data-docs/d/r/g/static/styles/a.css")
    assert (answer.text, answer.headers["content-type"]) == ("p {}", "text/css; charset=utf-8")


@pytest.mark.parametrize("path", ["%2e%2e/x", "..%2f..%2findex%2frun-1.json", "a/%2e%2e/%2e%2e/b", "a%00b", "a//b"])
def test_a_path_that_leads_elsewhere_is_refused(objects: dict[str, bytes], path: str) -> None:
    objects["index/run-1.json"] = b"secret"
    answer = _client().get(f"/data-docs/d/r/g/{path}")
    assert answer.status_code in (400, 404)
    assert "secret" not in answer.text


def test_dbt_docs_run_their_script_in_an_origin_of_their_own(objects: dict[str, bytes]) -> None:
    objects["dbt-docs/lake/index.html"] = b"<script>draw()</script>"

    answer = _client().get("/dbt-docs/lake/")

    assert (answer.status_code, answer.content) == (200, b"<script>draw()</script>")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["sandbox"] == "allow-scripts"
    assert policy["default-src"] == "'none'"
    assert "connect-src" not in policy


@pytest.mark.parametrize(
    ("target", "status", "words"),
    [("lake", 404, "document_models"), ("elsewhere", 400, "lake, warehouse"), ("%2e%2e", 400, "lake, warehouse")],
)
def test_dbt_docs_that_are_not_there_are_told_with_the_remedy(
    objects: dict[str, bytes], target: str, status: int, words: str
) -> None:
    answer = _client().get(f"/dbt-docs/{target}/")

    assert answer.status_code == status
    assert words in answer.json()["detail"]
