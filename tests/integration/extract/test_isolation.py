"""The session policies of an extract, enforced: a role that may do everything can do no more than the step needs."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from landfall.aws import clients
from landfall.aws.sts import narrowed
from landfall.extract.engines.isolation import certificate_policy, delivery_policy, encryption_policy, session_policy
from landfall.settings import Settings

from tests.pinned import PINNED

LOCALCLOUD = Path(__file__).resolve().parents[3] / ".venv" / "localcloud" / "bin" / "python"
ACCOUNT = "000000000000"
BASE = "cus_000042/run-1/"
PREFIX = f"{BASE}attempt-1/"
SETTINGS = replace(
    Settings(**dict.fromkeys(Settings.__dataclass_fields__, "x")),
    aws_region="us-east-1",
    lake_bucket="lake",
    extracts_bucket="extracts",
    ops_bucket="ops",
    extract_role_arn=f"arn:aws:iam::{ACCOUNT}:role/everything",
)
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture(scope="module")
def enforcing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An emulator that enforces policies, in the environment of this module's tests, with buckets and tables."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["--port", str(port), "--state-dir", str(tmp_path_factory.mktemp("aws"))]
    words += ["--athena-endpoint", "http://127.0.0.1:9", "--redshift-endpoint", "http://127.0.0.1:9"]
    endpoint = f"http://127.0.0.1:{port}"
    command = [str(LOCALCLOUD), "-m", "localcloud.aws", *words]
    process = subprocess.Popen(command, env={**os.environ, "AUTH": "true", "AWS_ACCESS_KEY_ID": "test"})
    try:
        _await(endpoint)
        with pytest.MonkeyPatch.context() as patch:
            for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
                patch.delenv(name, raising=False)
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
                patch.setenv(name, "test")
            patch.setenv("AWS_ENDPOINT_URL", endpoint)
            patch.setenv("AWS_REGION", "us-east-1")
            patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
            clients.forget()
            _furnish()
            yield
        clients.forget()
    finally:
        process.terminate()
        process.wait(30)


def _await(endpoint: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{endpoint}/_localcloud/health", timeout=1)  # noqa: S310 - of this machine
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def _furnish() -> None:
    s3, glue, iam = (clients.client(name) for name in ("s3", "glue", "iam"))
    for bucket in ("lake", "extracts", "ops"):
        s3.create_bucket(Bucket=bucket)
    for bucket, key in [("lake", "extracts/a"), ("lake", "raw/a"), ("extracts", "cus_000043/run-2/attempt-1/a")]:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    for database, table in [("published", "ext_orders__v7"), ("raw", "orders")]:
        glue.create_database(DatabaseInput={"Name": database})
        glue.create_table(DatabaseName=database, TableInput={"Name": table})
    iam.create_role(RoleName="everything", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName="everything", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))


@pytest.fixture(scope="module")
def session(enforcing: None) -> clients.acting_as:
    """The session of an attempt."""
    policy = session_policy(PINNED, prefix=PREFIX, settings=SETTINGS)
    return narrowed(SETTINGS.extract_role_arn, policy=policy, name="run-1")


ALLOWED: dict[str, Callable[[], Any]] = {
    "read the published data": lambda: clients.client("s3").get_object(Bucket="lake", Key="extracts/a"),
    "write a file": lambda: clients.client("s3").put_object(Bucket="extracts", Key=f"{PREFIX}a", Body=b"x"),
    "list its files": lambda: clients.client("s3").list_objects_v2(Bucket="extracts", Prefix=PREFIX),
    "remove its files": lambda: clients.client("s3").delete_object(Bucket="extracts", Key=f"{PREFIX}a"),
    "read its table": lambda: clients.client("glue").get_table(DatabaseName="published", Name="ext_orders__v7"),
}
REFUSED: dict[str, Callable[[], Any]] = {
    "read raw data": lambda: clients.client("s3").get_object(Bucket="lake", Key="raw/a"),
    "write published data": lambda: clients.client("s3").put_object(Bucket="lake", Key="extracts/a", Body=b"y"),
    "read another customer's file": lambda: clients.client("s3").get_object(
        Bucket="extracts", Key="cus_000043/run-2/attempt-1/a"
    ),
    "write to another customer": lambda: clients.client("s3").put_object(
        Bucket="extracts", Key="cus_000043/run-1/attempt-1/a", Body=b"x"
    ),
    "write to another attempt": lambda: clients.client("s3").put_object(
        Bucket="extracts", Key="cus_000042/run-1/attempt-2/a", Body=b"x"
    ),
    "write the manifest": lambda: clients.client("s3").put_object(
        Bucket="extracts", Key="cus_000042/run-1/manifest.json", Body=b"x"
    ),
    "list another customer": lambda: clients.client("s3").list_objects_v2(Bucket="extracts", Prefix="cus_000043/"),
    # The emulator weighs a table by its database; the unit tests read in the policy that other versions are refused.
    "read raw tables": lambda: clients.client("glue").get_table(DatabaseName="raw", Name="orders"),
    "list the tables of records": lambda: clients.client("dynamodb").list_tables(),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_an_attempt_needs_it_may_do(name: str, session: clients.acting_as) -> None:
    with session:
        ALLOWED[name]()


@pytest.mark.parametrize("name", REFUSED)
def test_what_an_attempt_does_not_need_it_may_not_do(name: str, session: clients.acting_as) -> None:
    with session, pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
        REFUSED[name]()
    REFUSED[name]()  # and without the session's policy nothing stands in the way


@pytest.fixture(scope="module")
def certifier(enforcing: None) -> clients.acting_as:
    """The session of the step that checks and certifies."""
    clients.client("s3").put_object(Bucket="extracts", Key=f"{PREFIX}b", Body=b"x")
    policy = certificate_policy(BASE, settings=SETTINGS)
    return narrowed(SETTINGS.extract_role_arn, policy=policy, name="run-1")


CERTIFIER_MAY: dict[str, Callable[[], Any]] = {
    "list the attempt's files": lambda: clients.client("s3").list_objects_v2(Bucket="extracts", Prefix=PREFIX),
    "read a file": lambda: clients.client("s3").get_object(Bucket="extracts", Key=f"{PREFIX}b"),
    "write the manifest": lambda: clients.client("s3").put_object(
        Bucket="extracts", Key=f"{BASE}manifest.json", Body=b"x"
    ),
    "write a signature": lambda: clients.client("s3").put_object(
        Bucket="extracts", Key=f"{BASE}manifest-0123.sig", Body=b"x"
    ),
    "remove another attempt": lambda: clients.client("s3").delete_object(Bucket="extracts", Key=f"{BASE}attempt-2/a"),
}
CERTIFIER_MAY_NOT: dict[str, Callable[[], Any]] = {
    "change a file": lambda: clients.client("s3").put_object(Bucket="extracts", Key=f"{PREFIX}b", Body=b"y"),
    "read another customer's file": REFUSED["read another customer's file"],
    "list another customer": REFUSED["list another customer"],
    "write another's manifest": lambda: clients.client("s3").put_object(
        Bucket="extracts", Key="cus_000043/run-2/manifest.json", Body=b"x"
    ),
    "write the manifest of another run": lambda: clients.client("s3").put_object(
        Bucket="extracts", Key="cus_000042/run-2/manifest.json", Body=b"x"
    ),
    "read the published data": ALLOWED["read the published data"],
    "read its table": ALLOWED["read its table"],
    "list the tables of records": REFUSED["list the tables of records"],
}


@pytest.mark.parametrize("name", CERTIFIER_MAY)
def test_who_certifies_may_do_what_that_needs(name: str, certifier: clients.acting_as) -> None:
    with certifier:
        CERTIFIER_MAY[name]()


@pytest.mark.parametrize("name", CERTIFIER_MAY_NOT)
def test_who_certifies_may_do_nothing_else(name: str, certifier: clients.acting_as) -> None:
    with certifier, pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
        CERTIFIER_MAY_NOT[name]()
    CERTIFIER_MAY_NOT[name]()  # and without the session's policy nothing stands in the way


@pytest.fixture(scope="module")
def keys(enforcing: None) -> tuple[str, str]:
    """A customer's key and another's."""
    kms = clients.client("kms")
    first, second = (str(kms.create_key()["KeyMetadata"]["Arn"]) for _ in range(2))
    return first, second


def _put_under(key: str, *, bucket: str = "extracts", name: str = f"{PREFIX}under-key") -> None:
    told = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    clients.client("s3").put_object(Bucket=bucket, Key=name, Body=b"x", **told)


@pytest.mark.parametrize("is_certifier", [False, True])
def test_a_session_uses_the_customers_key_and_no_other(keys: tuple[str, str], is_certifier: bool) -> None:
    key, other = keys
    name = f"{BASE}manifest.json" if is_certifier else f"{PREFIX}under-key"
    policy = (
        certificate_policy(BASE, settings=SETTINGS, key_arn=key)
        if is_certifier
        else encryption_policy(PREFIX, key_arn=key, settings=SETTINGS)
    )
    with narrowed(SETTINGS.extract_role_arn, policy=policy, name="run-1"):
        _put_under(key, name=name)
        assert clients.client("s3").get_object(Bucket="extracts", Key=name)["SSEKMSKeyId"] == key
        with pytest.raises(ClientError, match="not authorized to perform: kms:GenerateDataKey"):
            _put_under(other, name=name)
    _put_under(other, name=name)
    again = narrowed(SETTINGS.extract_role_arn, policy=policy, name="run-1")
    with again, pytest.raises(ClientError, match="not authorized to perform: kms:Decrypt"):
        clients.client("s3").get_object(Bucket="extracts", Key=name)


def test_a_session_without_a_key_uses_none(keys: tuple[str, str], session: clients.acting_as) -> None:
    with session, pytest.raises(ClientError, match="not authorized to perform: kms:GenerateDataKey"):
        _put_under(keys[0])


def test_a_delivery_writes_below_its_prefix_and_removes_its_probe_alone(enforcing: None) -> None:
    policy = delivery_policy("arn:aws:s3:::lake/in/", key_arn=None)
    with narrowed(SETTINGS.extract_role_arn, policy=policy, name="run-1"):
        s3 = clients.client("s3")
        for name in ("in/a", "in/landfall-probe-1"):
            s3.put_object(Bucket="lake", Key=name, Body=b"x")
        s3.delete_object(Bucket="lake", Key="in/landfall-probe-1")
        for refused in (
            lambda: s3.put_object(Bucket="lake", Key="elsewhere", Body=b"x"),
            lambda: s3.delete_object(Bucket="lake", Key="in/a"),
            lambda: s3.get_object(Bucket="lake", Key="raw/a"),
            lambda: s3.list_objects_v2(Bucket="lake"),
        ):
            with pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
                refused()
