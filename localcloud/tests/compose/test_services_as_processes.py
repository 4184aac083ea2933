import json
import shutil
import time
import urllib.error
import urllib.request
from http import HTTPStatus

import pytest

AIRFLOW_PARTS = ("api-server", "extract-api", "scheduler", "dag-processor", "triggerer", "worker")
RUN_SECONDS = 120

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not (shutil.which("redis-server") or shutil.which("redis-check-rdb")),
        reason="needs Redis: apt-get install redis-tools",
    ),
]


def call(services, path, *, token=None, body=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    url = f"http://127.0.0.1:{services.ports['8080']}{path}"
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data=data, headers=headers), timeout=20) as answer:
        return json.load(answer)


def started(services, run, *, token):
    try:
        call(services, run, token=token, body={"logical_date": None, "dag_run_id": "by_a_test"})
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.NOT_FOUND:
            raise
        return False
    return True


def test_every_service_gets_healthy_and_a_worker_runs_a_task(services):
    for part in AIRFLOW_PARTS:
        services.start(part)
    assert set(services.running) == set(services.services)

    login = {"username": "admin", "password": services.secrets["LANDFALL_AIRFLOW_PASSWORD"]}
    token = call(services, "/auth/token", body=login)["access_token"]
    deadline = time.monotonic() + RUN_SECONDS
    run = "/api/v2/dags/ingest_customers/dagRuns"
    # A DAG is listed a moment before it can be run.
    while not started(services, run, token=token):
        assert time.monotonic() < deadline, f"ingest_customers cannot be run: {services.log('dag-processor')}"
        time.sleep(1)
    while (state := call(services, f"{run}/by_a_test", token=token)["state"]) not in ("success", "failed"):
        assert time.monotonic() < deadline + RUN_SECONDS, f"the run is {state}: {services.log('worker')}"
        time.sleep(1)
    assert state == "success", services.log("worker")


@pytest.mark.parametrize("part", ["athena", "worker"])
def test_a_health_check_sees_a_service_that_has_ended(services, part):
    services.start(part)
    process = services.running.pop(part)
    process.terminate()
    process.wait(60)
    assert not services.is_healthy(part)
