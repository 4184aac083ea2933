"""After the demo and a customer's extract: no secret, key, link or row in anything that is not made to hold it."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from landfall.api.keys import ApiKeyStore
from landfall.aws.athena import Athena
from landfall.aws.secrets import read_secret
from landfall.extract.engines.masking import salt_of
from landfall.settings import Settings

from tests.leaks import pages, stores
from tests.leaks.search import Found, Search

from .conftest import LOCALCLOUD, DemoStack, airflow_of

pytestmark = pytest.mark.timeout(1800)

LONGEST_WAIT_SECONDS = 120
LEAST_LENGTH = 12
"""Shorter cells, such as a status, are words that anything may hold."""


@pytest.fixture(scope="module")
def said(demo_stack: DemoStack, settings: Settings) -> dict[str, list[str]]:
    """Let a customer have an extract in each format, and return what must not be found afterwards, by what it is."""
    most = Athena(settings=settings).run(
        "SELECT customer_id FROM extracts.ext_orders GROUP BY 1 ORDER BY COUNT(note) DESC, 1 LIMIT 1", fetch=True
    )
    customer = str(most.rows[0][0])
    _, token = ApiKeyStore.of(settings).create(
        customer_id=customer, name="test", products=(), pii=True, days=1, created_by="cli:test"
    )
    base = demo_stack.environment["LANDFALL_API_URL"]
    words: dict[str, list[str]] = {"API key": [token, token.rpartition("_")[2]], "link": [], "row": []}
    with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=30) as api:
        for asked in ({"format": "csv"}, {"format": "jsonl", "pii": True}, {"format": "parquet"}):
            extract = _wait(api, api.post("/extracts", json={"product": "orders", **asked}).json()["extract_id"])
            assert extract["state"] == "done", extract
            for file in extract["files"]:
                link = api.get(httpx.URL(base).join(file["url"])).headers["location"]
                words["link"].append(httpx.URL(link).params["X-Amz-Signature"])
                if asked["format"] == "csv":
                    content = gzip.decompress(httpx.get(link).content).decode()
                    words["row"] += _telling_cells(csv.DictReader(io.StringIO(content)))
    assert len(words["row"]) > 20 and len(words["link"]) == 3
    return words | _secrets(demo_stack, settings, customer)


def _wait(api: httpx.Client, extract_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while True:
        extract: dict[str, Any] = api.get(f"/extracts/{extract_id}").json()
        if extract["state"] not in ("queued", "running") or time.monotonic() > deadline:
            return extract
        time.sleep(0.5)


def _telling_cells(rows: csv.DictReader[str]) -> set[str]:
    """Return the cells by which rows can be told: ids and notes."""
    told = ("order_id", "note", "sku")
    return {row[name] for row in rows for name in told[:2] if len(row.get(name) or "") >= LEAST_LENGTH}


def _secrets(demo_stack: DemoStack, settings: Settings, customer: str) -> dict[str, list[str]]:
    masking = read_secret(settings.masking_secret_arn)
    logins = [
        json.loads(read_secret(arn)) for arn in (settings.redshift_secret_arn, settings.redshift_extract_secret_arn)
    ]
    hashes = [
        hashlib.md5(f"{login['password']}{login['username']}".encode(), usedforsecurity=False).hexdigest()
        for login in logins
    ]
    own = json.loads((demo_stack.state / "secrets.json").read_text())
    return {
        "password of Redshift": [login["password"] for login in logins],
        "digest of a password of Redshift": hashes,
        "masking secret": [masking],
        "salt of masks": [salt_of(customer, secret=masking)],
        "secret of the stack": [value for value in own.values() if isinstance(value, str)],
    }


def test_nothing_that_must_not_be_told_is_in_any_log_store_or_event(
    demo_stack: DemoStack, settings: Settings, said: dict[str, list[str]]
) -> None:
    search = Search(said)
    state = demo_stack.state
    found = [
        *search.found_in("Airflow's database", stores.database_rows(_database_url(state))),
        *search.found_in("Airflow's files", stores.files(state / "airflow", but=_LOGINS)),
        *search.found_in("logs", stores.files(state / "logs")),
        *search.found_in("lineage", stores.files(state / "lineage")),
        *search.found_in("ops bucket", stores.objects(settings.ops_bucket, but=("athena-results/",))),
        *search.found_in("DynamoDB", stores.items(settings.extract_table, settings.api_key_table)),
    ]
    assert search.bytes > 1_000_000
    assert not found, _told(found)


def test_no_page_shows_what_must_not_be_told(demo_stack: DemoStack, said: dict[str, list[str]]) -> None:
    search = Search(said)
    with airflow_of(demo_stack) as airflow:
        runs = airflow.get("/api/v2/dags/~/dagRuns", params={"limit": 100, "order_by": "-run_after"}).json()["dag_runs"]
        of_runs = [
            f"/landfall/{page}/{run['dag_id']}/{quote(run['dag_run_id'], safe='')}/"
            for run in runs
            for page in ("progress", "data-docs", "dbt-runs")
        ]
        found = [
            *search.found_in("Airflow's API", pages.airflow_answers(airflow)),
            *search.found_in("Landfall's pages", pages.landfall_pages(airflow, "/landfall/extracts/", *of_runs)),
        ]
    assert search.bytes > 1_000_000
    assert not found, _told(found)


def test_the_engines_histories_hold_no_secret_but_what_a_statement_must(
    settings: Settings, said: dict[str, list[str]]
) -> None:
    # Whoever may read the statements of others may read the tables anyway, and give users other passwords:
    # docs/how-to/ask-for-an-extract.md tells of the salt, ALTER USER takes no less than the digest.
    told_anyway = ("salt of masks", "digest of a password of Redshift")
    search = Search({what: words for what, words in said.items() if what not in told_anyway})
    found = list(search.found_in("query history", stores.statements(settings.athena_workgroup)))
    assert search.bytes > 100_000
    assert not found, _told(found)


def _told(found: list[Found]) -> str:
    told = sorted({f"{each.what} in {each.store}: {each.place}: ...{each.around!r}" for each in found})
    return "\n".join(told[:40])


def test_what_is_there_is_found(said: dict[str, list[str]]) -> None:
    search = Search(said)
    for words in said.values():
        for place in (words[0].encode(), gzip.compress(json.dumps({"a": words[0]}).encode())):
            assert list(search.found_in("store", [("place", place)]))


_LOGINS = ("passwords.json", "airflow.cfg")
"""Files that are there to hold logins."""


def _database_url(state: Path) -> str:
    words = (
        "import sys; from pathlib import Path; from localcloud.stack.layout import Layout; "
        "from localcloud.stack.postgres import database_url; "
        "print(database_url(Layout(state=Path(sys.argv[1])), 'psycopg2').replace('+psycopg2', ''))"
    )
    done = subprocess.run([str(LOCALCLOUD), "-c", words, str(state)], capture_output=True, text=True, check=True)
    return done.stdout.strip()
