"""Extracts delivered to a customer's own bucket, in an account of its own: whole, once, the manifest last."""

from __future__ import annotations

import hashlib
import io
import json
import os
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from landfall.aws import foreign_bucket, s3
from landfall.errors import DestinationError, VerificationError
from landfall.extract.delivery import bucket as delivery
from landfall.extract.delivery.destination import Destination
from landfall.extract.delivery.register import destination_of
from landfall.extract.door.pinning import Admission
from landfall.extract.engines.unload import unload
from landfall.extract.files.layout import extract_prefix
from landfall.extract.proof.signature import SIGNING_KEYS
from landfall.extract.proof.verify import verify
from landfall.extract.records.reaping import sweep
from landfall.extract.records.record import ExtractRecord
from landfall.extract.records.store import ExtractStore
from landfall.extract.run import course
from landfall.extract.run.admission import _entered
from landfall.extract.run.publish import Published
from landfall.settings import Settings

from tests.certifying import certify

from .conftest import CUSTOMER
from .customers_account import ACCOUNT, client, our_account, registered

Admit = Callable[..., Admission]


class Certified:
    """A certified extract that is to be delivered."""

    def __init__(self, admission: Admission, settings: Settings) -> None:
        self.admission, self.settings = admission, settings
        self.extract_id = admission.request.extract_id
        _entered(
            admission.request,
            run_id=self.extract_id,
            requested_by="staff:test",
            store=ExtractStore.of(settings),
            settings=settings,
        )
        self.store = ExtractStore.of(settings)
        self.store.move(self.extract_id, "running", version=1)
        unloaded = unload(admission, attempt=1, settings=settings)
        self.published: Published = certify(unloaded, settings=settings, run_id=self.extract_id)

    @property
    def destination(self) -> Destination:
        assert self.admission.destination is not None
        return self.admission.destination

    @property
    def record(self) -> ExtractRecord:
        found = self.store.read(self.extract_id)
        assert found is not None
        return found

    def finish(self) -> None:
        course.finish(self.admission, self.published, settings=self.settings)

    def fail(self) -> tuple[str, str]:
        """Finish, which must fail; note it as Airflow's callback does, and return the state and the cause."""
        with pytest.raises(DestinationError) as caught:
            self.finish()
        state, cause = course.judged(caught.value)
        self.store.move(self.extract_id, state, cause=cause, step=None)
        return state, cause

    def own(self) -> dict[str, bytes]:
        """Return the objects in the extracts bucket, by their names below the extract."""
        base, bucket = extract_prefix(customer_id=CUSTOMER, extract_id=self.extract_id), self.settings.extracts_bucket
        found = [each.key for each in s3.list_objects(bucket=bucket, prefix=base)]
        return {key.removeprefix(base): s3.read_object(bucket=bucket, key=key) for key in found}

    def delivered(self) -> dict[str, bytes]:
        """Return the objects in the customer's bucket, read by the customer, by their names below the extract."""
        folder = self.destination.folder(self.extract_id)
        customer, bucket = client("s3"), self.destination.bucket
        found = customer.list_objects_v2(Bucket=bucket).get("Contents", ())
        assert all(each["Key"].startswith(folder) for each in found)
        keys = [each["Key"] for each in found]
        return {key.removeprefix(folder): customer.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


@pytest.fixture
def certified(admitted: Admit, settings: Settings) -> Callable[..., Certified]:
    """Return a function that makes an extract for a new destination, up to its certificate."""

    def make(file_format: str = "csv", *, key: bool = False) -> Certified:
        destination = registered(settings, customer_id=CUSTOMER, bucket=True, key=key)
        found = admitted(file_format, destination=destination.name)
        return Certified(replace(found, destination=destination_of(found.request, settings=settings)), settings)

    return make


@pytest.mark.parametrize(("file_format", "key"), [("csv", True), ("csv", False), ("parquet", False)])
def test_the_customer_finds_what_landfall_verify_accepts(
    file_format: str, key: bool, certified: Callable[..., Certified], settings: Settings, tmp_path: Path
) -> None:
    extract = certified(file_format, key=key)
    extract.finish()
    assert extract.delivered() == extract.own()
    for name, body in extract.delivered().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(body)
    pem = tmp_path / "key.pem"
    (public,) = s3.list_objects(bucket=settings.extracts_bucket, prefix=SIGNING_KEYS)
    pem.write_bytes(s3.read_object(bucket=settings.extracts_bucket, key=public.key))
    found = verify(tmp_path, key=pem)
    assert found.problems == () and found.is_signature_checked
    uri = extract.destination.uri(extract.extract_id)
    assert (extract.record.state, extract.record.delivered_to) == ("done", uri)
    assert json.loads(extract.delivered()["manifest.json"])["destination"]["delivered_to"] == uri
    heads = [
        client("s3").head_object(
            Bucket=extract.destination.bucket, Key=extract.destination.folder(extract.extract_id) + n
        )
        for n in extract.delivered()
    ]
    assert {head.get("SSEKMSKeyId") for head in heads} == {extract.destination.kms_key_arn}


def test_it_is_delivered_once_however_often_the_run_is_cleared(certified: Callable[..., Certified]) -> None:
    extract = certified()
    extract.finish()
    first = client("s3").list_objects_v2(Bucket=extract.destination.bucket)["Contents"]
    delivery.deliver(json.loads(extract.own()["manifest.json"]), extract.destination, settings=extract.settings)
    extract.finish()
    assert client("s3").list_objects_v2(Bucket=extract.destination.bucket)["Contents"] == first
    # What the customer has taken away is not brought again.
    for each in first:
        client("s3").delete_object(Bucket=extract.destination.bucket, Key=each["Key"])
    extract.finish()
    assert extract.delivered() == {}


def test_a_file_in_parts_is_delivered_whole(
    certified: Callable[..., Certified], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign_bucket, "PART_BYTES", 5 * 2**20)
    extract, key = certified(), "parts"
    body = os.urandom(11 * 2**20)
    told = {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    bucket, as_customer = delivery._opened(extract.destination, name="test", settings=extract.settings)
    key = extract.destination.folder(extract.extract_id) + "parts"
    with as_customer:
        assert bucket.put_once(key, lambda: io.BytesIO(body), **told)
        assert not bucket.put_once(key, lambda: io.BytesIO(body), **told)
        with pytest.raises(VerificationError):
            bucket.put_once(f"{key}-2", lambda: io.BytesIO(body[:-1]), **told)
    assert extract.delivered() == {"parts": body}
    assert "Uploads" not in client("s3").list_multipart_uploads(Bucket=extract.destination.bucket)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda d: client("s3").delete_bucket(Bucket=d.bucket), "there is no bucket"),
        (lambda d: _trust(d, "another"), "does not let us in; have it trust our role with the external id"),
        (lambda d: client("iam").delete_role(RoleName=d.role_arn.rpartition("/")[2]), "does not let us in"),
    ],
    ids=["bucket gone", "external id", "role gone"],
)
def test_what_the_customer_must_mend_is_said_and_the_files_wait_for_another_try(
    spoil: Callable[[Destination], Any], words: str, certified: Callable[..., Certified], settings: Settings
) -> None:
    extract = certified()
    spoil(extract.destination)
    state, cause = extract.fail()
    assert (
        state == "failed" and words in cause and cause.startswith(f"destination: {extract.destination.name}: the files")
    )
    kept = extract.own()
    sweep(extract.record, store=extract.store, settings=settings, now=datetime.now(UTC))
    assert extract.own() == kept and "manifest.json" in kept
    _mend(extract.destination)
    extract.store.move(extract.extract_id, "running")
    extract.finish()
    assert extract.delivered() == kept and extract.record.state == "done"


