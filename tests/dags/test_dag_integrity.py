"""What is true of every DAG: it explains itself, shares the defaults, and is read fast and without a network."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from landfall.dag_defaults import DEFAULT_ARGS, Tag
from landfall.settings import REPOSITORY

from tests.dbt.manifest import parsed_manifest

DAGS = REPOSITORY / "dags"
FILES = sorted(DAGS.glob("*.py"))
MOST_IMPORT_SECONDS = 2.0
MOST_LINES = 120
BANNED_IMPORTS = {"boto3", "botocore", "pandas", "pyarrow", "great_expectations", "duckdb", "sqlalchemy"}

# Reads each DAG file in a process forked for it, as the dag-processor does, with every outgoing connection refused.
READER = """
import json, os, socket, sys, time

def refuse(*args, **kwargs):
    raise OSError("a DAG file opened a connection while it was read")

import airflow.sdk
from airflow.dag_processing.dagbag import DagBag
socket.socket.connect = refuse

def listed(value):
    return value if isinstance(value, list) else [value] if value else []

def read(path):
    started = time.process_time()
    bag = DagBag(path)
    seconds = time.process_time() - started
    print("READ " + json.dumps({
        "path": path,
        "seconds": seconds,
        "errors": bag.import_errors,
        "dags": [{
            "dag_id": dag.dag_id,
            "doc_md": dag.doc_md,
            "tags": sorted(dag.tags),
            "owner": dag.default_args.get("owner"),
            "retries": dag.default_args.get("retries"),
            "callbacks": [each.__name__ for each in listed(dag.default_args.get("on_failure_callback"))],
            "catchup": dag.catchup,
        } for dag in bag.dags.values()],
    }), flush=True)

for path in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        read(path)
        os._exit(0)
    os.waitpid(child, 0)
"""


def read_dag_file(path: Path) -> dict[str, Any]:
    """Return what reading `path` gave and the CPU time it took (seconds), the better of two reads."""
    reads = _reads().get(str(path), [])
    assert reads, f"{path.name} was not read"
    return min(reads, key=lambda read: float(read["seconds"]))


@cache
def _reads() -> dict[str, list[dict[str, Any]]]:
    home = Path(os.environ["AIRFLOW_HOME"])
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "LANDFALL_", "AIRFLOW__", "PYTHONDONTWRITE"))
    }
    environment |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(home / "plugins"),
        "PYTHONPATH": str(REPOSITORY / "plugins"),
        "LANDFALL_DBT_MANIFEST_DIR": os.environ["LANDFALL_DBT_MANIFEST_DIR"],
    }
    ended = subprocess.run(
        [sys.executable, "-c", READER, *map(str, FILES * 2)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    lines = [line.removeprefix("READ ") for line in ended.stdout.splitlines() if line.startswith("READ ")]
    assert lines, f"no DAG file was read:\n{ended.stdout}\n{ended.stderr}"
    found: dict[str, list[dict[str, Any]]] = {}
    for read in map(json.loads, lines):
        found.setdefault(read["path"], []).append(read)
    return found


@pytest.fixture(scope="module", autouse=True)
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a DAG file finds on disk: a home of Airflow's and the dbt manifests, which `make up` makes."""
    manifests = tmp_path_factory.mktemp("manifests")
    for target in ("lake", "warehouse"):
        parsed_manifest(target, manifests / target)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        patch.setenv("LANDFALL_DBT_MANIFEST_DIR", str(manifests))
        yield


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def dag_file(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_a_dag_file_is_read_without_error_or_network(dag_file: Path) -> None:
    read = read_dag_file(dag_file)
    assert read["errors"] == {}
    assert read["dags"], f"{dag_file.name} defines no DAG"


def test_a_dag_file_is_read_fast(dag_file: Path) -> None:
    assert read_dag_file(dag_file)["seconds"] < MOST_IMPORT_SECONDS


def test_every_dag_explains_itself(dag_file: Path) -> None:
    for dag in read_dag_file(dag_file)["dags"]:
        runbook = (dag["doc_md"] or "").lower()
        for word in ("fails", "example conf"):
            assert word in runbook, f"the runbook of {dag['dag_id']} says nothing of '{word}'"


def test_every_dag_has_tags_of_the_enumeration(dag_file: Path) -> None:
    for dag in read_dag_file(dag_file)["dags"]:
        assert dag["tags"], dag["dag_id"]
        assert set(dag["tags"]) <= {tag.value for tag in Tag}, dag["dag_id"]


def test_every_dag_shares_the_default_arguments(dag_file: Path) -> None:
    for dag in read_dag_file(dag_file)["dags"]:
        assert dag["owner"] == DEFAULT_ARGS["owner"], dag["dag_id"]
        assert "notify_failure" in dag["callbacks"], dag["dag_id"]
        assert dag["retries"] is not None, dag["dag_id"]
        assert dag["catchup"] is False, dag["dag_id"]


def test_a_dag_file_is_wiring_only(dag_file: Path) -> None:
    text = dag_file.read_text()
    assert len(text.splitlines()) <= MOST_LINES
    imported = {
        name.split(".")[0]
        for node in ast.parse(text).body
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert not imported & BANNED_IMPORTS


def test_no_dag_id_is_taken_twice_and_files_are_named_after_what_they_do() -> None:
    names = [dag["dag_id"] for path in FILES for dag in read_dag_file(path)["dags"]]
    assert len(names) == len(set(names))
    assert {"ingest_orders", "ingest_payments", "ingest_page_views", "ingest_customers"} <= set(names)
    assert not [path.name for path in FILES if path.name.startswith("dbt_")]
