"""The stack without Airflow, through the command: what it survives, and what it leaves."""

import os
import signal
import socket
import subprocess
import sys
import time

import boto3
import psutil
import pytest
from localcloud.stack.environment import MARKER, read_env_file
from localcloud.stack.layout import Layout
from localcloud.stack.supervisor import Supervisor

LOCALCLOUD = (sys.executable, "-m", "localcloud")
PUBLICATION = {"group": {"S": "lake"}, "version": {"S": "1"}}
pytestmark = pytest.mark.timeout(400)


def localcloud(*arguments, environ=None):
    return subprocess.run(
        [*LOCALCLOUD, *arguments], env=os.environ | (environ or {}), capture_output=True, text=True, check=False
    )


def up(state, *options):
    ended = localcloud("up", "--without-airflow", "--ports", "free", "--state", str(state), *options)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def client(state, service):
    env = read_env_file(Layout(state).env_file)
    return boto3.client(
        service,
        endpoint_url=env["AWS_ENDPOINT_URL"],
        region_name=env["AWS_REGION"],
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
    )


def landing_bucket(state):
    return read_env_file(Layout(state).env_file)["LANDFALL_LANDING_BUCKET"]


def keys(state):
    found = client(state, "s3").list_objects_v2(Bucket=landing_bucket(state))
    return {item["Key"] for item in found.get("Contents", ())}


def processes_of(state):
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARKER) == str(state):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


@pytest.fixture
def make_state(tmp_path):
    """Name folders for stacks, which end with the test."""
    made = []

    def make(name):
        made.append(tmp_path / name)
        return made[-1]

    yield make
    for state in made:
        localcloud("down", "--purge", "--state", str(state))


def test_data_outlives_down_and_up_and_no_process_outlives_down(make_state):
    state = make_state("state")
    up(state)
    client(state, "s3").put_object(Bucket=landing_bucket(state), Key="kept", Body=b"x")
    client(state, "dynamodb").put_item(TableName="landfall-local-publications", Item=PUBLICATION)
    assert localcloud("status", "--state", str(state)).returncode == 0
    assert "was up already" in up(state)

    assert localcloud("down", "--state", str(state)).returncode == 0
    assert processes_of(state) == []
    assert localcloud("status", "--state", str(state)).returncode == 1

    up(state)
    assert keys(state) == {"kept"}
    assert client(state, "dynamodb").scan(TableName="landfall-local-publications")["Count"] == 1
    assert localcloud("down", "--purge", "--state", str(state)).returncode == 0
    assert not state.exists()


def test_two_stacks_live_side_by_side(make_state):
    first, second = make_state("first"), make_state("second")
    up(first)
    up(second)
    client(first, "s3").put_object(Bucket=landing_bucket(first), Key="mine", Body=b"x")
    assert keys(first) == {"mine"}
    assert keys(second) == set()
    localcloud("down", "--state", str(second))
    assert keys(first) == {"mine"}


def test_a_killed_aws_comes_back_with_all_that_was_acknowledged(make_state):
    state = make_state("state")
    up(state)
    client(state, "s3").put_object(Bucket=landing_bucket(state), Key="kept", Body=b"x")
    publications = "landfall-local-publications"
    client(state, "dynamodb").put_item(TableName=publications, Item=PUBLICATION)
    os.kill(Supervisor(Layout(state)).states()["aws"].pid, signal.SIGKILL)
    up(state)
    assert keys(state) == {"kept"}
    assert client(state, "dynamodb").scan(TableName=publications)["Count"] == 1


def test_a_killed_up_is_taken_up_again(make_state):
    state = make_state("state")
    command = [*LOCALCLOUD, "up", "--without-airflow", "--ports", "free", "--state", str(state)]
    for seconds in (0.7, 2.0, 4.0):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        time.sleep(seconds)
        process.kill()
        process.wait()
    up(state)
    assert localcloud("status", "--state", str(state)).returncode == 0
    assert keys(state) == set()


def test_an_engine_that_died_is_healed(make_state):
    state = make_state("state")
    up(state)
    supervisor = Supervisor(Layout(state))
    supervisor.stop_programs(["redshift"])
    assert localcloud("status", "--state", str(state)).returncode == 1
    up(state)
    assert localcloud("status", "--state", str(state)).returncode == 0


def test_a_busy_port_is_named_and_nothing_is_started(make_state):
    state = make_state("state")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environ = {"LANDFALL_AWS_PORT": str(port), "LANDFALL_PORT_OFFSET": "0"}
        ended = localcloud("up", "--state", str(state), environ=environ)
    assert ended.returncode == 1
    assert f"port {port} is busy" in ended.stderr
    assert "LANDFALL_AWS_PORT" in ended.stderr
    assert processes_of(state) == []