def test_a_bucket_of_another_account_is_not_written_to(certified: Callable[..., Certified]) -> None:
    extract = certified()
    taken = f"taken-{uuid.uuid4().hex[:12]}"
    other = boto3.client("s3", aws_access_key_id="222222222222", aws_secret_access_key="x")
    other.create_bucket(Bucket=taken)
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{taken}/*"}
    other.put_bucket_policy(Bucket=taken, Policy=json.dumps({"Version": "2012-10-17", "Statement": [everybody]}))
    extract.admission = replace(extract.admission, destination=replace(extract.destination, bucket=taken))
    state, cause = extract.fail()
    assert state == "failed" and "is of another account" in cause
    assert "Contents" not in other.list_objects_v2(Bucket=taken)


def test_another_object_is_never_written_over(certified: Callable[..., Certified]) -> None:
    extract = certified()
    name = next(name for name in extract.own() if name.startswith("attempt-1/"))
    key = extract.destination.folder(extract.extract_id) + name
    client("s3").put_object(Bucket=extract.destination.bucket, Key=key, Body=b"the customer's")
    state, cause = extract.fail()
    assert state == "failed" and f"another object is at s3://{extract.destination.bucket}/{key}" in cause
    assert extract.delivered() == {name: b"the customer's"}


def test_the_command_tries_the_bucket_and_leaves_nothing_there(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    from landfall.cli import main

    destination = registered(settings, customer_id=CUSTOMER, bucket=True)
    named = ["--customer", CUSTOMER, "--name", destination.name]
    assert main(["destination", "test", *named]) == 0
    assert "Contents" not in client("s3").list_objects_v2(Bucket=destination.bucket)
    _trust(destination, "another")
    assert main(["destination", "test", *named]) == 1
    told = capsys.readouterr().out
    assert "bucket: ok" in told and "bucket: FAILED: " in told
    own = f"arn:aws:iam::{our_account(settings)}:role/landfall-delivery-x"
    assert main(["destination", "add", *named, "--bucket", "b-of-ours", "--role", own]) == 1
    assert our_account(settings) != ACCOUNT


def _trust(destination: Destination, external_id: str | None) -> None:
    iam, name = client("iam"), str(destination.role_arn).rpartition("/")[2]
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    trust["Statement"][0]["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))


def _mend(destination: Destination) -> None:
    """Bring bucket, role and external id back."""
    buckets = {each["Name"] for each in client("s3").list_buckets()["Buckets"]}
    if destination.bucket not in buckets:
        client("s3").create_bucket(Bucket=destination.bucket)
    iam, name = client("iam"), str(destination.role_arn).rpartition("/")[2]
    if name not in {each["RoleName"] for each in iam.list_roles()["Roles"]}:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST_OF_ALL))
    _trust(destination, destination.external_id)


_TRUST_OF_ALL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"}],
}
