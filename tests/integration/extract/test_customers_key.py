"""Extracts under a customer's own key of KMS: every object of them, from engine to certificate, or none."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from landfall.api.app import Doors, create_app
from landfall.api.keys import ApiKeyStore
from landfall.aws import s3
from landfall.aws.encryption import key_of
from landfall.errors import KeyUnusableError, RequestError, VerificationError
from landfall.extract.delivery import encryption
from landfall.extract.delivery.destination import Destination
from landfall.extract.delivery.register import Register, destination_of
from landfall.extract.door.pinning import Admission
from landfall.extract.engines.unload import unload
from landfall.extract.files.layout import attempt_prefix, extract_prefix
from landfall.extract.records.store import ExtractStore
from landfall.extract.run import course
from landfall.extract.run.admission import _entered
from landfall.settings import Settings

from tests.certifying import certify
from tests.unit.api.world import MemoryRuns

from .conftest import CUSTOMER, OTHER
from .customers_account import client, make_key, registered

Admit = Callable[..., Admission]
Ask = Callable[..., Admission]


@pytest.fixture(scope="module")
def destination(settings: Settings) -> Destination:
    """A destination with a key."""
    return registered(settings, customer_id=CUSTOMER, key=True)


@pytest.fixture
def asked(admitted: Admit, settings: Settings) -> Ask:
    """Return a function that admits a request to a destination, by its name."""

    def ask(destination: Destination, file_format: str = "csv", **more: Any) -> Admission:
        found = admitted(file_format, destination=destination.name, **more)
        return replace(found, destination=destination_of(found.request, settings=settings))

    return ask


def _objects(admission: Admission, settings: Settings) -> dict[str, str | None]:
    """Return the key of KMS of each object of an extract, by its name."""
    bucket, request = settings.extracts_bucket, admission.request
    base = extract_prefix(customer_id=request.customer_id, extract_id=request.extract_id)
    found = [each.key for each in s3.list_objects(bucket=bucket, prefix=base)]
    return {key.removeprefix(base): key_of(bucket=bucket, key=key) for key in found}


def _manifest(admission: Admission, settings: Settings) -> dict[str, Any]:
    request = admission.request
    base = extract_prefix(customer_id=request.customer_id, extract_id=request.extract_id)
    found: dict[str, Any] = json.loads(s3.read_object(bucket=settings.extracts_bucket, key=f"{base}manifest.json"))
    return found


@pytest.mark.parametrize(("file_format", "copies"), [("csv", 0), ("jsonl", 0), ("parquet", 1), ("xlsx", 0)])
def test_every_object_is_under_the_key_and_redshifts_from_the_first_byte(
    file_format: str,
    copies: int,
    asked: Ask,
    destination: Destination,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    nothing_finished_before: None,
) -> None:
    copied: list[str] = []
    copy = s3.copy_object

    def noted(**named: Any) -> None:
        copied.append(named["target"])
        copy(**named)

    monkeypatch.setattr(s3, "copy_object", noted)
    admission = asked(destination, file_format)
    certify(unload(admission, attempt=1, settings=settings), settings=settings)
    found = _objects(admission, settings)
    assert len(found) == 3 and set(found.values()) == {destination.kms_key_arn}, found
    assert len(copied) == copies
    told = {"algorithm": "aws:kms", "key_arn": destination.kms_key_arn}
    assert _manifest(admission, settings)["destination"] == {"name": destination.name, "encryption": told}


def test_a_file_that_is_not_under_the_key_is_not_certified(
    asked: Ask, destination: Destination, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    admission = asked(destination, "parquet", from_date="2026-11-19")
    unloaded = unload(admission, attempt=1, settings=settings)
    (file,) = _objects(admission, settings)
    key = extract_prefix(customer_id=CUSTOMER, extract_id=admission.request.extract_id) + file
    s3.copy_object(bucket=settings.extracts_bucket, source=key, target=key)
    with pytest.raises(VerificationError, match="encrypted with the key of S3, asked for is arn:aws:kms"):
        certify(unloaded, settings=settings)
    assert set(_objects(admission, settings)) == {file}


def test_files_are_reused_under_their_own_key_alone(
    asked: Ask, admitted: Admit, destination: Destination, settings: Settings
) -> None:
    asked_for = {"from_date": "2026-11-18"}
    first = asked(destination, **asked_for)
    _enter(first, settings)
    done = unload(first, attempt=1, settings=settings)
    course.finish(first, certify(done, settings=settings), settings=settings)
    again = asked(destination, **asked_for)
    reused = unload(again, attempt=1, settings=settings)
    assert reused.reused is not None and reused.reused.extract_id == first.request.extract_id
    assert set(_objects(again, settings).values()) == {destination.kms_key_arn}
    plain = unload(admitted("csv", **asked_for), attempt=1, settings=settings)
    other_key = unload(
        asked(registered(settings, customer_id=CUSTOMER, key=True), **asked_for), attempt=1, settings=settings
    )
    assert plain.reused is None and other_key.reused is None


def _enter(admission: Admission, settings: Settings) -> None:
    request, store = admission.request, ExtractStore.of(settings)
    _entered(request, run_id=request.extract_id, requested_by="staff:test", store=store, settings=settings)
    store.move(request.extract_id, "running", version=1)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda arn: client("kms").disable_key(KeyId=arn), "it is disabled; enable it"),
        (lambda arn: client("kms").schedule_key_deletion(KeyId=arn, PendingWindowInDays=7), "about to be deleted"),
        (lambda arn: client("kms").delete_alias, "no such key"),
        (lambda arn: None, "its policy does not let us use it"),
    ],
    ids=["disabled", "pending deletion", "unknown", "not shared"],
)
@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_a_key_that_cannot_be_used_fails_in_words_and_leaves_nothing(
    file_format: str, spoil: Callable[[str], Any], words: str, asked: Ask, settings: Settings
) -> None:
    destination = registered(settings, customer_id=CUSTOMER, key=True)
    arn = str(destination.kms_key_arn)
    admission = asked(destination, file_format)
    if "no such" in words:
        arn = arn.rpartition("/")[0] + "/0f8fad5b-d9cb-469f-a165-70867728950e"
    elif "policy" in words:
        arn = make_key(settings, shared=False)
    spoil(arn)
    admission = replace(admission, destination=replace(destination, kms_key_arn=arn))
    with pytest.raises(KeyUnusableError, match=words) as caught:
        unload(admission, attempt=1, settings=settings)
    assert _objects(admission, settings) == {}
    state, cause = course.judged(caught.value)
    assert state == "failed" and cause.startswith(f"destination: {destination.name}: the customer's key cannot be used")


def test_a_key_that_goes_while_the_engine_writes_fails_in_words_and_leaves_nothing(
    asked: Ask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    destination = registered(settings, customer_id=CUSTOMER, key=True)
    require, calls = encryption.require_usable, []

    def tried_then_disabled(key_arn: str, *, prefix: str, settings: Settings) -> None:
        require(key_arn, prefix=prefix, settings=settings)
        calls.append(key_arn)
        client("kms").disable_key(KeyId=key_arn)

    monkeypatch.setattr(encryption, "require_usable", tried_then_disabled)
    for file_format in ("csv", "parquet"):
        client("kms").enable_key(KeyId=destination.kms_key_arn)
        calls.clear()
        admission = asked(destination, file_format)
        with pytest.raises(KeyUnusableError, match="it is disabled"):
            unload(admission, attempt=1, settings=settings)
        assert calls and _objects(admission, settings) == {}


def test_a_key_that_goes_before_the_files_are_checked_leaves_no_manifest(asked: Ask, settings: Settings) -> None:
    destination = registered(settings, customer_id=CUSTOMER, key=True)
    admission = asked(destination)
    unloaded = unload(admission, attempt=1, settings=settings)
    client("kms").disable_key(KeyId=destination.kms_key_arn)
    with pytest.raises(KeyUnusableError, match="it is disabled"):
        certify(unloaded, settings=settings)
    names = {name.partition("/")[0] for name in _objects(admission, settings)}
    assert names == {attempt_prefix(admission.request, 1).rstrip("/").rpartition("/")[2]}
    client("kms").enable_key(KeyId=destination.kms_key_arn)
    certify(unloaded, settings=settings)
    assert _manifest(admission, settings)["rows"] > 0


def test_the_api_serves_what_is_under_the_key_and_says_so_when_the_key_is_shut(asked: Ask, settings: Settings) -> None:
    destination = registered(settings, customer_id=CUSTOMER, key=True)
    admission = asked(destination)
    _enter(admission, settings)
    published = certify(unload(admission, attempt=1, settings=settings), settings=settings)
    course.finish(admission, published, settings=settings)
    _, token = ApiKeyStore.of(settings).create(
        customer_id=CUSTOMER, name="test", products=(), pii=True, days=1, created_by="cli:test"
    )
    api = TestClient(create_app(Doors(runs=MemoryRuns())), headers={"Authorization": f"Bearer {token}"})
    path = f"/v1/extracts/{admission.request.extract_id}"
    assert api.get(path).json()["request"]["destination"] == destination.name
    assert api.get(f"{path}/manifest").status_code == 200
    client("kms").disable_key(KeyId=destination.kms_key_arn)
    for refused in (api.get(path), api.get(f"{path}/manifest"), api.get(f"{path}/files/0")):
        assert refused.status_code == 409 and "it is disabled; enable it" in refused.json()["detail"]


def test_anothers_destination_is_refused_as_one_that_does_not_exist(
    asked: Ask, admitted: Admit, settings: Settings
) -> None:
    others = registered(settings, customer_id=OTHER, key=True)
    told = set()
    for name in (others.name, f"{others.name[:-1]}z"):
        with pytest.raises(RequestError) as caught:
            destination_of(admitted("csv", destination=name).request, settings=settings)
        told.add(str(caught.value).replace(name, "?"))
    assert len(told) == 1
    _, token = ApiKeyStore.of(settings).create(
        customer_id=CUSTOMER, name="test", products=(), pii=True, days=1, created_by="cli:test"
    )
    runs = MemoryRuns()
    api = TestClient(create_app(Doors(runs=runs)), headers={"Authorization": f"Bearer {token}"})
    body = {"product": "orders", "format": "csv", "destination": others.name}
    answers = [api.post(path, json=body) for path in ("/v1/extracts", "/v1/extracts/preflight")]
    assert [each.status_code for each in answers] == [400, 400] and not runs.started
    assert [each.json()["field"] for each in answers] == ["destination", "destination"]
    assert next(Register.of(settings).of_customer(OTHER)).customer_id == OTHER


def test_the_command_registers_tries_and_removes(
    settings: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from landfall.cli import main

    key = make_key(settings)
    named = ["--customer", CUSTOMER, "--name", "cli-test"]
    assert main(["destination", "add", *named, "--kms-key", key]) == 0
    assert main(["destination", "add", *named, "--kms-key", key]) == 1
    assert main(["destination", "test", *named]) == 0
    client("kms").disable_key(KeyId=key)
    assert main(["destination", "test", *named]) == 1
    assert main(["destination", "list", "--customer", CUSTOMER]) == 0
    assert main(["destination", "remove", *named]) == 0
    assert main(["destination", "remove", *named]) == 1
    told = capsys.readouterr()
    assert "key: ok" in told.out and "key: FAILED: the customer's key cannot be used: it is disabled" in told.out
    assert "has a destination 'cli-test' already" in told.err and "has no destination 'cli-test'" in told.err
