"""What Airflow's and Landfall's pages show to staff: the answers that they are made of, and pages with their links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urljoin

import httpx

from tests.leaks.search import Store

_LINK = re.compile(r"""(?:href|src)=["']([^"'#]+)""")
_IS_NO_PAGE = re.compile(r"/extracts/[^/]+/(files|manifest)|/(data-docs|dbt-runs)/[^/]+/[^/]+/.|/dbt-docs/")
"""Links that are made to give a row or a signed link to one, and what is served as it lies in the ops bucket."""

_MOST_PAGES = 3_000


def airflow_answers(airflow: httpx.Client) -> Store:
    """Yield what Airflow's pages are made of: lists, and each task with its XComs, rendered fields and log."""
    for path in ("dags", "dagRuns", "eventLogs", "importErrors", "jobs", "assets", "assets/events", "variables"):
        yield from _pages_of(airflow, f"/api/v2/dags/~/{path}" if path == "dagRuns" else f"/api/v2/{path}")
    for task in _entries(airflow, "/api/v2/dags/~/dagRuns/~/taskInstances", "task_instances"):
        run = f"/api/v2/dags/{task['dag_id']}/dagRuns/{quote(task['dag_run_id'], safe='')}"
        one = f"{run}/taskInstances/{task['task_id']}"
        yield one, repr(task).encode()
        for xcom in _entries(airflow, f"{one}/xcomEntries", "xcom_entries"):
            key = quote(xcom["key"], safe="")
            yield from _answer(airflow, f"{one}/xcomEntries/{key}?map_index={xcom['map_index']}")
        if task["dag_id"] == "extract_customer_file":
            yield from _answer(airflow, run)
            yield from _answer(airflow, f"{one}/logs/{max(1, task['try_number'])}?map_index={task['map_index']}")


def landfall_pages(airflow: httpx.Client, *paths: str) -> Store:
    """Yield the pages at `paths` and all pages of Landfall that they link to."""
    waiting, seen = list(paths), set(paths)
    while waiting and len(seen) < _MOST_PAGES:
        path = waiting.pop()
        answer = airflow.get(path)
        if answer.status_code != httpx.codes.NOT_FOUND:  # not every run has every page
            answer.raise_for_status()
        yield path, answer.content
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        for link in _LINK.findall(answer.text):
            target = urljoin(path, link)
            if target.startswith("/landfall/") and target not in seen and not _IS_NO_PAGE.search(target):
                seen.add(target)
                waiting.append(target)


def _pages_of(airflow: httpx.Client, path: str) -> Store:
    for offset in range(0, 100_000, 100):
        answer = airflow.get(path, params={"limit": 100, "offset": offset}).raise_for_status()
        yield f"{path} from {offset}", answer.content
        if answer.json().get("total_entries", 0) <= offset + 100:
            return


def _entries(airflow: httpx.Client, path: str, name: str) -> Iterator[dict[str, Any]]:
    for offset in range(0, 100_000, 100):
        answer = airflow.get(path, params={"limit": 100, "offset": offset}).raise_for_status().json()
        yield from answer[name]
        if answer["total_entries"] <= offset + 100:
            return


def _answer(airflow: httpx.Client, path: str) -> Store:
    yield path, airflow.get(path).raise_for_status().content
